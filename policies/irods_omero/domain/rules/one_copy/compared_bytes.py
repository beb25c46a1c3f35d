"""Whether the bytes of both sides are known to be the same, or OMERO's copy might be the only good one."""

from __future__ import annotations

from collections.abc import Iterable

from irods_omero.domain.state.agreement import Verified
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import replicas_beside
from irods_omero.domain.state.one_copy.managed_files import ManagedFile, fingerprint, is_managed_file
from irods_omero.domain.state.policy import WITH_TIER
from irods_omero.domain.state.unit import Content

DAY = 86_400.0

OUTDATED = "its bytes in iRODS and in OMERO were last compared too long ago: restage it to have them compared again"


def is_outdated(observation: Observation) -> bool:
    """Whether bytes were compared too long ago; a time in the future is of a clock that was wrong."""
    verified, days = observation.base.verified, observation.policy.verify_days
    return verified is not None and days is not None and not 0 <= observation.now - verified.at <= days * DAY


def why_not_evicted(observation: Observation) -> str:
    """Why OMERO's copy might be the only good one, empty if iRODS is known to have the same bytes."""
    base, content = observation.base, observation.content
    if base.content is None or content is None or base.fileset != observation.omero.fileset:
        return "nothing is agreed about these images yet"
    if base.failure is not None or not content.same_as(base.content):
        return "its data objects have changed since the images were made"
    if not content.checksum:
        return "iRODS has no checksum of it: run ichksum on it and restage it"
    if base.verified is None or content.checksum != base.verified.checksum:
        return "its checksum in iRODS was not compared with what OMERO has: restage it to have that done"
    if observation.is_held:
        return "removals are held for a person to decide about"
    outdated = OUTDATED if is_outdated(observation) else ""
    return other_in_omero(observation) or _why_the_same(observation) or outdated


def _why_the_same(observation: Observation) -> str:
    """Why the copy that would be removed is one of those that iRODS counts on; empty if it is not."""
    files = observation.copies or ()
    for each in observation.zone.objects:
        if any(is_managed_file(replica.file, files) for replica in each.good_replicas()):
            return f"OMERO's own file is a good replica of {each.path}, registered where it is"
        if not replicas_beside(each, files):
            return f"{each.path} has no good replica with the checksum that was compared"
    return ""


def compared(content: Content, files: Iterable[ManagedFile], now: float) -> Verified:
    """What is remembered when the bytes of both sides were found to be the same; ``now`` in seconds since 1970."""
    return Verified(content.checksum, fingerprint(files), int(now))


def verified_of(observation: Observation) -> Verified | None:
    """The record of the last comparison for these images; None where there is none."""
    imported, files = observation.imported, observation.copies
    if imported is None:
        return observation.base.verified if observation.base.fileset == observation.omero.fileset else None
    return compared(imported, files, observation.now) if observation.compared and files else None


def other_in_omero(observation: Observation) -> str:
    """What people have to know where OMERO's database no longer says of the files what it said when they were compared.

    A file that was replaced does that: OMERO takes its size and its hash for those of the image (omero-47).
    """
    base, files = observation.base, observation.copies
    if base.verified is None or not files or base.fileset != observation.omero.fileset:
        return ""
    if base.verified.files == fingerprint(files):
        return ""
    paths = ", ".join(file.path for file in files[:3])
    return f"OMERO's database has another size or hash than when its bytes were compared with iRODS: see {paths}"


def may_be_verified(observation: Observation, files: tuple[ManagedFile, ...], anew: bool) -> bool:
    """Whether all that a later eviction lacks is a comparison of bytes, for which the tier has to be readable.

    What was compared too long ago is compared ``anew`` before it makes room; where copies go with their tier it has to
    be done while nobody knows when that will be.
    """
    content, verified = observation.content, observation.base.verified
    is_due_anew = (anew or observation.policy.evict == WITH_TIER) and is_outdated(observation)
    return (
        (observation.policy.removes_copies or observation.base.to_move)
        and content is not None
        and observation.imported is None  # what was compared then is not in the agreement yet
        and is_imported(observation)
        and bool(content.checksum)
        and (is_due_anew or verified != compared(content, files, verified.at if verified else 0))
    )


def is_imported(observation: Observation) -> bool:
    """Whether OMERO's files are of what the data objects have at present, as far as is known."""
    base, content, known = observation.base, observation.content, observation.known_content
    if content is None or known is None or not content.same_as(known):
        return False
    return observation.imported is not None or (base.failure is None and base.fileset == observation.omero.fileset)
