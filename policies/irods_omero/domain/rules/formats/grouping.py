"""Which files of a collection belong together, by the rules that say which file of a format is opened.

A pure function of what is there: in which order files have arrived does not matter. Nothing is guessed: where two files
could claim a third one, or none does, nobody knows what is meant.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from typing import NamedTuple

from irods_omero.domain.rules.formats.format_rules import PREVIEWS, SHOWN, listed, place_of_opened
from irods_omero.domain.rules.formats.neighbour_rules import Rules, lower_parts, rules_of, takes
from irods_omero.domain.state.formats.file_rule import EVERYTHING, FileRule, OwnRules, fits, literal_start, matches

Named = Mapping[str, frozenset[str]]
"""For paths the names of the files that the file says belong to it, as far as it was read."""

Folder = tuple[str, ...]
"""The names of a collection and of those above it, in small letters."""


class FileName(NamedTuple):
    """The name of a file in small letters, and its path."""

    name: str
    path: str


@dataclass(frozen=True)
class Group:
    """Files that belong together, or that nobody can tell apart.

    Attributes:
        files: Their paths, sorted.
        opened: The one that is opened, empty if nobody knows.
        rule: The format, as its rule is called.
        error: Why they are no unit, empty if they are.
    """

    files: tuple[str, ...]
    opened: str = ""
    rule: str = ""
    error: str = ""


def groups(paths: Iterable[str], named: Named, own: OwnRules = ()) -> list[Group]:
    """The files of a collection as they belong together; each is in exactly one of the groups.

    Args:
        paths: Their paths, from the collection on.
        named: What those say that say what belongs to them.
        own: Rules of the site, which are tried before those of the table.
    """
    files = _Files(sorted(set(paths)), rules_of(own))
    for place, rule in enumerate(files.rules.all):
        if rule.says:
            _claim_as_named(files, place, named)
        else:
            _claim_by_name(files, place)
    groups = [*_told_apart(files), *(Group((path,), error=_stray(path, files.rules.all)) for path in files.left())]
    return sorted(groups, key=lambda group: group.files)


class _Files:
    """Files, with what is known of them so far.

    Attributes:
        rules: The rules.
        opened_by: For each rule and pattern the files that it opens, each only where it is opened first.
        claims: For each of them the files that claim it, of which it may be one itself.
        groups: For each file that is opened what belongs to it.
    """

    def __init__(self, paths: Sequence[str], rules: Rules) -> None:
        self.rules = rules
        self.opened_by: dict[tuple[int, str], list[str]] = defaultdict(list)
        self.claims: dict[str, set[str]] = defaultdict(set)
        self.groups: dict[str, Group] = {}
        self._paths = paths
        self._opened = set[str]()
        self._names: dict[Folder, list[FileName]] = defaultdict(list)
        self._folders: dict[Folder, set[str]] = defaultdict(set)
        for path in paths:
            *folder, name = lower_parts(path)
            self._names[tuple(folder)].append(FileName(name, path))
            for depth in range(len(folder)):
                self._folders[tuple(folder[:depth])].add(folder[depth])
            self._note_rule(path)
        for names in self._names.values():
            names.sort()

    def _note_rule(self, path: str) -> None:
        first = self.rules.opening(path)
        if first is not None:
            self._opened.add(path)
            # What lies in a folder that is called as a file is a part of that one, and not opened by itself.
            if not self.rules.is_part_in_folder(path):
                self.opened_by[first].append(path)

    def left(self) -> list[str]:
        """Those that nothing claims."""
        return [path for path in self._paths if path not in self.claims]

    def named(self, folder: str, name: str) -> str | None:
        """The file of exactly this name in a collection."""
        path = f"{folder}/{name}" if folder else name
        return path if path in self._matching_in(lower_parts(path)[:-1], escape(lower_parts(path)[-1])) else None

    def matching(self, folder: Folder, pattern: tuple[str, ...]) -> Iterator[str]:
        """Those whose path from a collection on matches a pattern; both in small letters."""
        folders = [folder]
        for part in pattern[:-1]:
            is_there = ((each, name) for each in folders for name in _among(self._folders.get(each, set()), part))
            folders = [(*each, name) for each, name in is_there]
        for each in folders:
            yield from self._matching_in(each, pattern[-1])

    def _matching_in(self, folder: Folder, pattern: str) -> Iterator[str]:
        names, start = self._names.get(folder, []), literal_start(pattern)
        for place in range(bisect_left(names, (start, "")), len(names)):
            name, path = names[place]
            if not name.startswith(start):
                break
            if matches(name, pattern):
                yield path

    def is_opened(self, path: str) -> bool:
        """Whether a rule says that a file would be opened by itself."""
        return path in self._opened

    def add(self, rule: FileRule, opened: str, others: Collection[str], error: str) -> None:
        """Note what belongs to a file."""
        files = {opened, *others}
        self.groups[opened] = Group(tuple(sorted(files)), opened, rule.name, error)
        for path in files:
            self.claims[path].add(opened)


def _among(names: set[str], pattern: str) -> Iterator[str]:
    if literal_start(pattern) == pattern:
        yield from {pattern} & names
    else:
        yield from (name for name in sorted(names) if matches(name, pattern))


def _claim_by_name(files: _Files, place: int) -> None:
    rule = files.rules.all[place]
    for pattern in rule.opens:
        one = rule._replace(opens=(pattern,))
        # All that match one pattern claim at the same time: the order of names must not decide.
        candidates = [path for path in files.opened_by[place, pattern] if path not in files.claims]
        if "/" in pattern:
            candidates = _first_of_each_place(one, candidates)
        claimed = {path: _beside_it(files, rule, path, one) for path in candidates}
        for path, others in claimed.items():
            files.add(rule, path, others, "" if _is_complete(rule, (path, *others)) else _lacking(rule, path))


def _is_complete(rule: FileRule, together: Sequence[str]) -> bool:
    if not rule.needed or any(takes(rule, lower_parts(path)[-1]) for path in together):
        return True
    return len(together) > 1 and (not rule.takes or EVERYTHING not in rule.beside)


def _first_of_each_place(rule: FileRule, paths: Sequence[str]) -> list[str]:
    """Of files that are alike the one that is opened, for each collection that they lie below."""
    first: dict[Folder, str] = {}
    for path in paths:  # which are sorted
        first.setdefault(place_of_opened(rule, path), path)
    return list(first.values())


def _beside_it(files: _Files, rule: FileRule, path: str, narrowed: FileRule) -> set[str]:
    """What belongs to a file; ``narrowed`` is its rule with only the pattern that it matches."""
    folder, matched = place_of_opened(narrowed, path), set[str]()
    for pattern in rule.paths_beside(narrowed.stem(lower_parts(path)[-1]) or ""):
        matching = set(files.matching(folder, pattern)) - {path}
        if pattern == (EVERYTHING,):
            matching = {each for each in matching if _is_anybodys(files, rule, each)}
        matched |= matching
    return matched


def _is_anybodys(files: _Files, rule: FileRule, path: str) -> bool:
    """Whether a file belongs to one that takes all in its collection: it would not be opened by itself."""
    if path in files.groups:
        return False
    name = lower_parts(path)[-1:]
    is_another = any(fits(name, (pattern,)) for pattern in rule.opens[:1])
    of_rule = (*rule.opens[1:], *rule.takes, *PREVIEWS)
    return not is_another and (any(fits(name, (pattern,)) for pattern in of_rule) or not files.is_opened(path))


def _lacking(rule: FileRule, path: str) -> str:
    return f"{path} ({rule.name}) has none of the files that belong to it: {', '.join(rule.beside[:SHOWN])}"


def _claim_as_named(files: _Files, place: int, named: Named) -> None:
    rule = files.rules.all[place]
    opened = sorted(path for pattern in rule.opens for path in files.opened_by[place, pattern])
    candidates = [path for path in opened if path not in files.claims]
    links = {path: _names_of(files, rule, path, named) for path in candidates}
    for together in _connected(_named_lots(files, links)) if rule.together else _one_by_one(files, links):
        first = next((path for path in together if path in links and _names_all(links[path], together, path)), "")
        if not first:
            first = next(path for path in together if path in links)
            unnamed = [path for path in together if path != first and path.rpartition("/")[2] not in links[first]]
            error = f"{first} does not name {unnamed[0]}, which names it: are they images of their own?"
        else:
            absent = sorted(name for name in links[first] if files.named(_folder(first), name) is None)
            error = f"{first} names {listed(absent)}, which is not there" if absent else ""
        files.add(rule, first, set(together) - {first}, error)


def _named_lots(files: _Files, links: Named) -> Iterator[Collection[str]]:
    """Files with those that they name: thousands may name each other, and those that name the same are one lot."""
    alike: dict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
    for path, names in links.items():
        alike[_folder(path), names].append(path)
    for (folder, names), paths in alike.items():
        beside = _named_in(files, folder, names)
        yield from [{*paths, *beside}] if beside else ({path} for path in paths)


def _one_by_one(files: _Files, links: Named) -> Iterator[list[str]]:
    for path, names in links.items():
        yield sorted({path, *_named_in(files, _folder(path), names)})


def _named_in(files: _Files, folder: str, names: Iterable[str]) -> set[str]:
    return {each for name in names if (each := files.named(folder, name)) is not None}


def _names_of(files: _Files, rule: FileRule, path: str, named: Named) -> frozenset[str]:
    """What a file names, without a file that is called otherwise now: one that names one file only means itself."""
    names = named.get(path, frozenset())
    if len(names) == 1 and rule.together:
        (name,) = names
        if files.named(_folder(path), name) is None and rule.stem(name.lower()) is not None:
            return frozenset()
    return names


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _names_all(names: frozenset[str], together: Collection[str], path: str) -> bool:
    return all(other.rpartition("/")[2] in names for other in together if other != path)


def _connected(lots: Iterable[Collection[str]]) -> Iterator[list[str]]:
    """The lots, with those as one that have something in common, be it by others; each sorted."""
    below: dict[str, str] = {}

    def top(each: str) -> str:
        while below.setdefault(each, each) != each:
            below[each] = below[below[each]]  # the next way up is half as long
            each = below[each]
        return each

    for first, *others in lots:
        for other in others:
            below[top(other)] = top(first)
        top(first)
    wholes: dict[str, list[str]] = defaultdict(list)
    for each in list(below):
        wholes[top(each)].append(each)
    yield from map(sorted, wholes.values())


def _told_apart(files: _Files) -> Iterator[Group]:
    """The groups of which no file is claimed twice; what is connected by such files has an error."""
    claimed_twice = (claimants for claimants in files.claims.values() if len(claimants) > 1)
    for opened in _connected([*({each} for each in files.groups), *claimed_twice]):
        yield files.groups[opened[0]] if len(opened) == 1 else _ambiguous(files, opened)


def _ambiguous(files: _Files, opened: Sequence[str]) -> Group:
    members = sorted({path for each in opened for path in files.groups[each].files})
    twice = next(path for path in members if len(files.claims[path]) > 1)
    claimants = [f"{each} ({files.groups[each].rule})" for each in sorted(files.claims[twice])]
    return Group(tuple(members), error=f"{twice} could belong to {listed(claimants)}")


def _stray(path: str, rules: Iterable[FileRule]) -> str:
    """Why nobody knows what to do with a file that nothing claims."""
    parts = lower_parts(path)
    of = [
        f"{rule.name} ({', '.join(rule.opens)})"
        for rule in rules
        if any(fits(parts[-len(each) :], each) for each in rule.any_beside() if each != (EVERYTHING,))
    ]
    if of:
        return f"{path} may belong to {listed(of)}, but there is none beside it"
    return f"no rule says what {path} is, or what it belongs to"
