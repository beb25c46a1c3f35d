"""Shows why a fileset that came through OMERO first was not taken in: on its images, and on what is in its place."""

from __future__ import annotations

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.actions import WriteKeyValues
from irods_omero.domain.state.carried import own_annotations
from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import read_filesets
from irods_omero.gateways.zone.avus import set_avu


def show_error(connections: Connections, fileset: int, reason: str, attempts: int, in_place: str) -> None:
    """Have the images of a fileset say what is wrong, and its first data object.

    Args:
        connections: Both sides.
        fileset: OMERO id.
        reason: What is wrong.
        attempts: How often it was tried.
        in_place: Logical path of the data object, empty where it is not in its place yet.

    Raises:
        RefusedError: A side does not let it be written.
    """
    if in_place:
        set_avu(connections.zone, in_place, Avu(connections.names.error, reason, str(attempts)))
    view = read_filesets(connections.omero.service(), [fileset], connections.scope()).get(fileset)
    actions = []
    for subject in view.subjects if view else ():
        existing = next(iter(own_annotations(subject)), None)
        pairs = (("error", reason),)
        if existing is None or existing.pairs != pairs:
            actions.append((fileset, WriteKeyValues(subject, existing, pairs)))
    if actions:
        annotating, _ = connections.writers()
        for refusals in annotating.apply(actions).values():
            raise RefusedError("showing what is wrong on", f"Fileset:{fileset}", refusals[0].why)
