"""Units of which OMERO has copies, or had, for tests of what becomes of these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from irods_omero.domain.rules.one_copy.copy_decision import CopyDecision, decide_copies
from irods_omero.domain.state.agreement import Agreement, Failure, Verified
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import MOVE, ROOM, Eviction, Relied
from irods_omero.domain.state.one_copy.managed_files import ABSENT, COPY, OTHER, ManagedFile, OnDisk, fingerprint
from irods_omero.domain.state.policy import NEVER, WITH_TIER, Policy
from irods_omero.domain.state.request_lookup import request_or_none
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Content, Unit
from irods_omero.domain.state.views import DataObject, ImageState, OmeroView, Replica, ZoneView

DISK, TAPE = Tier("disk", "disk", "group", 0), Tier("tape", "tape", "group", 1, offline=True)
POLICY = Policy("z", "omero", Tiers([DISK, TAPE]), has_repository=True, evict=WITH_TIER, backoff=60.0)
SUM, NOW = "sha2:x", 1_700_000_000
CONTENT = Content(10, SUM, 0, 5)
STATES = {
    "copy": OnDisk(COPY, readable=True),
    "absent": OnDisk(ABSENT, readable=False),
    "link": OnDisk(OTHER, readable=True, what="a symbolic link"),
    "stub": OnDisk(OTHER, readable=False, what="a file of 4 bytes"),
    "killed while linking": OnDisk(COPY, readable=True, leftover=True),
    "killed while writing": OnDisk(ABSENT, readable=False, leftover=True),
    "killed while removing": OnDisk(ABSENT, readable=False, aside=True),
    "killed while putting back": OnDisk(COPY, readable=True, aside=True),
}


def managed(state: str, number: int = 1, size: int = 10, client_path: str = "irods/z/1/1/a.tiff") -> ManagedFile:
    return ManagedFile(number, f"alice_2/{number}.tiff", size, "hash", "SHA1-160", NOW, client_path, STATES[state])


AGREED = Agreement(content=CONTENT, fileset=1, verified=Verified(SUM, ""))
"""About files that were compared, whatever their number."""


def observed(*states: str, resource: str = "tape", base: Agreement = AGREED, archived: bool = False) -> Observation:
    replica = Replica(0, resource, good=True, size=10, checksum=SUM, modified=5)
    zone = ZoneView(Unit(1), (DataObject(1, "/z/a.tiff", "alice", (replica,)),))
    files = tuple(managed(state, number) for number, state in enumerate(states, 1))
    omero = OmeroView(fileset=1, images=(ImageState(1, archived),))
    if base.verified is not None and not base.verified.files:
        base = replace(base, verified=base.verified._replace(files=fingerprint(files)))
    return Observation(zone, POLICY, NOW, omero, base, copies=files)


def stored_in(observation: Observation, *files: str) -> Observation:
    """The same with a good replica of its data object in each of some files of the zone's hosts."""
    first = observation.zone.first
    replicas = tuple(replace(first.replicas[0], number=number, file=file) for number, file in enumerate(files))
    return replace(observation, zone=replace(observation.zone, objects=(replace(first, replicas=replicas),)))


def decided(observation: Observation, pending: str = "") -> CopyDecision:
    tier = observation.policy.tiers.of_unit(observation.zone.objects)
    return decide_copies(observation, tier, request_or_none(pending))


def checked(observation: Observation) -> Observation:
    assert observation.copies is not None
    return replace(observation, checked=observation.copies)


UNSURE = {
    "never-compared": replace(AGREED, verified=None),
    "another-checksum-compared": replace(AGREED, verified=Verified("sha2:y", "")),
    "another-content-agreed": replace(AGREED, content=Content(10, "sha2:y", 0, 5), verified=Verified("sha2:y", "")),
    "another-fileset-agreed": replace(AGREED, fileset=2),
    "another-size-or-hash-in-omero": replace(AGREED, verified=Verified(SUM, "another")),
    "nothing-agreed": Agreement(),
    "an-import-failed": replace(AGREED, failure=Failure(1, NOW, "broken", CONTENT)),
    "held": replace(AGREED, held=True),
}
LONG_AGO = replace(AGREED, verified=Verified(SUM, "", NOW - 31 * 86_400))
LATELY = replace(AGREED, verified=Verified(SUM, "", NOW - 29 * 86_400))
AHEAD = replace(AGREED, verified=Verified(SUM, "", NOW + 86_400))
"""What a clock that was wrong has left."""


def aging(observation: Observation) -> Observation:
    """Where what was compared counts for thirty days."""
    return replace(observation, policy=replace(observation.policy, verify_days=30))


ON_DISK, ON_TAPE = (Relied("disk", 0),), (Relied("tape", 0),)
MADE_ROOM, MOVED = Eviction(NOW - 100, ROOM), Eviction(NOW - 100, MOVE)
LIMITED = replace(POLICY, most_bytes=100, evict=NEVER)


def limited(*states: str, makes_room: bool = False, **more: Any) -> Observation:
    return replace(observed(*states, **{"resource": "disk", **more}), policy=LIMITED, makes_room=makes_room)
