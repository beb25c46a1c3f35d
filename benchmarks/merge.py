"""How many units the pure merge decides about in a second on one core, and what many images and many files cost.

python -m benchmarks.merge [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, replace

from rich.console import Console
from rich.table import Table

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.actions import AddAvu, AddTag, SetArchived, WriteKeyValues
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import tags_of
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import (
    Avu,
    DataObject,
    ImageState,
    ImportRule,
    KeyValues,
    OmeroView,
    Replica,
    Subject,
    TagLink,
    ZoneView,
)
from irods_omero.vocabulary import ARCHIVE, DIRECTORY

ROUNDS = 7
SECONDS_A_ROUND = 0.2
FEW, MANY = 1_000, 10_000
LINEAR_AT_MOST = 1.5 * MANY / FEW
"""At most this many times the time for ten times the images: linear, and half as much again for caches."""
GOAL = 0.2
"""Seconds for a unit of ten thousand data objects, whatever there is to decide about it."""

POLICY = Policy(
    zone="tempZone",
    server="omero",
    tiers=Tiers([Tier("fast", "ssd", "g", 0), Tier("archive", "tape", "g", 1, offline=True)]),
    web="https://omero.example",
    attributes=(
        MappedAttribute("lab::stain", tags_of("lab.org/stain")),
        MappedAttribute("lab::state", tags_of("lab.org/state"), single=True),
    ),
)
RULE = ImportRule("/tempZone/home/lab", "file", "Project/Dataset", "")
STAINS = frozenset({Avu("lab::stain", "DAPI"), Avu("lab::stain", "GFP"), Avu("lab::state", "checked")})
NOW = 1_700_000_000


@dataclass(frozen=True)
class Figure:
    """What was measured of one kind of unit.

    Attributes:
        name: Which kind.
        images: How many images it has.
        objects: How many data objects.
        actions: How many actions are planned for it.
        seconds: Of one decision, the median.
    """

    name: str
    images: int
    objects: int
    actions: int
    seconds: float

    @property
    def units(self) -> float:
        """Units a second."""
        return 1 / self.seconds


def main() -> int:
    """Print the figures; the answer is how many of them are not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    figures = measure()
    growth = {name: _growth(figures, name) for name in ("quiet", "moved to the archive")}
    slow = [figure for figure in figures if figure.objects == MANY and figure.seconds > GOAL]
    if arguments.json:
        answer = {
            "figures": [asdict(figure) | {"units_a_second": figure.units} for figure in figures],
            "growth": growth,
        }
        Console().print_json(json.dumps(answer))
    else:
        Console(width=120).print(table(figures, growth))
    return sum(ratio > LINEAR_AT_MOST for ratio in growth.values()) + len(slow)


def measure() -> list[Figure]:
    """Measure each kind of unit."""
    figures = []
    for images in (1, FEW, MANY):
        quiet = agreed(images)
        figures += [
            _measured("quiet", quiet),
            _measured("one more tag on one image", tagged(quiet)),
            _measured("moved to the archive", archived(quiet)),
        ]
    for objects in (FEW, MANY):
        quiet = agreed(1, objects)
        figures += [
            _measured("quiet directory", quiet),
            _measured("directory, its first file moved", archived(quiet)),
            _measured("directory, asked to be archived", asked(quiet)),
            _measured("directory to be imported", replace(quiet, omero=OmeroView(), base=NOTHING_AGREED)),
        ]
    return figures


def agreed(images: int, objects: int = 1) -> Observation:
    """A unit on which both sides agree, with a number of images and of data objects."""
    unit = Unit(10) if objects == 1 else Unit(10, DIRECTORY)
    avus = STAINS if objects == 1 else STAINS | {Avu(POLICY.names.unit, str(unit.data_id), unit.kind)}
    replica = Replica(0, "ssd", good=True, size=10, checksum="sha2:x", modified=NOW - 100)
    files = tuple(
        DataObject(10 + number, f"/tempZone/home/lab/{number:05}.tiff", "alice", (replica,), frozenset(set(avus)))
        for number in range(objects)
    )
    zone = ZoneView(unit, files, RULE)
    subjects = tuple(Subject("Image", number, 7, 3) for number in range(images))
    omero = OmeroView(5, tuple(ImageState(number) for number in range(images)), subjects)
    new = Observation(zone, POLICY, float(NOW), omero, imported=zone.content())
    decision = decide(new)
    tags: dict[int, set[TagLink]] = defaultdict(set)
    pairs: dict[int, KeyValues] = {}
    for number, action in enumerate(decision.plan.omero):
        match action:
            case AddTag(subject, place, text):
                tags[subject.id].add(TagLink(number, 1, place, text, 7))
            case WriteKeyValues(subject, None, written, _):
                pairs[subject.id] = KeyValues(1, number, 7, written)
    added: dict[int, set[Avu]] = defaultdict(set)
    for change in decision.plan.zone + decision.plan.ids:
        if isinstance(change, AddAvu):
            added[change.data_id].add(change.avu)
    shown = tuple(
        replace(subject, tags=frozenset(tags[subject.id]), key_values=frozenset({pairs[subject.id]}))
        for subject in subjects
    )
    quiet = replace(
        new,
        zone=replace(zone, objects=tuple(replace(each, avus=each.avus | added[each.data_id]) for each in files)),
        omero=replace(omero, subjects=shown),
        base=decision.agreement,
        imported=None,
    )
    assert not decide(quiet).plan, "both sides should agree"
    return quiet


def tagged(quiet: Observation) -> Observation:
    """A user has put one more tag on one image."""
    first, *others = quiet.omero.subjects
    link = TagLink(10**9, 2, tags_of("lab.org/stain"), "Cy5", 8)
    subjects = (replace(first, tags=first.tags | {link}), *others)
    return replace(quiet, omero=replace(quiet.omero, subjects=subjects))


def archived(quiet: Observation) -> Observation:
    """Storage tiering has moved the first data object."""
    first, *others = quiet.zone.objects
    replica = replace(first.replicas[0], resource="tape")
    moved = replace(quiet, zone=replace(quiet.zone, objects=(replace(first, replicas=(replica,)), *others)))
    flags = sum(isinstance(action, SetArchived) for action in decide(moved).plan.omero)
    assert flags == len(quiet.omero.images), "every image should get its lock"
    return moved


def asked(quiet: Observation) -> Observation:
    """A user has asked for all of it to be archived."""
    first, *others = quiet.zone.objects
    first = replace(first, avus=first.avus | {Avu(POLICY.names.request, ARCHIVE, "bob")})
    return replace(quiet, zone=replace(quiet.zone, objects=(first, *others)))


def _measured(name: str, observation: Observation) -> Figure:
    plan = decide(observation).plan
    actions = (
        len(plan.omero) + len(plan.zone) + len(plan.ids) + len(plan.told) + bool(plan.record) + bool(plan.do_import)
    )
    rounds = [_round(observation) for _ in range(ROUNDS)]
    return Figure(
        name, len(observation.omero.images), len(observation.zone.objects), actions, statistics.median(rounds)
    )


def _round(observation: Observation) -> float:
    """Seconds of processor time for one decision."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < SECONDS_A_ROUND or not done:
        decide(replace(observation, zone=replace(observation.zone)))  # nothing is remembered of the last time
        done += 1
    return spent / done


def _growth(figures: list[Figure], name: str) -> float:
    """How many times longer a unit with ten times the images takes."""
    seconds = {figure.images: figure.seconds for figure in figures if figure.name == name and figure.objects == 1}
    return seconds[MANY] / seconds[FEW]


def table(figures: list[Figure], growth: dict[str, float]) -> Table:
    """The figures, one row for each kind of unit."""
    ratios = ", ".join(f"{name} {ratio:.1f}" for name, ratio in growth.items())
    made = Table(
        title="Deciding about one unit, on one core, without any call",
        caption=f"{MANY:,} images against {FEW:,}, times as long: {ratios} (at most {LINEAR_AT_MOST:.0f}); "
        f"{MANY:,} data objects: at most {GOAL} s",
    )
    for heading in ("unit", "images", "data objects", "actions", "one decision", "units a second", "images a second"):
        made.add_column(heading, justify="left" if heading == "unit" else "right")
    for figure in figures:
        made.add_row(
            figure.name,
            f"{figure.images:,}",
            f"{figure.objects:,}",
            f"{figure.actions:,}",
            f"{figure.seconds * 1e3:,.2f} ms",
            f"{figure.units:,.0f}" if figure.units >= 100 else f"{figure.units:.1f}",
            f"{figure.units * figure.images:,.0f}",
        )
    return made


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
