"""Removes OMERO's copies of the files of one unit, brings them back, and compares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from irods_omero.agent.activity import REFILL
from irods_omero.agent.apply import Applier, decide_or_fail
from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.agent.report import Report
from irods_omero.agent.vaults import way_to
from irods_omero.domain.planning.decision import record
from irods_omero.domain.planning.news import news_of_failure
from irods_omero.domain.rules.one_copy.compared_bytes import compared
from irods_omero.domain.rules.one_copy.copy_decision import candidates, failing, shared_with, sharing
from irods_omero.domain.rules.one_copy.links import links_of
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import ROOM
from irods_omero.domain.state.one_copy.managed_files import (
    COPY,
    LINK,
    Clear,
    CopyAction,
    Evict,
    Link,
    ManagedFile,
    Refill,
    Share,
    Verify,
    short_digest,
)
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.repository.copies import (
    REFILLING,
    REMOVING,
    Version,
    check,
    clear,
    is_file_in,
    refill,
    remove,
)
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.linking import LINKING, LinkTarget, make_link
from irods_omero.gateways.repository.linking import compared as compared_for_link
from irods_omero.gateways.repository.sharing import SHARING, share
from irods_omero.gateways.repository.vault import Vault
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.objects import file_of
from irods_omero.gateways.zone.streaming import blocks_of
from irods_omero.gateways.zone.zone_actions import record_agreement
from irods_omero.logs import log

Count = Callable[[int], None]
"""Takes note of how many more bytes were read."""

STEPS = 4
"""At most this many actions of one unit in a row: after bytes were compared a copy may be removed, and that is all."""

WHAT = {
    Link: "linking",
    Evict: "eviction",
    Refill: REFILL,
    Verify: "comparison",
    Share: "sharing",
    Clear: "clearing up",
}
"""What goes on, as people read it."""


class _Turn(NamedTuple):
    """A unit of which both sides have just been made to agree, and what is to be done with its copies then."""

    observation: Observation
    action: CopyAction | None


class Cache:
    """What is to be done in OMERO's repository, by one worker."""

    def __init__(self, connections: Connections, clock: Callable[[], float], makes_room: bool = False) -> None:
        """``clock`` gives the time, seconds since 1970; ``makes_room`` says whether copies are to make room."""
        self._makes_room = makes_room
        self._connections = connections
        self._observer = Observer(connections, clock)
        self._report = Report()
        self._clock = clock

    def settle(self, data_id: int) -> Report:
        """Do with a unit's copies what is to be done, until nothing is, or something fails: then it rests.

        Returns:
            What was done. The unit counts as observed only if something came of it.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the mark, which stays.
        """
        for _ in range(STEPS):
            turn = self._agreed(data_id)
            if turn is None or turn.action is None or self._observer.repository is None:
                break
            try:
                if not self._do(self._observer.repository.directory, turn.observation, turn.action):
                    self._report.in_vain = 1
                    break
            except RefusedError as error:
                if self._fail(turn.observation, str(error)):
                    self._report.observed = 1
                    self._agreed(data_id)  # both sides say so
                else:
                    self._report.in_vain = 1
                break
            self._report.observed = 1
        return self._report

    def _agreed(self, data_id: int, checked: tuple[ManagedFile, ...] = ()) -> _Turn | None:
        """Look at a unit again, and make both sides agree, as far as they will.

        Args:
            data_id: Its id.
            checked: Those of its files whose bytes were just seen to be the ones that OMERO knows.

        Returns:
            What is so then, None where there is no such unit any more. No action where there is none, or where what it
            rests on could not be written down.
        """
        seen = self._observer.observe([data_id]).get(data_id)
        if seen is None:
            return None
        units = {data_id: replace(seen, checked=checked, makes_room=self._makes_room)}
        applier = Applier(self._connections, self._observer, self._report)
        applier.apply_all_but_imports(units)
        return _Turn(units[data_id], applier.copies.get(data_id))

    def _do(self, repository: Repository, observation: Observation, action: CopyAction) -> bool:
        """Do one action; returns whether it was done, and there may be more to do.

        Raises:
            RefusedError: It cannot be done.
        """
        what, path = WHAT[type(action)], observation.zone.first.path
        if isinstance(action, Refill):
            with self._connections.activity.refilling(path, action.size) as count:
                self._refill(repository, observation, action, count)
            return True
        with self._connections.activity.working(what, path, action.size) as count:
            match action:
                case Evict():
                    return self._evict(repository, observation, action, count)
                case Link():
                    return self._link(repository, observation, action, count)
                case Verify():
                    return self._verify(observation, action, count)
                case Share():
                    return self._share(repository, observation, action, count)
                case _:
                    for file in action.files:
                        clear(repository, file)
        return True

    def _evict(self, repository: Repository, observation: Observation, action: Evict, count: Count) -> bool:
        """Remove a unit's copies when all of them were seen to be right, and all that this rests on is still so.

        Reading them may have taken hours.
        """
        unit, versions = observation.zone, list[Version | None]()
        for file in action.files:
            versions.append(check(repository, file))
            count(file.size)
        if self._makes_room:  # nobody else would come back to what is broken off from here on
            post(self._connections.zone, self._connections.names, unit.unit.data_id, unit.first.path)
        turn = self._agreed(unit.unit.data_id, checked=action.files)
        seen = self._observer.observe([unit.unit.data_id]).get(unit.unit.data_id)
        if turn is None or turn.action != action or seen is None:
            return False
        seen = replace(seen, checked=action.files, makes_room=self._makes_room)
        if decide_or_fail(seen).plan.copies != action:
            return False
        if seen.base.evicted is None:
            raise RefusedError(REMOVING, unit.first.path, "its removal cannot be recorded")
        if not all(image.archived for image in seen.omero.images):
            raise RefusedError(REMOVING, unit.first.path, "its images cannot be shown with a lock")
        for file, version in zip(action.files, versions, strict=True):
            self._report.freed_bytes += remove(repository, file, version)
        self._report.evicted += 1
        what = "link removed" if all(file.disk.state == LINK for file in action.files) else "OMERO's copy removed"
        log.info(what, path=unit.first.path, bytes=action.size, why=str(seen.base.evicted))
        return True

    def _link(self, repository: Repository, observation: Observation, action: Link, count: Count) -> bool:
        """Have links lead to a unit's files when all of these were seen to be right, and this is still to be done.

        That there are links of ours is written down before there are any.
        """
        unit, targets = observation.zone, self._link_targets(repository, observation, action, count)
        versions = [check(repository, file) for file in action.files]
        turn = self._agreed(unit.unit.data_id)
        seen = self._observer.observe([unit.unit.data_id]).get(unit.unit.data_id)
        if turn is None or turn.action != action or seen is None or decide_or_fail(seen).plan.copies != action:
            return False
        if not {target.path for target in targets} <= links_of(seen).targets:
            return False
        if not {short_digest(target.vault.path) for target in targets} <= set(seen.base.linked):
            raise RefusedError(LINKING, unit.first.path, "the links cannot be recorded before they are made")
        for file, target, version in zip(action.files, targets, versions, strict=True):
            make_link(repository, file, target, version)
            self._report.freed_bytes += file.size if file.disk.state == COPY else 0
        self._report.linked += 1
        log.info("OMERO's place linked to what iRODS has", path=unit.first.path, bytes=action.size)
        return True

    def _link_targets(
        self, repository: Repository, observation: Observation, action: Link, count: Count
    ) -> list[LinkTarget]:
        """For each file of a unit the file in a vault that has its bytes."""
        vault_files, targets = links_of(observation).by_object, list[LinkTarget]()
        taken = {file.disk.target for file in observation.copies or () if file not in action.files}
        left = [each for each in observation.zone.objects if vault_files[each.data_id].path not in taken]
        for file in action.files:
            for each in candidates(file, left):
                one = vault_files[each.data_id]
                target = LinkTarget(Vault(one.root), way_to(one), each.path)
                if (same := compared_for_link(repository, file, target, count)) is not None:
                    targets.append(same)
                    left.remove(each)
                    break
            else:
                raise RefusedError(LINKING, file.path, "no data object of the unit has the same bytes")
        return targets

    def _refill(self, repository: Repository, observation: Observation, action: Refill, count: Count) -> None:
        for file in action.files:
            if not clear(repository, file):
                self._report.refilled_bytes += self._bring_back(repository, observation, file, count)
        evicted = observation.base.evicted
        self._report.refilled += bool(action.size)
        self._report.misses += bool(action.size) and evicted is not None and evicted.why == ROOM
        log.info("OMERO's copy brought back", path=observation.zone.first.path, bytes=action.size)

    def _bring_back(self, repository: Repository, observation: Observation, file: ManagedFile, count: Count) -> int:
        """Bring a file back from the data object that has its bytes; the last one that might says why not."""
        refused = RefusedError(REFILLING, file.path, "no data object of the unit has a file of that size")
        for data_object in candidates(file, observation.zone.objects):
            try:
                return refill(repository, file, self._blocks(observation, data_object, count))
            except RefusedError as error:
                refused = error
        raise refused

    def _verify(self, observation: Observation, action: Verify, count: Count) -> bool:
        """Compare the data objects with OMERO's hashes, and with their own checksums at the same time.

        What was compared counts only if it is what both sides have when that is done.
        """
        left = list(observation.zone.objects)
        for file in action.files:
            likely = candidates(file, left)
            same = next((each for each in likely if is_file_in(file, self._checked(observation, each, count))), None)
            if same is None:
                raise RefusedError("comparing with iRODS", file.path, "no data object of the unit has the same bytes")
            left.remove(same)

        def verified(seen: Observation) -> Agreement:
            content = seen.content
            if content is None or content != observation.content or seen.copies != action.files:
                return seen.base
            return replace(seen.base, verified=compared(content, action.files, seen.now))

        return self._record(observation.zone.unit.data_id, verified)

    def _share(self, repository: Repository, observation: Observation, action: Share, count: Count) -> bool:
        """Have a unit's copies share the blocks of its data objects' files; what was shared stays so in any case."""
        left, what = list(observation.zone.objects), sharing(observation)
        for file in action.files:
            likely = candidates(file, left)
            same = next((each for each in likely if self._is_shared(repository, observation, file, each, count)), None)
            if same is None:
                raise RefusedError(SHARING, file.path, "no data object of the unit has the same bytes")
            left.remove(same)
        self._report.shared += 1
        # Where something else is so by now, the next look sees that this is not it.
        return self._record(observation.zone.unit.data_id, lambda seen: replace(seen.base, shared=what))

    def _is_shared(
        self, repository: Repository, observation: Observation, file: ManagedFile, data_object: DataObject, count: Count
    ) -> bool:
        replica = shared_with(observation, data_object)
        if replica is None:
            return False
        vault = Vault(self._connections.settings.cache.share[replica.resource])
        names = vault.names(*file_of(self._connections.zone, data_object, replica))
        return share(repository, file, vault, names, count)

    def _blocks(self, observation: Observation, data_object: DataObject, count: Count) -> Iterator[bytes]:
        replica = observation.policy.tiers.best_replica(data_object)
        for block in blocks_of(self._connections.zone, data_object.path, replica):
            count(len(block))
            yield block

    def _checked(self, observation: Observation, data_object: DataObject, count: Count) -> Iterator[bytes]:
        """The bytes of a data object, which are seen to have its checksum."""
        content = data_object.content()
        digest = digest_of(content.checksum) if content else None
        doing = "comparing with its checksum"
        if content is None or digest is None:
            raise RefusedError(doing, data_object.path, "iRODS has no checksum of it that can be compared")
        for block in self._blocks(observation, data_object, count):
            digest.update(block)
            yield block
        if not digest.is_that_of(content.checksum):
            raise RefusedError(doing, data_object.path, "its bytes do not have the checksum of the catalog: ichksum -K")

    def _fail(self, observation: Observation, error: str) -> bool:
        """Remember that an action came to nothing, so that the next one is due later; returns whether it is."""
        log.warning("OMERO's copy cannot be changed", path=observation.zone.first.path, error=error)
        self._report.failed += 1
        failure = failing(observation.base, error, self._clock(), self._makes_room)
        self._connections.activity.tell(news_of_failure(observation, failure))

        def failed(seen: Observation) -> Agreement:
            return replace(seen.base, copy_failure=failing(seen.base, error, self._clock(), self._makes_room))

        return self._record(observation.zone.unit.data_id, failed)

    def _record(self, data_id: int, agreement: Callable[[Observation], Agreement]) -> bool:
        """Write down what came of an action, in what is agreed by now; returns whether anything was written.

        What is too long by that stays as it is.
        """
        seen = self._observer.observe([data_id]).get(data_id)
        action = record(seen, agreement(seen)) if seen is not None else None
        if action is None:
            return False
        try:
            record_agreement(self._connections.zone, self._connections.names, action)
        except RefusedError as error:
            log.error("what came of an action cannot be recorded", path=action.path, error=str(error))
            return False
        return True
