"""Which file of a set Bio-Formats opens: by the names of the files and a small table, tried in order.

Nothing is guessed. Each rule of the table names the file that a format is opened by and what belongs to it; where
something is left that would be opened by itself, or where a rule finds several files, nobody knows what is meant.
What the rules say of the formats is what the readers of Bio-Formats look for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

SHOWN = 5
"""At most so many candidates are named."""

TIFF = ("*.tif", "*.tiff")
OME_TIFF = ("*.ome.tif", "*.ome.tiff", "*.ome.tf2", "*.ome.tf8", "*.ome.btf")
PREVIEWS = ("*.jpg", "*.jpeg", "*.png", "*.bmp", "*.gif")
"""Instruments write such pictures beside the images of nearly all formats."""

SINGLE = (
    *("czi", "lif", "nd2", "lsm", "zvi", "oib", "oir", "ims", "svs", "ndpi", "scn", "stk", "sld", "dm3", "dm4", "mrc"),
    *("lof", "ets"),
)
"""Endings of formats that keep all in one file."""

LEFT_OUT = (
    *(".*", "thumbs.db", "desktop.ini"),
    *("readme", "readme.*", "*.md5", "*.sha1", "*.sha256", "*.sha512", "checksums.*", "md5sums*", "sha256sums*"),
)
"""Names of files that are no part of any image: those that file managers leave, notes, and lists of checksums."""


class Rule(NamedTuple):
    """How the files of one format are opened.

    Attributes:
        name: The format.
        opens: Patterns of names in small letters. The first of them that any name matches counts.
        takes: Patterns of what belongs to it, and would be opened by itself if it were alone.
        together: Whether there may be several, of which the first by name is opened if it names the others.
    """

    name: str
    opens: tuple[str, ...]
    takes: tuple[str, ...] = ()
    together: bool = False


RULES = (
    Rule("file pattern", ("*.pattern",), ("*",)),
    Rule("OME-TIFF with a companion", ("*.companion.ome",), (*OME_TIFF, *TIFF)),
    Rule("Harmony or Operetta plate", ("index.idx.xml", "index.ref.xml", "index.xml"), TIFF),
    Rule("InCell plate", ("*.xdce",), (*TIFF, "*.im")),
    Rule("CellVoyager plate (CV7000)", ("*.wpi",), TIFF),
    Rule("CellVoyager plate", ("measurementresult.xml",), TIFF),
    Rule("ScanR plate", ("experiment_descriptor.xml",), TIFF),
    Rule("MetaXpress plate", ("*.htd",), TIFF),
    Rule("Opera plate", ("*.mea", "*.flex"), ("*.flex",)),
    Rule("MetaMorph", ("*.nd",), ("*.stk", *TIFF)),
    Rule("cellSens", ("*.vsi",), ("*.ets",)),
    Rule("Volocity", ("*.mvd2",)),
    Rule("Leica", ("*.lei", "*.xlef"), ("*.lof", *TIFF)),
    Rule("Olympus", ("*.oif",), ("*.oib", *TIFF)),
    Rule("Hamamatsu", ("*.vms", "*.ndpis"), ("*.ndpi",)),
    Rule("DeltaVision", ("*.dv", "*.r3d")),
    Rule("ICS", ("*.ics",)),
    Rule("OME-TIFF", OME_TIFF, together=True),
    *(Rule(f"one file of the kind {suffix}", (f"*.{suffix}",)) for suffix in SINGLE),
    Rule("one TIFF", ("*.tif", "*.tiff")),
    Rule("one picture", PREVIEWS),
)


class Opened(NamedTuple):
    """The answer.

    Attributes:
        path: The file that Bio-Formats opens, empty if nobody knows.
        why: Which rule says so, or why nobody knows.
        others: Files that would be opened by themselves unless that one names them.
    """

    path: str
    why: str
    others: tuple[str, ...] = ()


def opened(paths: Iterable[str]) -> Opened:
    """Which of some files Bio-Formats opens, for the images of all of them.

    Args:
        paths: Their paths, of which the names count.
    """
    files = sorted(paths)
    if len(files) == 1:
        return Opened(files[0], "it is the only file")
    for place, rule in enumerate(RULES):
        candidates = _candidates(rule, files)
        if candidates:
            later = [path for path in files if _is_opened(path, RULES[place + 1 :])]
            return _by(rule, candidates, [path for path in later if not _belongs(path, rule)])
    return Opened("", f"no rule says which of its {len(files)} files is opened: {_named(files)}")


def _by(rule: Rule, candidates: Sequence[str], others: Sequence[str]) -> Opened:
    if len(candidates) > 1 and not rule.together:
        return Opened("", f"{len(candidates)} of its files could be the one that is opened: {_named(candidates)}")
    if others:
        named = _named([candidates[0], *others])
        return Opened("", f"several of its files could be the one that is opened: {named}")
    return Opened(candidates[0], rule.name, tuple(candidates[1:]))


def is_left_out(path: str) -> bool:
    """Whether a file, by its path from its unit's collection on, is no part of any image."""
    *collections, name = path.lower().split("/")
    return any(part.startswith(".") for part in collections) or _matches(name, LEFT_OUT)


def _candidates(rule: Rule, files: Sequence[str]) -> list[str]:
    if rule.together:
        return [path for path in files if _matches(_name(path), rule.opens)]
    matches = ([path for path in files if fnmatchcase(_name(path), pattern)] for pattern in rule.opens)
    return next(filter(None, matches), [])


def _is_opened(path: str, rules: Iterable[Rule]) -> bool:
    return any(_matches(_name(path), rule.opens) for rule in rules)


def _belongs(path: str, rule: Rule) -> bool:
    return _matches(_name(path), (*rule.opens, *rule.takes, *PREVIEWS))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()


def _named(paths: Sequence[str]) -> str:
    rest = f", and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + rest
