"""Makes units of directories, or of the files in them that belong together: finds the directories that marks are about,
decides about them, and has that written.

What is to be looked at is a mark on the directory's collection. The marks that hooks leave on its files are passed on
to it, at one call each: many marks of one directory are one piece of work.
"""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_assessment import DirectoryAssessment
from irods_omero.agent.formats.hierarchies import hierarchies_of
from irods_omero.agent.formats.manifests import Manifests
from irods_omero.agent.observe import Observer, agreement_of
from irods_omero.agent.report import Report
from irods_omero.agent.residency_commands import with_residency
from irods_omero.agent.workers import Job
from irods_omero.domain.rules.directories.auto import (
    CollectionContents,
    corrections_of_files,
    decide_auto,
    is_anything_said,
    to_observe,
)
from irods_omero.domain.rules.directories.completeness import CompletionSigns, Unread
from irods_omero.domain.rules.directories.directory_decision import (
    DirectoryDecision,
    decide_directory,
    if_named,
    is_unassigned,
    why_not_yet,
)
from irods_omero.domain.rules.formats.neighbour_rules import may_hold_parts, says_what_belongs_to_it
from irods_omero.domain.rules.membership import changed_lists, units_named
from irods_omero.domain.state.directories.completion import Completion
from irods_omero.domain.state.formats.directory_manifest import DirectoryManifest
from irods_omero.domain.state.formats.zarr_parts import how_to_name
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.request_lookup import IMPORTING
from irods_omero.domain.state.views import Avu, Correction, DataObject, ZoneView
from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.batches import in_batches, read_apart
from irods_omero.gateways.zone.collection_paths import avus_of, paths_in
from irods_omero.gateways.zone.marks import Mark, drop, post_to_gather
from irods_omero.gateways.zone.member_lists import MemberReader
from irods_omero.gateways.zone.objects import ids_with, read_avus, read_objects
from irods_omero.gateways.zone.ome_tiff import files_named
from irods_omero.gateways.zone.queries import IDS_A_QUERY
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.gateways.zone.watched import says
from irods_omero.logs import log
from irods_omero.vocabulary import AUTO, DIRECTORY, DONE, MANIFEST, ZARR

COMPARING = "compare"
"""What files are read for whose directories have manifests."""

AGAIN_SECONDS = 60.0
"""After this time files that could not be read are tried again."""


class Directories:
    """The directories of a zone, by the rules that the observer of a sweep knows."""

    def __init__(self, connections: Connections, observer: Observer, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._connections = connections
        self._observer = observer
        self._clock = clock
        self._unread: dict[str, tuple[Unread, ...]] = {}

    def jobs(self) -> list[Job]:
        """What the workers are to do: read files that iRODS knows too little of to compare them with a manifest."""
        manifests = self._connections.manifests
        return [
            Job(
                (COMPARING, zlib.crc32(path.encode(errors="replace"))),
                partial(_compare, manifests, path, unread),
                owner=unread[0].data_object.owner,
            )
            for path, unread in self._unread.items()
            if time.monotonic() >= manifests.again_at.get(path, 0.0)
        ]

    def of_collection(self, path: str) -> str:
        """The directory that a collection is, or lies in; empty for none."""
        return self._observer.watched.directory_of(f"{path}/any")

    def of_mark(self, mark: Mark) -> str:
        """The directory that a mark on a collection is about; empty for none, or for all that the collection holds."""
        directory = self.of_collection(mark.path)
        return "" if self._observer.watched.is_place(directory) and not mark.gather else directory

    def leads_to_all(self, mark: Mark, directory: str) -> bool:
        """Whether a mark leads to each data object that its collection holds, and not to one directory alone.

        Where anything in a directory is watched for something else, hooks may not know yet whose a new file is.
        """
        if directory:
            return not mark.gather and self._observer.watched.has_others_in(mark.path)
        return not mark.gather or mark.path.endswith(ZARR)

    def loose(self, paths: Mapping[int, str]) -> dict[str, list[int]]:
        """Those of some data objects that are not of the unit of the directory in which they lie, by its path.

        Args:
            paths: Logical paths by catalog ids.
        """
        watched = self._observer.watched
        if not watched.has_directories:
            return {}
        places = {data_id: directory for data_id, path in paths.items() if (directory := watched.directory_of(path))}
        # What cannot be read is taken for loose, and passed on: that is the trouble of its directory alone.
        zone, names = self._connections.zone, self._connections.names
        avus = dict[int, frozenset[Avu]]()
        for some in in_batches(sorted(places), IDS_A_QUERY):
            avus |= read_apart(some, lambda ids: read_avus(zone, ids, [names.unit]), lambda *_: None)
        objects = {id_: DataObject(id_, paths[id_], "", (), avus.get(id_, frozenset())) for id_ in places}
        with suppress(RefusedError):
            objects = MemberReader(zone, names).with_listed(objects)
        firsts_named = {named.data_id for each in objects.values() for named in units_named(each, names)}
        there = read_apart(sorted(firsts_named), lambda ids: read_objects(zone, ids, ()), lambda *_: None)
        firsts = {id_: watched.directory_of(each.path) for id_, each in there.items()}
        of_directory: dict[str, list[int]] = defaultdict(list)
        for data_id, each in objects.items():
            here = {first for first, directory in firsts.items() if directory == places[data_id]}
            kind = AUTO if watched.is_place(places[data_id]) else DIRECTORY
            if is_unassigned(each, here, kind, names):
                of_directory[places[data_id]].append(data_id)
        return dict(of_directory)

    def unassigned_among(self, ids: Iterable[int]) -> dict[str, list[int]]:
        """As ``loose``, of data objects that are known by their ids."""
        if not self._observer.watched.has_directories:
            return {}
        zone = self._connections.zone
        objects = read_apart(sorted(ids), lambda some: read_objects(zone, some, ()), lambda *_: None)
        return self.loose({data_id: each.path for data_id, each in objects.items()})

    def doubtful(self, units: Iterable[ZoneView], anew: Container[int] = ()) -> set[str]:
        """The directories of units that the agent has made, and that may have to be others now.

        Their data objects do not lie in one; or they are imported ``anew`` (by id), and say what belongs to them, or a
        manifest says what they have to be.
        """
        directories, own = set[str](), self._observer.policy.own_rules
        for unit in (each for each in units if each.unit.is_by_agent):
            places = {self._observer.watched.directory_of(each.path) for each in unit.objects}
            says = any(says_what_belongs_to_it(each.path, own) for each in unit.objects)
            is_new = unit.unit.data_id in anew and agreement_of(unit.first, self._connections.names).fileset is not None
            compared = {each for each in places if each and self._completion(each).kind == MANIFEST}
            directories |= places if len(places) > 1 or (says and is_new) else compared if is_new else set()
        return directories - {""}

    def entered(self, observations: Iterable[Observation]) -> set[str]:
        """The directories that units of the agent's have been moved into: other files may belong to them there.

        What is there before is told by nothing else: hooks leave a mark on what moves, and on where it was.
        """
        moved = (each.zone for each in observations if each.zone.unit.is_by_agent and each.has_moved)
        return {self._observer.watched.directory_of(unit.first.path) for unit in moved} - {""}

    def mark(self, paths: Iterable[str]) -> dict[str, Mark]:
        """Mark directories; returns the marks, without those of directories that are gone."""
        return post_to_gather(self._connections.zone, self._connections.names, paths)

    def pass_on(self, marks: Iterable[Mark]) -> tuple[list[Mark], dict[str, Mark]]:
        """Pass the marks of loose data objects on to their directories.

        Returns:
            The other marks, and those on the directories.
        """
        of_objects = {mark.id: mark for mark in marks}
        loose = self.loose({data_id: mark.path for data_id, mark in of_objects.items()})
        posted = self.mark(loose)
        passed = {data_id for path in posted for data_id in loose[path]}
        names = self._connections.names
        of_passed = (of_objects[data_id] for data_id in sorted(passed))
        self._connections.side_by_side.each(of_passed, lambda zone, mark: drop(zone, names, mark))
        return [mark for mark in of_objects.values() if mark.id not in passed], posted

    def look(self, path: str) -> DirectoryAssessment:
        """Look at a directory and decide about it, without doing anything."""
        names, watched = self._connections.names, self._observer.watched
        members = MemberReader(self._connections.zone, names)
        objects, others = self._read(path, members)
        try:
            decisions = self._decisions(path, tuple(objects.values()), self._signs(path, objects.values(), others))
        except (UnreachableError, RefusedError):
            raise
        except Exception as error:
            log.exception("no decision", path=path)
            text = f"deciding about {path!r}: {type(error).__name__}: {error}"
            decisions = (DirectoryDecision("no decision", text),)
        unread = next((decision.unread for decision in decisions if decision.unread), ())
        if unread and any(decision.wait for decision in decisions):
            self._unread[path] = unread
        wrong = next((decision.error for decision in decisions if not decision.files), "")
        said = {named.data_id for each in objects.values() for named in units_named(each, names)}
        within = said & set(objects)
        strays = (*self._strays(within, objects), *(each for decision in decisions for each in decision.leaving))
        changing = [*strays, *(each for decision in decisions for each in decision.joining)]
        losing = {named.data_id for each in changing for named in units_named(each, names)}
        of_files = corrections_of_files(decisions, objects.values(), names)
        due = {*self._due(path, decisions, objects, said), *losing, *(stray.data_id for stray in strays)}
        of_all = () if unread else watched.corrections_of_files(path, wrong, is_unit=bool(within))
        corrections = (*of_all, *watched.corrections(path), *self._left_over(path, decisions, objects))
        united = next(((each.unit, each.members) for each in decisions if each.unit and each.is_listed), None)
        changed = changed_lists(path, united, {each.data_id for each in changing}, objects, members.lists)
        if path in members.untidy:
            changed.setdefault(path, members.lists[path])
        gaining = {each.unit.data_id for each in decisions if each.unit and each.joining}
        leaving = {stray.data_id for stray in strays if not watched.directory_of(stray.path)}
        to_mark = frozenset((losing - gaining) | leaving)
        return DirectoryAssessment(path, decisions, to_mark, strays, corrections, of_files, frozenset(due), changed)

    def _left_over(
        self, path: str, decisions: Sequence[DirectoryDecision], objects: Mapping[int, DataObject]
    ) -> list[Correction]:
        """What takes the ids of images away from a collection that is no unit any more, and none soon."""
        names, is_place = self._connections.names, self._observer.watched.is_place(path)
        of_files = (named for each in objects.values() for named in units_named(each, names))
        firsts = {named.data_id for named in of_files if named.kind == DIRECTORY and not is_place}
        if not firsts.isdisjoint(objects) or any(decision.unit or decision.wait for decision in decisions):
            return []
        there = avus_of(self._connections.zone, [path], [names.fileset, names.image, names.url])
        return [Correction(avu, is_new=False) for avu in sorted(there.get(path, ()))]

    def _decisions(
        self, path: str, objects: tuple[DataObject, ...], signs: CompletionSigns
    ) -> tuple[DirectoryDecision, ...]:
        policy, now = self._observer.policy, self._clock()
        if self._observer.watched.is_place(path):
            parts = hierarchies_of(self._connections.zone, (each.path for each in objects))
            for hierarchy in sorted(set(parts.values()))[:1]:
                error = how_to_name(hierarchy) if hierarchy == path else ""
                return (DirectoryDecision(f"it is in {hierarchy}, a Zarr hierarchy", error),)
            contents, connections = CollectionContents(path, objects, now), self._connections
            contents = connections.ome_names.with_names(connections.zone, contents, policy)
            return decide_auto(contents, policy, signs)
        return (self._if_named(path, decide_directory(path, objects, policy, signs, now)),)

    def _completion(self, path: str) -> Completion:
        """What says whether a directory is complete."""
        return self._observer.watched.completion_for(path, self._connections.settings.imports.completion())

    def _signs(self, path: str, objects: Iterable[DataObject], others: Iterable[str]) -> CompletionSigns:
        """What says so, and what it says now: the mark of the directory was claimed just before."""
        zone, attribute, completion = self._connections.zone, self._connections.names.complete, self._completion(path)
        signs = CompletionSigns(completion, completion.by_avu and says(zone, path, Avu(attribute, DONE)), attribute)
        signs = signs._replace(is_asked_for=self._observer.policy.asks and self._is_asked_for(path))
        named = (each for each in objects if each.path == f"{path}/{completion.name}")
        for manifest in named if completion.kind == MANIFEST else ():
            elsewhere = frozenset(other.removeprefix(f"{path}/") for other in others)
            waiting = why_not_yet([manifest], self._observer.policy, self._clock())
            if waiting is None:
                known = self._connections.manifests
                return signs._replace(manifest=known.read(zone, manifest), elsewhere=elsewhere, compared=known.compared)
            trouble = DirectoryManifest(trouble=waiting.error) if waiting.error else None
            return signs._replace(manifest=trouble, is_settling=waiting.wait)
        return signs

    def _is_asked_for(self, path: str) -> bool:
        """Whether somebody asks that it be imported as it is now."""
        zone, attribute = self._connections.zone, self._connections.names.request
        return any(says(zone, path, Avu(attribute, word)) for word in IMPORTING)

    def _if_named(self, path: str, decision: DirectoryDecision) -> DirectoryDecision:
        """The decision, unless the file that is to be opened does not speak of those that would go with it."""
        if decision.opens is None or not decision.joining:
            return decision
        try:
            with open_object(self._connections.zone, decision.opens.path) as stream:
                return if_named(path, decision, files_named(stream))
        except RefusedError as error:
            return DirectoryDecision("its first file cannot be read", str(error), wait=True, leaving=decision.leaving)

    def _read(self, path: str, members: MemberReader) -> tuple[dict[int, DataObject], list[str]]:
        """What a directory holds; and the paths of what lies in other directories, or is watched for something else.

        ``members`` reads them, and knows the member lists that concern them.
        """
        zone, names = self._connections.zone, self._connections.names
        attributes = [names.unit, names.agreement, names.request, names.fileset, names.error]
        attributes += self._connections.residencies()
        own, watched = self._observer.policy.own_rules, self._observer.watched

        def may_hold_any(inner: str) -> bool:
            if watched.is_place(path):
                return may_hold_parts(inner.removeprefix(f"{path}/"), own)
            return not inner.endswith(ZARR)

        paths = paths_in(zone, path, may_hold_any)
        own_ids = {id_ for id_, each in paths.items() if watched.directory_of(each) == path}
        members.read_lists([f"{path}/any"])
        objects = with_residency(self._connections.programs, members.read(own_ids, attributes))
        return objects, [paths[id_] for id_ in paths.keys() - own_ids]

    def _due(
        self,
        path: str,
        decisions: Iterable[DirectoryDecision],
        objects: Mapping[int, DataObject],
        within: Iterable[int],
    ) -> set[int]:
        """What is to be observed: what the collection is made of, and files on which anything is said.

        In a place that holds many units these are only those with which something is to be done.
        """
        names, policy = self._connections.names, self._observer.policy
        said = {id_ for id_, each in objects.items() if not units_named(each, names) and is_anything_said(each, names)}
        if self._observer.watched.is_place(path):
            contents = CollectionContents(path, tuple(objects.values()), self._clock())
            return said | to_observe(decisions, contents, policy)
        return {*said, *within, *(decision.unit.data_id for decision in decisions if decision.unit)}

    def _strays(self, firsts: Iterable[int], objects: Mapping[int, DataObject]) -> tuple[DataObject, ...]:
        zone, names, watched = self._connections.zone, self._connections.names, self._observer.watched
        ids = set[int]()
        for some in in_batches(sorted(firsts), IDS_A_QUERY):
            ids |= ids_with(zone, names.unit, [str(first) for first in some])
        data_objects = read_objects(zone, ids - set(objects), [names.unit]).values() if ids - set(objects) else ()
        return tuple(
            each
            for each in data_objects
            if not watched.directory_of(each.path) and any(named.is_by_agent for named in units_named(each, names))
        )


def _compare(manifests: Manifests, path: str, unread: Sequence[Unread], connections: Connections) -> Report:
    """Have files compared; their directory, which waits for that, is then looked at at once."""
    if manifests.compare(connections.zone, unread):
        return Report(walking=1)
    manifests.again_at[path] = time.monotonic() + AGAIN_SECONDS
    return Report(failed=1)
