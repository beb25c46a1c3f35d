"""Brings the bytes of filesets into the zone, compared with OMERO's hash on the way and with the zone's checksum."""

from __future__ import annotations

from collections.abc import Iterator

from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first import registration
from irods_omero.agent.omero_first.intake_progress import id_avu
from irods_omero.domain.rules.omero_first.placement import REGISTER, PlacementRule
from irods_omero.domain.state.omero_first.source import Source, SourceFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.checksums import digest_of, hexadecimal_digest, scheme_of
from irods_omero.gateways.omero.sources import BLOCK, blocks_of
from irods_omero.gateways.read_ahead import read_ahead
from irods_omero.gateways.zone import intake_objects as zone_intake
from irods_omero.gateways.zone.avus import add_avu
from irods_omero.logs import log


class IntakeTransfer:
    """Brings files, one after the other, and remembers which checksums the zone computes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._kind = "sha2:"  # what zones compute unless an administrator says otherwise

    def bring(self, files: list[tuple[SourceFile, str]], source: Source, rule: PlacementRule, collection: str) -> None:
        """Write or register data objects, each with the AVU that says that it was verified.

        Args:
            files: What is to be brought, and the logical path of each.
            source: The fileset that it is of.
            rule: How it is brought.
            collection: Logical path of the agent's own collection for this fileset, which is there.

        Raises:
            UnreachableError: A side is down.
            RefusedError: A side refuses it, or the bytes are not those that OMERO speaks of.
        """
        zone = self._connections.zone
        for folder in sorted({path.rpartition("/")[0] for _, path in files} - {collection}):
            zone_intake.make_collection(zone, folder)
        registration.clear_way(self._connections, files, source, rule)
        for file, path in files:
            with registration.forgotten_if_wrong(self._connections, path, rule):
                while not self._copy(file, path, rule):
                    log.info("the zone computes another kind of checksum than expected", path=path)
            add_avu(zone, path, id_avu(self._connections, source.fileset))

    def _copy(self, file: SourceFile, path: str, rule: PlacementRule) -> bool:
        """Write or register one data object, and make sure that iRODS has the bytes that OMERO speaks of.

        Returns:
            False if iRODS computes another kind of checksum than was computed here: next time it will be the same.
        """
        zone, session = self._connections.zone, self._connections.omero.service()
        in_omero, in_zone = hexadecimal_digest(file.digest_kind), digest_of(self._kind)
        digests = [digest for digest in (in_omero, in_zone) if digest is not None]

        def blocks() -> Iterator[bytes]:
            for block in blocks_of(session, file):
                for digest in digests:
                    digest.update(block)
                yield block
            if in_omero is not None and file.digest and not in_omero.is_that_of(file.digest):
                on = f"OriginalFile:{file.id}"
                raise RefusedError("reading", on, "its bytes do not have the hash that OMERO has noted")

        content = read_ahead(blocks()) if file.size > BLOCK else blocks()  # a small file is not worth a thread
        if rule.how == REGISTER:
            registration.register(self._connections, file, path, rule, content)
        else:
            zone_intake.write_object(zone, path, content, rule.resource)
        checksum = zone_intake.compute_checksum(zone, path)
        if in_zone is not None and in_zone.is_that_of(checksum):
            return True
        if digest_of(checksum) is None:
            raise RefusedError("writing", path, f"the checksum {checksum!r} of the zone is of an unknown kind")
        if scheme_of(checksum) != scheme_of(self._kind):
            self._kind = checksum
            return False
        raise RefusedError("writing", path, f"its checksum is {checksum}, which is not that of the bytes sent")
