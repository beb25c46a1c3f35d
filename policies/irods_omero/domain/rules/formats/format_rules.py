"""Which file of a directory Bio-Formats opens, and the table that says so of each format: its rules, tried in order.

Nothing is guessed. Each rule of the table names the file that a format is opened by and what belongs to it; where
something is left that would be opened by itself, or where a rule finds several files, nobody knows what is meant.
What the rules say of the formats is what the readers of Bio-Formats look for (the table of dataset structures in its
documentation).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from irods_omero.domain.state.formats.file_rule import FileRule, ends_as, matches

SHOWN = 5
"""At most this many candidates are named."""

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
    *("bagit.txt", "bag-info.txt", "fetch.txt", "manifest-*.txt", "tagmanifest-*.txt"),
)
"""Names of files that are no part of any image: those that file managers leave, notes, and lists of checksums."""


_PLANES = tuple(f"{{stem}}{part}.{suffix}" for suffix in ("stk", "tif", "tiff") for part in ("", "_w*", "_s*", "_t*"))
_MIAS = tuple(f"well????/mode*_z*_t*_im*_*.{suffix}" for suffix in ("tif", "tiff"))

RULES = (
    FileRule("file pattern", ("*.pattern",), ("*",), beside=("*",), needed=True),
    FileRule("OME-TIFF with a companion", ("*.companion.ome",), (*OME_TIFF, *TIFF), says=True),
    FileRule(
        "Harmony or Operetta plate", ("index.idx.xml", "index.ref.xml", "index.xml"), TIFF, beside=("*",), needed=True
    ),
    FileRule("InCell plate", ("*.xdce",), (*TIFF, "*.im"), beside=("*",), needed=True),
    FileRule("CellVoyager plate (CV7000)", ("*.wpi",), TIFF, beside=("*",), needed=True),
    FileRule("CellVoyager plate", ("measurementresult.xml",), TIFF, beside=("*", "image/*"), needed=True),
    FileRule("ScanR plate", ("experiment_descriptor.xml",), TIFF, beside=("*", "data/*"), needed=True),
    FileRule("MetaXpress plate", ("*.htd",), TIFF, beside=("*", "timepoint_*/*", "timepoint_*/zstep_*/*"), needed=True),
    FileRule("Opera plate", ("*.mea", "*.flex"), ("*.flex",), beside=("*.flex", "*.res"), needed=True),
    FileRule("MIAS plate", _MIAS, TIFF, beside=("well????/*", "results/*", "nugenesistemplate.txt")),
    FileRule("MetaMorph", ("*.nd",), ("*.stk", *TIFF), beside=_PLANES, needed=True),
    FileRule("cellSens", ("*.vsi",), ("*.ets",), beside=("_{stem}_/*", "_{stem}_/*/*")),
    FileRule("Volocity", ("*.mvd2",), beside=("data/*",), needed=True),
    FileRule("Leica TCS", ("*.lei",), TIFF, beside=("{stem}_*.tif", "{stem}_*.tiff", "{stem}.txt"), needed=True),
    FileRule("Leica project", ("*.xlef",), ("*.lof", *TIFF), beside=("*", "*.lof", "metadata/*"), needed=True),
    FileRule("Olympus", ("*.oif",), ("*.oib", *TIFF), beside=("{stem}.oif.files/*",), needed=True),
    FileRule("Hamamatsu VMS", ("*.vms",), beside=("{stem}*.jpg",), needed=True),
    FileRule("Hamamatsu NDPIS", ("*.ndpis",), ("*.ndpi",), beside=("{stem}*.ndpi",), needed=True),
    FileRule(
        "DeltaVision",
        ("*.dv", "*.r3d"),
        beside=("{stem}.dv.log", "{stem}.r3d.log", "{stem}.log", "{stem}_log.txt"),
    ),
    FileRule("ICS", ("*.ics",), beside=("{stem}.ids",)),
    FileRule("OME-TIFF", OME_TIFF, together=True, says=True),
    *(FileRule(f"one file of the kind {suffix}", (f"*.{suffix}",), alone=True) for suffix in SINGLE),
    FileRule("one TIFF", TIFF, beside=("{stem}.txt", "{stem}.xml", "{stem}.json")),
    FileRule("one picture", PREVIEWS),
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


def opened(paths: Iterable[str], own: Sequence[FileRule] = ()) -> Opened:
    """Which of some files Bio-Formats opens, for the images of all of them.

    Args:
        paths: Their paths, of which the names count.
        own: Rules of the site, which are tried before those of the table.
    """
    rules = (*own, *RULES)
    files = sorted(paths)
    if len(files) == 1:
        return Opened(files[0], "it is the only file")
    for place, rule in enumerate(rules):
        candidates = _candidates(rule, files)
        if candidates:
            later = [path for path in files if _is_opened(path, rules[place + 1 :])]
            return _by(rule, candidates, [path for path in later if not _belongs(path, rule)])
    return Opened("", f"no rule says which of its {len(files)} files is opened: {listed(files)}")


def _by(rule: FileRule, candidates: Sequence[str], others: Sequence[str]) -> Opened:
    if len(candidates) > 1 and not rule.together and not _are_alike(rule, candidates):
        return Opened("", f"{len(candidates)} of its files could be the one that is opened: {listed(candidates)}")
    if others:
        named = listed([candidates[0], *others])
        return Opened("", f"several of its files could be the one that is opened: {named}")
    return Opened(candidates[0], rule.name, tuple(candidates[1:]) if rule.together else ())


def _are_alike(rule: FileRule, candidates: Sequence[str]) -> bool:
    """Whether it does not matter which is opened: the rule says in which collections they lie, all below one place."""
    places = {path: place_of_opened(rule, path) for path in candidates}
    is_said = all(len(place) < path.count("/") for path, place in places.items())
    return is_said and len(set(places.values())) == 1


def place_of_opened(rule: FileRule, path: str) -> tuple[str, ...]:
    """The collection from which on a rule says what belongs to a file that it opens, in small letters."""
    parts = tuple(path.lower().split("/"))
    pattern = next(pattern for pattern in rule.opens if ends_as(parts, pattern))
    return parts[: -1 - pattern.count("/")]


def is_left_out(path: str) -> bool:
    """Whether a file, by its path from its unit's collection on, is no part of any image."""
    *collections, name = path.lower().split("/")
    return any(part.startswith(".") for part in collections) or _matches(name, LEFT_OUT)


def _candidates(rule: FileRule, files: Sequence[str]) -> list[str]:
    if rule.together:
        return [path for path in files if _is_opened(path, [rule])]
    by_pattern = ([path for path in files if _ends_as(path, (pattern,))] for pattern in rule.opens)
    return next(filter(None, by_pattern), [])


def _is_opened(path: str, rules: Iterable[FileRule]) -> bool:
    return any(_ends_as(path, rule.opens) for rule in rules)


def _belongs(path: str, rule: FileRule) -> bool:
    return _ends_as(path, (*rule.opens, *rule.takes, *PREVIEWS))


def _ends_as(path: str, patterns: Iterable[str]) -> bool:
    parts = tuple(path.lower().split("/"))
    return any(ends_as(parts, pattern) for pattern in patterns)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(matches(name, pattern) for pattern in patterns)


def counted(files: Sequence[object]) -> str:
    """How many files there are, at the beginning of a sentence about them."""
    return "1 file is" if len(files) == 1 else f"{len(files)} files are"


def listed(texts: Sequence[str]) -> str:
    """The first of some texts, and how many more there are."""
    rest = f", and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + rest
