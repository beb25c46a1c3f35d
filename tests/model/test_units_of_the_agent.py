"""Whatever happens where the agent makes the units: at rest these are what a fresh look makes of the files.

Little happens between two rests: what is left stale by one change is put right by the next in the same collection.
``MODEL=deep`` plays more and longer histories, and others each time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from irods.column import Like
from irods.meta import iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta

from irods_omero.domain.rules.directories.auto import CollectionContents, decide_auto
from irods_omero.domain.rules.directories.completeness import SETTLED_ONLY
from irods_omero.domain.rules.directories.directory_decision import (
    DirectoryDecision,
    decide_directory,
    if_named,
    is_alone,
)
from irods_omero.domain.rules.membership import is_left_over, units_named, units_of
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import BY_AGENT
from irods_omero.domain.state.views import Avu
from irods_omero.domain.state.views import DataObject as ObjectView
from irods_omero.gateways.zone.member_lists import MemberReader
from irods_omero.gateways.zone.ome_tiff import files_named
from irods_omero.gateways.zone.watched import Watched, read_watched
from irods_omero.vocabulary import AUTO, DIRECTORY, FILE, OFF, Names
from tests.faults.agents import Agents
from tests.faults.calls import KILL, Disturbance
from tests.faults.cases import NO_PICTURE, PICTURE
from tests.faults.end_state import query
from tests.model.checks import on_collections
from tests.model.files import BELONGING, HALVES, LOWER, UPPER, WHAT
from tests.model.pool import POOL
from tests.model.profile import DEEP, profile
from tests.model.servers import connect
from tests.pictures import companion
from tests.scene import Scene
from tests.scene.units import put

NAMES = Names()
RUNS = int(os.environ.get("MODEL_RUNS", "200" if DEEP else "4"))
_runs = count(1)

KINDS = (AUTO, AUTO, AUTO, DIRECTORY, FILE, OFF)
TOPS = ("one", "two")
PLACES = ("one", "one", "one", "one/in", "two", "two/in")
PLACE, WHICH, NUMBER = st.sampled_from(PLACES), st.sampled_from(sorted(WHAT)), st.integers(0, 99)
SOME = st.tuples(st.sampled_from(BELONGING), st.sampled_from(BELONGING))
CHANGES = st.sampled_from(("import", "import", "ask"))
SETTLING = 6
LATER = 1e9


in_its_turn = precondition(lambda self: self.changes < self.most)
"""A change, which has to wait for a rest after some others."""


class Machine(RuleBasedStateMachine):
    """One history."""

    changes = 0
    """How many there were since the last rest."""
    most = 1

    @initialize(kinds=st.tuples(st.just(AUTO), st.sampled_from(KINDS)), files=SOME, changes=CHANGES)
    def begin(self, kinds: tuple[str, str], files: tuple[tuple[str, ...], ...], changes: str) -> None:
        """Two collections with files, of which the agent has made units in one at least."""
        servers = POOL.take()
        self.scene: Scene = servers.scene(f"run-{next(_runs)}", changes)
        connect(self.scene)
        self.agents: Agents = servers.agents(self.scene)
        self.versions = count(1)
        self.what: dict[str, str] = {}
        self.contents: dict[str, bytes] = {}
        self.once_alone: set[int] = set()
        for top, kind in zip(TOPS, kinds, strict=True):
            self.scene.user.collections.create(f"{self.scene.collection}/{top}")
            self.set_kind(top, kind)
        for top, names in zip(TOPS, files, strict=True):
            for name in names:
                is_half = name in WHAT
                self._put(f"{top}/{name}", name if is_half else next(what for what in WHAT if name in WHAT[what]))
        self.rest(1)

    @in_its_turn
    @rule(place=PLACE, what=WHICH, number=NUMBER)
    def put(self, place: str, what: str, number: int) -> None:
        """A file, new or over another one."""
        self.changes += 1
        self._put(f"{place}/{WHAT[what][number % len(WHAT[what])]}", what)

    def _put(self, name: str, what: str) -> None:
        self.what[name] = what
        self.contents[name] = self._content(what)
        put(self.scene, name, self.contents[name])

    @in_its_turn
    @rule(number=NUMBER)
    def overwrite(self, number: int) -> None:
        self.changes += 1
        if name := self._any(number):
            self.contents[name] = self._content(self.what[name])
            self.scene.put(name, self.contents[name])

    @in_its_turn
    @rule(number=NUMBER, place=PLACE, other=NUMBER)
    def move(self, number: int, place: str, other: int) -> None:
        """To another collection, under the same name or another one."""
        self.changes += 1
        if name := self._any(number):
            names = (_base(name), *WHAT[self.what[name]])
            self._move(name, f"{place}/{names[other % len(names)]}")

    @in_its_turn
    @rule(number=NUMBER, other=NUMBER)
    def rename(self, number: int, other: int) -> None:
        """Where it is."""
        self.changes += 1
        if name := self._any(number):
            names = [each for each in WHAT[self.what[name]] if each != _base(name)]
            if names:
                self._move(name, name.removesuffix(_base(name)) + names[other % len(names)])

    def _move(self, name: str, moved: str) -> None:
        if moved not in self.contents:
            self.scene.move(f"{self.scene.collection}/{name}", moved)
            self._is_called(name, moved)

    @in_its_turn
    @rule(number=NUMBER, force=st.booleans())
    def remove(self, number: int, force: bool) -> None:
        """For good, or into the trash."""
        self.changes += 1
        if name := self._any(number):
            self.scene.user.data_objects.unlink(f"{self.scene.collection}/{name}", force=force)
            del self.contents[name], self.what[name]

    @in_its_turn
    @rule(source=PLACE, destination=PLACE)
    def move_collection(self, source: str, destination: str) -> None:
        """To a name that none has yet."""
        self.changes += 1
        there = [name for name in self.contents if name.startswith(f"{source}/")]
        path = f"{self.scene.collection}/{destination}"
        exists = self.scene.user.collections.exists
        if "/" in source and "/" in destination and there and not exists(path):
            self.scene.user.collections.move(f"{self.scene.collection}/{source}", path)
            for name in there:
                self._is_called(name, destination + name.removeprefix(source))

    @in_its_turn
    @rule(top=st.sampled_from(TOPS), kind=st.sampled_from(KINDS))
    def change_kind(self, top: str, kind: str) -> None:
        self.changes += 1
        self.set_kind(top, kind)

    def set_kind(self, top: str, kind: str) -> None:
        self.scene.user.metadata.set(Collection, f"{self.scene.collection}/{top}", iRODSMeta("omero::import", kind))

    @precondition(lambda self: self.changes)
    @rule(most=st.sampled_from((1, 1, 1, 2, 4)))
    def rest(self, most: int) -> None:
        """Sweeps until no mark is left; then all is as it must be. After this many changes it has to rest again."""
        self._note_what_is_alone()
        for _ in range(SETTLING):
            self._run()
            if not self._marks():
                break
        complaints = [*(f"a mark is left: {mark}" for mark in self._marks()), *self._wrong()]
        assert not complaints, "\n".join(complaints)
        self.changes, self.most = 0, most

    @precondition(lambda self: self.changes)
    @rule(at=st.integers(1, 120))
    def killed_sweep(self, at: int) -> None:
        self._note_what_is_alone()
        self.agents.run(Disturbance(KILL, at))

    def teardown(self) -> None:
        """It comes to rest."""
        if not hasattr(self, "agents"):
            return
        if self.changes:
            self.rest(1)
        self.scene.close()
        POOL.give_back()

    def _any(self, number: int) -> str:
        names = sorted(self.contents)
        return names[number % len(names)] if names else ""

    def _content(self, what: str) -> bytes:
        """No two have the same size."""
        heads = {"picture": PICTURE, "text": NO_PICTURE, "companion": companion((LOWER, UPPER)), **HALVES}
        return heads[what] + (b" " if what == "companion" else b"\0") * (64 * next(self.versions))

    def _is_called(self, name: str, moved: str) -> None:
        self.contents[moved], self.what[moved] = self.contents.pop(name), self.what.pop(name)

    def _run(self) -> None:
        outcome = self.agents.run()
        assert not outcome.error, outcome.error

    def _ids(self, pattern: str = "") -> dict[int, str]:
        below = Like(Collection.name, pattern or f"{self.scene.collection}/%")
        rows = self.scene.admin.query(DataObject.id, Collection.name, DataObject.name).filter(below)
        return {row[DataObject.id]: f"{row[Collection.name]}/{row[DataObject.name]}" for row in rows}

    def _watched(self) -> Watched:
        with self.scene.connections() as connections:
            return read_watched(connections.zone, NAMES)

    def _note_what_is_alone(self) -> None:
        """What lies where each file is imported by itself, or in no other's company."""
        watched = self._watched()
        for data_id, path in self._ids().items():
            rule = watched.rule_for(path)
            if (rule is not None and rule.kind == FILE) or path.endswith(".czi"):
                self.once_alone.add(data_id)

    def _marks(self) -> list[tuple[str, str, str]]:
        pattern, marks = f"{self.scene.collection}%", list[tuple[str, str, str]]()
        for attribute in (NAMES.sync, NAMES.gather, NAMES.walked):
            of_collections = self.scene.admin.query(Collection.name, CollectionMeta.value)
            for row in of_collections.filter(CollectionMeta.name == attribute, Like(Collection.name, pattern)):
                marks.append((row[Collection.name], attribute, row[CollectionMeta.value]))
            of_objects = self.scene.admin.query(Collection.name, DataObject.name, DataObjectMeta.value)
            for row in of_objects.filter(DataObjectMeta.name == attribute, Like(Collection.name, pattern)):
                marks.append((f"{row[Collection.name]}/{row[DataObject.name]}", attribute, row[DataObjectMeta.value]))
        return marks

    def _wrong(self) -> Iterator[str]:
        attributes = [NAMES.unit, NAMES.agreement, NAMES.fileset, NAMES.error, NAMES.request]
        with self.scene.connections() as connections:
            policy, watched = connections.policy(), read_watched(connections.zone, NAMES)
            objects = MemberReader(connections.zone, NAMES).read(self._ids(), attributes)
        assert {each.path for each in objects.values()} == {f"{self.scene.collection}/{name}" for name in self.contents}
        by_place: dict[str, list[ObjectView]] = {}
        for each in objects.values():
            by_place.setdefault(watched.directory_of(each.path), []).append(each)
        for each in by_place.pop("", []):
            yield from (f"{each.path} says {avu}" for avu in _errors(each) if avu.units == AUTO)
        for place, files in by_place.items():
            decide = self._wrong_place if watched.is_place(place) else self._wrong_directory
            yield from decide(place, files, policy, watched)
        yield from self._wrong_units(objects, watched)
        yield from self._wrong_collections(objects, watched)

    def _named(self, path: str) -> frozenset[str]:
        return files_named(BytesIO(self.contents[path.removeprefix(f"{self.scene.collection}/")]))

    def _wrong_place(self, place: str, files: list[ObjectView], policy: Policy, _: Watched) -> Iterator[str]:
        named = {each.path.removeprefix(f"{place}/"): self._named(each.path) for each in files}
        fresh = [_as_new(each) for each in files]
        by_id = {each.data_id: each for each in files}
        told = set[int]()
        for decision in decide_auto(CollectionContents(place, fresh, LATER * 3, named), policy, SETTLED_ONLY):
            there = [by_id[each.data_id] for each in decision.files]
            units = units_of([each.data_id for each in there], by_id, NAMES)
            if decision.unit:
                members = {each.data_id for view in units.values() for each in view.objects}
                if {view.unit for view in units.values()} != {decision.unit} or members != {
                    each.data_id for each in there
                }:
                    yield f"{_paths(there)} are no unit of {decision.unit}: {decision.rule}; {_said(there)}"
                continue
            for each in there:
                errors = [avu.value for avu in _errors(each) if avu.units == AUTO]
                united = any(each in view.objects and view.unit.kind != FILE for view in units.values())
                wanted = [decision.error] if decision.error and not united and not is_alone(each, NAMES) else []
                told.add(each.data_id)
                if errors != wanted:
                    yield f"{each.path} says {errors}, not {wanted}"
                if is_alone(each, NAMES) and each.data_id not in self.once_alone:
                    yield f"{each.path} is taken for imported by itself"
        for each in files:
            if each.data_id not in told:
                yield from (f"{each.path} says {avu}" for avu in _errors(each) if avu.units == AUTO)

    def _wrong_directory(self, place: str, files: list[ObjectView], policy: Policy, watched: Watched) -> Iterator[str]:
        fresh = [_as_new(each) for each in files]
        decision: DirectoryDecision = decide_directory(place, fresh, policy, SETTLED_ONLY, LATER * 3)
        if decision.opens:
            decision = if_named(place, decision, self._named(decision.opens.path))
        for each in files:
            yield from (f"{each.path} says {avu}" for avu in _errors(each) if avu.units == AUTO)
        errors = [avu.value for avu in watched.told_of_files.get(place, ())]
        by_id = {each.data_id: each for each in files}
        intact = {unit for unit in units_of(by_id, by_id, NAMES).values() if unit.unit.kind == DIRECTORY}
        wanted = [decision.error] if decision.error else []
        if errors != wanted and not (intact and not errors):
            yield f"{place} says {errors}, not {wanted}"
        if decision.unit:
            for joining in decision.joining:
                if units_named(by_id[joining.data_id], NAMES) != {decision.unit}:
                    yield f"{joining.path} is no part of {decision.unit}: {_said(files)}"

    def _wrong_units(self, objects: Mapping[int, ObjectView], watched: Watched) -> Iterator[str]:
        # What is of one unit with a file in the trash stays so, where nobody looks for others: it may come back.
        trash = self._ids(self.scene.collection.replace("/home/", "/trash/home/", 1) + "/%")
        with self.scene.connections() as connections:
            trashed = MemberReader(connections.zone, NAMES).read(trash, [NAMES.unit]).values()
        kept = {*trash, *(one.data_id for each in trashed for one in units_named(each, NAMES))}
        there = [
            id_ for id_, each in objects.items() if kept.isdisjoint(one.data_id for one in units_named(each, NAMES))
        ]
        for view in units_of(there, objects, NAMES).values():
            first, files = view.first, [f"{each.path}" for each in view.objects]
            rule = watched.rule_for(first.path)
            filesets = {avu.value for each in view.objects for avu in each.avus if avu.attribute == NAMES.fileset}
            # Where the agent makes no units any more nobody looks which one a file is of: it is by itself.
            if view.trouble and not (is_left_over(first, NAMES) and not watched.directory_of(first.path)):
                yield f"{first.path}: {view.trouble}"
            if rule is None:
                continue
            places = {watched.directory_of(path) for path in files}
            if view.unit.is_by_agent and rule.kind in BY_AGENT and len(places) > 1:
                yield f"a unit in several places: {files}"
            if view.unit.kind == FILE and rule.kind != FILE and not filesets:
                continue
            failed = [avu for avu in _errors(first) if avu.units != AUTO]
            if not filesets:
                opened = self.what[first.path.removeprefix(f"{self.scene.collection}/")]
                if opened == "picture" or not failed:
                    yield f"{files} of {view.unit} were not imported: {failed}"
                continue
            if len(filesets) > 1:
                yield f"{files} have several filesets"
                continue
            text = "select o.hash from FilesetEntry e join e.originalFile o where e.fileset.id = :id"
            shown = sorted(row[0] for row in query(self.scene, text, id=int(filesets.pop())))
            contents = (self.contents[path.removeprefix(f"{self.scene.collection}/")] for path in files)
            wanted = sorted(hashlib.sha1(each).hexdigest() for each in contents)
            if shown != wanted and not failed:
                yield f"{files} of {view.unit} are not what OMERO shows"

    def _wrong_collections(self, objects: Mapping[int, ObjectView], watched: Watched) -> Iterator[str]:
        """Directories that do not lead to the images of their units, or lead to others."""
        units = [view for view in units_of(objects, objects, NAMES).values() if view.unit.kind == DIRECTORY]
        wanted = {watched.directory_of(view.first.path): view.first.values(NAMES.fileset) for view in units}
        shown = on_collections(self.scene, NAMES.fileset)
        for path in {*shown, *wanted} - {""}:
            filesets = set(wanted.get(path, ()))
            if watched.is_unit(path) and shown[path] != filesets:
                yield f"{path} leads to {shown[path]}, not to {filesets}"


def _base(name: str) -> str:
    """The name of a file from its place on."""
    return name.partition("/")[2].removeprefix("in/")


def _as_new(data_object: ObjectView) -> ObjectView:
    """A file as if the agent had made no unit of it yet."""
    gone = (NAMES.unit, NAMES.agreement, NAMES.fileset) if units_named(data_object, NAMES) else ()
    return replace(data_object, avus=frozenset(avu for avu in data_object.avus if avu.attribute not in gone))


def _errors(data_object: ObjectView) -> list[Avu]:
    return sorted(avu for avu in data_object.avus if avu.attribute == NAMES.error)


def _paths(files: list[ObjectView]) -> list[str]:
    return [each.path for each in files]


def _said(files: list[ObjectView]) -> dict[str, object]:
    return {each.path: (each.data_id, sorted(units_named(each, NAMES))) for each in files}


@pytest.mark.usefixtures("servers")
@pytest.mark.timeout(24 * 3600 if DEEP else 900)
def test_at_rest_the_units_are_what_a_fresh_look_makes() -> None:
    run_state_machine_as_test(Machine, settings=profile(RUNS, 30 if DEEP else 12))
