"""What the names of a file and of its collection say of what may lie beside it, and belong to it."""

from __future__ import annotations

from functools import lru_cache

from irods_omero.domain.rules.opening import RULES, is_left_out
from irods_omero.domain.state.file_rule import EVERYTHING, STEM, FileRule, OwnRules, fits
from irods_omero.domain.state.views import ImportRule
from irods_omero.vocabulary import AUTO


def is_grouped(path: str, own: OwnRules) -> bool:
    """Whether what lies beside a file matters, which can make it part of a unit: it is neither left out, nor alone.

    Args:
        path: Its path from the watched collection on.
        own: Rules of the site, which are tried before those of the table.
    """
    return not is_left_out(path) and not stands_alone(path, own)


def stands_alone(path: str, own: OwnRules) -> bool:
    """Whether the name of a file says that it is a unit of its own."""
    rules, parts = (*own, *RULES), small(path)
    rule = next((rule for rule in rules if rule.stem(parts[-1]) is not None), None)
    if rule is None or not rule.alone or is_left_out(path):
        return False
    return not any(may_be_part(parts, other) for other in rules)


def depends_on_others(path: str, rule: ImportRule | None, own: OwnRules) -> bool:
    """Whether a file is imported only with what lies beside it and belongs to it, as its watched collection says."""
    if rule is None or rule.kind != AUTO or rule.trouble:
        return False
    return not stands_alone(path.removeprefix(f"{rule.collection}/"), own)


def may_be_part(parts: tuple[str, ...], rule: FileRule, folders_only: bool = False) -> bool:
    """Whether a file, by its name or that of its collection, is what a rule takes, of whatever file."""
    return any(
        fits(parts[-len(pattern) :], pattern)
        and (pattern[-1] != EVERYTHING or takes(rule, parts[-1]))
        and (not folders_only or STEM in text.rpartition("/")[0])
        for text, pattern in zip(rule.beside, rule.any_beside(), strict=True)
        if pattern != (EVERYTHING,)
    )


def place_of(path: str, own: OwnRules) -> str:
    """The collection whose files may belong to a file, from the watched collection on: its own, or one above it.

    Above it where its collection, by its name, may be that of another file's parts.
    """
    folders = path.split("/")[:-1]
    inside = (len(pattern) - 1 for pattern in _beside(own) if _ends_with(small(path)[:-1], pattern[:-1]))
    return "/".join(folders[: len(folders) - max(inside, default=0)])


def may_hold_parts(folder: str, own: OwnRules) -> bool:
    """Whether a collection, by its path from another one on, may hold, at any depth, parts of the files of that one."""
    parts = small(folder)
    return any(len(pattern) > len(parts) and fits(parts, pattern[: len(parts)]) for pattern in _beside(own))


def says_what_belongs_to_it(path: str, own: OwnRules) -> bool:
    """Whether a file has to be read: it says in its bytes what belongs to it."""
    name = path.rpartition("/")[2].lower()
    rule = next((rule for rule in (*own, *RULES) if rule.stem(name) is not None), None)
    return rule is not None and rule.says


def takes(rule: FileRule, name: str) -> bool:
    """Whether a name, in small letters, is among those that a rule takes."""
    return any(fits((name,), (pattern,)) for pattern in rule.takes)


@lru_cache(maxsize=65536)
def small(path: str) -> tuple[str, ...]:
    """A path in small letters, split at its slashes."""
    return tuple(path.lower().split("/"))


@lru_cache(maxsize=8)
def _beside(own: OwnRules) -> tuple[tuple[str, ...], ...]:
    patterns = (pattern for rule in (*own, *RULES) for pattern in rule.any_beside())
    return tuple(dict.fromkeys(pattern for pattern in patterns if pattern != (EVERYTHING,)))


def _ends_with(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return bool(pattern) and fits(parts[-len(pattern) :], pattern)
