"""What agents are broken off in: for each scenario what happens before, and what the agent then finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.cases import KEYWORD, KEYWORDS, LABEL, LABELS, NO_PICTURE, OTHER_PICTURE, STAGE, STAGES, Case

Step = Callable[[Case], object]


@dataclass(frozen=True)
class Scenario:
    """A scenario.

    Attributes:
        name: Its name in test ids.
        steps: What people do. After each step but the last agents sweep undisturbed; after the last comes the one that
            is disturbed.
        sweeps: How many sweeps lead to the end, if nothing disturbs them.
    """

    name: str
    steps: tuple[Step, ...]
    sweeps: int = 1


def put(case: Case) -> None:
    case.put()


def put_with_attributes(case: Case) -> None:
    case.put()
    case.add(KEYWORD, "kept", "taken in zone", "taken in omero")
    case.add(STAGE, "new")
    case.add(LABEL, "kept", "taken in zone", "taken in omero")


def change_attributes(case: Case) -> None:
    case.remove(KEYWORD, "taken in zone")
    case.add(KEYWORD, "added in zone")
    case.scene.take_tag_away(case.image, "taken in omero")
    case.tag(KEYWORDS, "added in omero")
    case.remove(LABEL, "taken in zone")
    case.add(LABEL, "added in zone")
    pairs = case.scene.pairs(case.image)
    pairs.remove(LABELS, "taken in omero")
    pairs.add("mine", "added in omero")
    pairs.add(LABELS, "added in omero")


def overwrite_and_change(case: Case) -> None:
    image = case.image
    case.put(OTHER_PICTURE)
    change_attributes(case)
    case.scene.ask_by_tag(image, "keep")


def conflict(case: Case) -> None:
    case.remove(STAGE, "new")
    case.add(STAGE, "changed in zone")
    case.scene.take_tag_away(case.image, "new")
    case.tag(STAGES, "changed in omero")


def put_unwatched(case: Case) -> None:
    case.live_apart()
    case.watch("off")
    case.put()


def ask_by_tag(request: str) -> Step:
    return lambda case: case.scene.ask_by_tag(case.image, request)


def ask_by_avu(request: str) -> Step:
    return lambda case: case.add("omero::request", request)


def compete(case: Case) -> None:
    case.scene.ask_by_tag(case.image, "keep")
    case.scene.let_a_second_pass()  # of two requests in one second the last one cannot be told
    case.add("omero::request", "archive")


def withdraw(case: Case) -> None:
    case.scene.take_tag_away(case.image, "archive")


def change_the_second(case: Case) -> None:
    case.scene.put(case.others[0].rpartition("/")[2], NO_PICTURE * 2)
    case.scene.set_avu(case.others[0], "omero::request", "keep")


def add_to_the_directory(case: Case) -> None:
    late = f"{case.collection}/late.txt"
    case.scene.put(late.removeprefix(f"{case.scene.collection}/"), NO_PICTURE)
    case.others.append(late)


def move_out_of_the_directory(case: Case) -> None:
    elsewhere = f"{case.name} elsewhere"
    case.watch_nothing(elsewhere)
    case.others[0] = case.scene.move(case.others[0], f"{elsewhere}/b.txt")


ASKING = [
    Scenario(
        "late-file-that-is-asked-for",
        (lambda case: case.put_directory(), add_to_the_directory, lambda case: case.ask_on_collection("import")),
        sweeps=2,
    ),
]
"""Where what changes after an import is imported only if somebody asks for it."""

SCENARIOS = [
    Scenario("new-image", (put,)),
    Scenario("first-image-of-a-group", (put_unwatched, lambda case: case.watch())),
    Scenario("new-content", (put, lambda case: case.put(OTHER_PICTURE))),
    Scenario("new-content-after-changes", (put_with_attributes, overwrite_and_change)),
    Scenario("request-by-tag", (put, ask_by_tag("archive"))),
    Scenario("request-by-avu", (put, ask_by_avu("archive"))),
    Scenario("request-served", (put, ask_by_avu("archive"), lambda case: case.move_data())),
    Scenario("request-withdrawn", (put, ask_by_avu("archive"), withdraw)),
    Scenario("requests-competing", (put, compete)),
    Scenario("refused-by-avu", (lambda case: case.put(resource="demoResc"), ask_by_avu("archive"))),
    Scenario("refused-by-tag", (lambda case: case.put(resource="demoResc"), ask_by_tag("archive"))),
    Scenario("tier-change", (put, lambda case: case.move_data())),
    Scenario("attributes-on-both-sides", (put_with_attributes, change_attributes)),
    Scenario("attribute-in-conflict", (put_with_attributes, conflict)),
    Scenario("no-image", (lambda case: case.put(NO_PICTURE),), sweeps=3),
    Scenario("no-image-any-more", (put, lambda case: case.put(NO_PICTURE)), sweeps=3),
    Scenario("mended-image", (lambda case: case.put(NO_PICTURE), put)),
    Scenario("deleted-in-omero", (put, lambda case: case.delete_fileset())),
    Scenario("two-files", (lambda case: case.put_two(),)),
    Scenario("second-of-two-files", (lambda case: case.put_two(), change_the_second)),
    Scenario("directory", (lambda case: case.put_directory(),)),
    Scenario("late-file-of-a-directory", (lambda case: case.put_directory(), add_to_the_directory)),
    Scenario("file-moved-out-of-a-directory", (lambda case: case.put_directory(), move_out_of_the_directory), sweeps=2),
    Scenario("auto", (lambda case: case.put_auto(),)),
    Scenario("hierarchy", (lambda case: case.put_zarr(),)),
    Scenario("hierarchy-renamed", (lambda case: case.put_zarr(), lambda case: case.rename_zarr())),
    Scenario("hierarchy-archived", (lambda case: case.put_zarr(), ask_by_avu("archive"))),
    Scenario("renamed", (put, lambda case: case.rename())),
    Scenario("thrown-away", (put, lambda case: case.throw_away())),
]
