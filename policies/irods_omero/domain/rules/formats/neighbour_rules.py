"""What the names of a file and of its collection say about which files beside it may belong to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from irods_omero.domain.rules.formats.format_rules import RULES, is_left_out
from irods_omero.domain.state.formats.file_rule import EVERYTHING, STEM, FileRule, OwnRules, expression, fits, matches
from irods_omero.domain.state.views import ImportRule
from irods_omero.vocabulary import zarr_of


def is_grouped(path: str, own: OwnRules) -> bool:
    """Whether a file can be part of a unit with others beside it: it is neither left out, nor a unit of its own.

    Args:
        path: Its path from the watched collection on.
        own: Rules of the site, which are tried before those of the table.
    """
    return not is_left_out(path) and not stands_alone(path, own)


def stands_alone(path: str, own: OwnRules) -> bool:
    """Whether the name of a file says that it is a unit of its own."""
    return bool(rule_of_single_file(path, own))


def rule_of_single_file(path: str, own: OwnRules) -> str:
    """The name of the rule by which a file is a unit of its own whatever lies beside it; empty where that matters."""
    rules = rules_of(own)
    opening = rules.opening(path)
    if opening is None or not rules.all[opening[0]].alone or rules.is_part(path) or is_left_out(path):
        return ""
    return rules.all[opening[0]].name


def depends_on_others(path: str, rule: ImportRule | None, own: OwnRules) -> bool:
    """Whether a file is imported only with what lies beside it and belongs to it, as its watched collection says."""
    if rule is None or not rule.is_auto or zarr_of(path):
        return False
    return not stands_alone(path.removeprefix(f"{rule.collection}/"), own)


def place_of(path: str, own: OwnRules) -> str:
    """The collection whose files may belong to a file, from the watched collection on: its own, or one above it.

    Above it where its collection, by its name, may be that of another file's parts.
    """
    folders = path.split("/")[:-1]
    return "/".join(folders[: len(folders) - rules_of(own).depth(path)])


def may_hold_parts(folder: str, own: OwnRules) -> bool:
    """Whether a collection, by its path from another one on, may hold, at any depth, parts of the files of that one."""
    parts = lower_parts(folder)
    return any(fits(parts, pattern[: len(parts)]) for pattern in rules_of(own).folders)


def says_what_belongs_to_it(path: str, own: OwnRules) -> bool:
    """Whether a file has to be read: it says in its bytes what belongs to it."""
    opening = rules_of(own).opening(path)
    return opening is not None and rules_of(own).all[opening[0]].says


def may_name(path: str, others: Iterable[str], own: OwnRules) -> bool:
    """Whether a file that says in its bytes what belongs to it can have named others, by what kind of files these are.

    Args:
        path: Its path; True where it does not say anything of this kind.
        others: The paths of the others.
        own: Rules of the site, which are tried before those of the table.
    """
    opening = rules_of(own).opening(path)
    if opening is None or not rules_of(own).all[opening[0]].says:
        return True
    rule = rules_of(own).all[opening[0]]
    patterns = (*rule.opens, *rule.takes)
    return all(any(matches(lower_parts(other)[-1], pattern) for pattern in patterns) for other in others)


class Rules:
    """The rules of a site and those that hold everywhere, made ready for many names.

    Attributes:
        all: The rules, in the order in which they are tried.
        folders: Patterns of the collections in which parts of files lie, split at their slashes.
    """

    def __init__(self, own: OwnRules) -> None:
        self.all = (*own, *RULES)
        openings = [(place, pattern) for place, rule in enumerate(self.all) for pattern in rule.opens]
        self._openings = [each for each in openings if "/" not in each[1]]
        self._opening = re.compile("|".join(f"({expression(pattern)})" for _, pattern in self._openings))
        self._openings_below = [(place, pattern, _anywhere([pattern])) for place, pattern in openings if "/" in pattern]
        self._part = _anywhere(pattern for rule in self.all for pattern in _parts(rule, rule.beside))
        in_folders = [(rule, [each for each in rule.beside if STEM in each.rpartition("/")[0]]) for rule in self.all]
        self._named_part = _anywhere(pattern for rule, beside in in_folders for pattern in _parts(rule, beside))
        beside = (pattern for rule in self.all for pattern in rule.any_beside() if len(pattern) > 1)
        self.folders = tuple(dict.fromkeys(pattern[:-1] for pattern in beside))
        by_depth: dict[int, list[str]] = defaultdict(list)
        for pattern in self.folders:
            by_depth[len(pattern)].append("/".join(pattern))
        self._by_depth = {depth: _anywhere(patterns) for depth, patterns in sorted(by_depth.items(), reverse=True)}

    def opening(self, path: str) -> tuple[int, str] | None:
        """The first rule that says that a file is opened: its place, and the pattern."""
        match = self._opening.fullmatch(lower_parts(path)[-1])
        by_name = self._openings[match.lastindex - 1] if match and match.lastindex else None
        for place, pattern, expected in self._openings_below:
            if (by_name is None or place < by_name[0]) and expected.fullmatch(path.lower()):
                return place, pattern
        return by_name

    def is_part(self, path: str) -> bool:
        """Whether a file, by its name or that of its collection, is what a rule takes, of whatever file."""
        return self._part.fullmatch(path.lower()) is not None

    def is_part_in_folder(self, path: str) -> bool:
        """Whether it is such a part because its collection is named after a file."""
        return self._named_part.fullmatch(path.lower()) is not None

    def depth(self, path: str) -> int:
        """How many of the collections that a file is in may hold parts of another file."""
        folder = path.rpartition("/")[0].lower()
        return next((depth for depth, pattern in self._by_depth.items() if pattern.fullmatch(folder)), 0)


@lru_cache(maxsize=16)
def rules_of(own: OwnRules) -> Rules:
    """The rules, made ready once."""
    return Rules(own)


def _parts(rule: FileRule, beside: Iterable[str]) -> Iterable[str]:
    """Patterns of what a rule takes; where all in a collection belongs to a file only what its names say."""
    for pattern in (each.replace(STEM, "*") for each in beside if each != EVERYTHING):
        folder, slash, name = pattern.rpartition("/")
        yield from (folder + slash + each for each in (rule.takes if name == EVERYTHING else (name,)))


def _anywhere(patterns: Iterable[str]) -> re.Pattern[str]:
    """What matches the end of a path that is as any of some patterns says."""
    either = "|".join(expression(pattern) for pattern in patterns)
    return re.compile(f"(?:.*/)?(?:{either or '(?!)'})", re.DOTALL)


def takes(rule: FileRule, name: str) -> bool:
    """Whether a name, in small letters, is among those that a rule takes."""
    return any(matches(name, pattern) for pattern in rule.takes)


@lru_cache(maxsize=65536)
def lower_parts(path: str) -> tuple[str, ...]:
    """A path in small letters, split at its slashes."""
    return tuple(path.lower().split("/"))
