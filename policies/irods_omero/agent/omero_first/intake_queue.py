"""Which filesets are to be taken in: those that are new in OMERO, and those that were not done before.

A fileset that is not done has a collection with its number in the agent's home: made by whoever leaves it to the agent,
and kept until it is taken in. What went wrong is an AVU of it, and so is where somebody wants it to go.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.imports import next_attempt
from irods_omero.domain.rules.omero_first.placement import PlacementRule
from irods_omero.domain.state.agreement import OUTSIDE, VERSION, Agreement, Failure, encode, read
from irods_omero.domain.state.unit import parse_import_key
from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.fileset_pages import last_fileset
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.omero.sources import Listed, filesets_after
from irods_omero.gateways.zone import intake_objects as zone_intake
from irods_omero.gateways.zone.avus import set_avu
from irods_omero.gateways.zone.home import intake_root, recall, remember
from irods_omero.vocabulary import shard_of

LATE_SECONDS = 600.0
"""How long lower ids of filesets are looked for again, in seconds: they are given out before they can be seen."""


class IntakeQueue:
    """The filesets of this agent's shards that are to be taken in."""

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._connections = connections
        self._clock = clock
        self._rules = connections.placement_rules()
        self._root = intake_root(connections.zone, connections.settings.omero.name)

    def mark(self, fileset: int) -> None:
        """Leave a fileset to the agent of its shard."""
        zone_intake.make_collection(self._connections.zone, self.staging(fileset))

    def say(self, fileset: int, rule: PlacementRule, owner: str) -> None:
        """Write down where somebody wants a fileset, and whose, for whoever does the rest of it.

        Args:
            fileset: OMERO id.
            rule: Where it goes.
            owner: The iRODS user who shall own it, empty for the one who stands for its owner in OMERO.
        """
        self.mark(fileset)
        said = json.dumps({"owner": owner, "rule": asdict(rule)}, ensure_ascii=False)
        set_avu(
            self._connections.zone, self.staging(fileset), Avu(self._connections.names.intake, said), collection=True
        )

    def said(self, fileset: int) -> tuple[PlacementRule | None, str]:
        """Where somebody wants a fileset, None for where the configuration says; and the owner, as it was said.

        Raises:
            RefusedError: It cannot be read: another version wrote it, or a person has changed it.
        """
        staging = self.staging(fileset)
        for avu in self.avus(fileset):
            if avu.attribute == self._connections.names.intake:
                try:
                    said = json.loads(avu.value)
                    return PlacementRule(**said["rule"]), str(said["owner"])
                except (ValueError, TypeError, KeyError) as error:
                    raise RefusedError("reading where it is to go", staging, f"{error}: register it again") from error
        return None, ""

    def taken_already(self, filesets: Iterable[int]) -> set[int]:
        """Those of some filesets that were imported from a zone, or taken into one."""
        paths = client_paths(self._connections.omero.service(), filesets)
        return {fileset for fileset, path in paths.items() if parse_import_key(path) is not None}

    def is_unfinished(self, fileset: int) -> bool:
        """Whether it was left to an agent, or begun and not done."""
        return zone_intake.exists(self._connections.zone, self.staging(fileset))

    def unfinished(self) -> Iterator[int]:
        """Those that were not done before."""
        for path in zone_intake.collections_in(self._connections.zone, self._root):
            name = path.rpartition("/")[2]
            if name.isdecimal() and shard_of(int(name)) in self._connections.shards:
                yield int(name)

    def new(self) -> set[int]:
        """The filesets since the last look that are nobody's yet; what is there at the first look is for ``adopt``."""
        session, last = self._connections.omero.service(), self._recalled(self._last_look)
        if last is None:
            self._begin(last_fileset(session))
            return set()
        seen = [each for page in filesets_after(session, last) for each in page]
        new = self._nobodys(seen)
        old = [each.id for each in seen if each.imported < self._clock() - LATE_SECONDS]
        if old:
            for fileset in sorted(new & set(old)):
                self.mark(fileset)  # it is looked at no more by its number
            self._remember(self._last_look, max(old))
        return new

    def _nobodys(self, filesets: Iterable[Listed]) -> set[int]:
        """Those of some filesets that are to be taken in by this agent and were not yet."""
        covered = [each.id for each in filesets if any(rule.covers(each.group) for rule in self._rules)]
        ours = [fileset for fileset in covered if shard_of(fileset) in self._connections.shards]
        return set(ours) - self.taken_already(ours)

    def missed(self) -> Iterator[list[int]]:
        """Filesets since the first look, of whatever agent, that are nobody's and that no agent knows of; in pages."""
        first = self._recalled(self._first_look)
        if not self._rules or first is None:
            return
        known = set(self.unfinished())
        for page in filesets_after(self._connections.omero.service(), first):
            old = [each for each in page if each.imported < self._clock() - LATE_SECONDS]
            if missed := sorted(self._nobodys(old) - known):
                yield missed

    @property
    def _first_look(self) -> str:
        return f"{self._connections.names.intake}:{self._connections.settings.omero.name}"

    @property
    def _last_look(self) -> str:
        return f"{self._first_look}:{self._connections.settings.agent.shards}"

    def _begin(self, fileset: int) -> None:
        """Note what is there at the first look of this agent, and of all."""
        if self._recalled(self._first_look) is None:
            self._remember(self._first_look, fileset)
        self._remember(self._last_look, fileset)

    def _recalled(self, attribute: str) -> int | None:
        numbers = (int(value) for value in recall(self._connections.zone, attribute) if value.isdecimal())
        return max(numbers, default=None)

    def _remember(self, attribute: str, fileset: int) -> None:
        remember(self._connections.zone, attribute, str(fileset))

    def staging(self, fileset: int) -> str:
        """The collection in which a fileset is made ready."""
        return f"{self._root}/{fileset}"

    def avus(self, fileset: int) -> frozenset[Avu]:
        """What is written down about a fileset that is not done, on its collection."""
        return zone_intake.collection_avus(self._connections.zone, self.staging(fileset))

    def all_avus(self) -> dict[int, set[Avu]]:
        """What is written down about all that are not done: there may be thousands whose import has failed in OMERO."""
        of_paths = zone_intake.avus_below(self._connections.zone, self._root)
        named = ((path.rpartition("/")[2], avus) for path, avus in of_paths.items())
        return {int(name): avus for name, avus in named if name.isdecimal()}

    def _failure(self, fileset: int) -> Failure | None:
        return self._failure_in(self.avus(fileset))

    def _failure_in(self, avus: Iterable[Avu]) -> Failure | None:
        agreement, _ = read(avu for avu in avus if avu.attribute == self._connections.names.agreement)
        return agreement.failure

    def is_resting(self, avus: Iterable[Avu]) -> bool:
        """Whether the next attempt is not due yet, by the AVUs of a fileset's collection."""
        failure, now = self._failure_in(avus), self._clock()
        return failure is not None and failure.at <= now < next_attempt(
            failure, self._connections.settings.imports.backoff_seconds
        )

    def note(self, fileset: int, reason: str) -> int:
        """Write down that one more attempt has failed, and why; returns how many have."""
        zone, staging, before = self._connections.zone, self.staging(fileset), self._failure(fileset)
        failure = Failure(before.attempts + 1 if before else 1, int(self._clock()), reason, kind=OUTSIDE)
        zone_intake.make_collection(zone, staging)
        avu = Avu(self._connections.names.agreement, encode(Agreement(failure=failure)), VERSION)
        set_avu(zone, staging, avu, collection=True)
        return failure.attempts

    def forget(self, fileset: int) -> None:
        """Remove what is left of a fileset that is done, or was deleted; what was moved already stays."""
        if self.is_unfinished(fileset):
            zone_intake.remove_collection(self._connections.zone, self.staging(fileset))
