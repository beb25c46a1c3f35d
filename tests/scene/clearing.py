"""Takes from both servers what a scene has left there, so that the next one, or the next run, does not meet it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import irods.keywords as kw
import omero
from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import Collection
from omero.rtypes import unwrap

from tests.scene.places import AGENT_USER

CONTENT = ("Fileset", "Image", "Plate", "Screen", "Dataset", "Project")
"""What users and agents make in OMERO: parts of each other, which are deleted together."""

ANNOTATION = "Annotation"

AT_ONCE = 500
"""At most this many annotations are deleted by one command."""

KEPT_AT_HOME = ("omero::cursor", "omero::agent", "omero::intake")
"""What agents remember on their home collection."""

EVERYWHERE = {"omero.group": "-1"}


@dataclass(frozen=True)
class Beginning:
    """What there was when a scene began.

    Attributes:
        cursors: What agents had kept: how far they had followed OMERO's event log, and their heartbeats.
        last: For each kind of object in OMERO the greatest id.
    """

    cursors: Mapping[str, str]
    last: Mapping[str, int]


def beginning(admin: Any, root: Any, zone: str) -> Beginning:
    """Look at what there is, as administrators of both sides."""
    return Beginning(_cursors(admin, zone), last_ids(root))


def last_ids(root: Any) -> dict[str, int]:
    """For each kind of object in OMERO the greatest id."""
    return {kind: max([0, *_ids(root, f"select max(o.id) from {kind} o")]) for kind in (*CONTENT, ANNOTATION)}


def clear_zone(admin: Any, user: Any, before: Beginning, collection: str, others: Iterable[str]) -> None:
    """Remove a collection and other data objects, the mark that this leaves, and the cursors of the scene's agents.

    Args:
        admin: An administrator's session.
        user: The session of the collection's owner.
        before: What there was when the scene began.
        collection: The scene's collection.
        others: Paths of the administrator's data objects.
    """
    for path in others:
        if admin.data_objects.exists(path):
            admin.data_objects.unlink(path, force=True)
    if user.collections.exists(collection):
        own = iRODSAccess("own", collection, user.username, user.zone)  # what is in it may have been given to others
        admin.acls.set(own, recursive=True, admin=True)
        user.collections.remove(collection, recurse=True, force=True)
    remove_marks(admin, collection.rpartition("/")[0])
    home = _home(admin.zone)
    for name, value in _cursors(admin, admin.zone).items():
        if name not in before.cursors:
            admin.metadata.remove(Collection, home, iRODSMeta(name, value), **{kw.ADMIN_KW: ""})
        elif value != before.cursors[name]:
            admin.metadata.set(Collection, home, iRODSMeta(name, before.cursors[name]), **{kw.ADMIN_KW: ""})


def remove_marks(admin: Any, collection: str) -> None:
    """Remove the marks of a collection, as left there when what was in it was removed."""
    for avu in admin.metadata.get(Collection, collection):
        if avu.name == "omero::sync":
            admin.metadata.remove(Collection, collection, avu, **{kw.ADMIN_KW: ""})


def clear_omero(root: Any, last: Mapping[str, int], user: str) -> None:
    """Delete what a user, or an agent in that user's name, has made in OMERO since.

    Args:
        root: An administrator's client.
        last: For each kind of object the greatest id that there was.
        user: OMERO name of the user.
    """
    known = {each.omeName.val: each.id.val for each in root.getSession().getAdminService().lookupExperimenters()}
    if user not in known:
        return
    owner = known[user]
    content = {kind: _made_by(root, owner, kind, last[kind]) for kind in CONTENT}
    _delete(root, {kind: ids for kind, ids in content.items() if ids})
    annotations = _made_by(root, owner, ANNOTATION, last[ANNOTATION])
    for start in range(0, len(annotations), AT_ONCE):
        _delete(root, {ANNOTATION: annotations[start : start + AT_ONCE]})


def _made_by(root: Any, owner: int, kind: str, last: int) -> list[int]:
    # By id: a condition on the owner's name finds nothing across groups (omero-99).
    text = f"select o.id from {kind} o where o.id > :last and o.details.owner.id = :owner order by o.id"
    return _ids(root, text, omero.sys.ParametersI().addLong("last", last).addLong("owner", owner))


def _delete(root: Any, targets: dict[str, list[int]]) -> None:
    if not targets:
        return
    callback = root.submit(omero.cmd.Delete2(targetObjects=targets), loops=600, ms=500, ctx=EVERYWHERE)
    try:
        response = callback.getResponse()
    finally:
        callback.close(True)
    if isinstance(response, omero.cmd.ERR):
        raise RuntimeError(f"what a test has left in OMERO cannot be deleted: {response.name} {response.parameters}")  # noqa: TRY004


def _ids(root: Any, text: str, parameters: Any = None) -> list[int]:
    rows = root.getSession().getQueryService().projection(text, parameters, EVERYWHERE)
    return [unwrap(value) for row in rows for value in row if unwrap(value) is not None]


def _home(zone: str) -> str:
    return f"/{zone}/home/{AGENT_USER}"


def _cursors(admin: Any, zone: str) -> dict[str, str]:
    avus = admin.metadata.get(Collection, _home(zone))
    return {avu.name: avu.value for avu in avus if avu.name.startswith(KEPT_AT_HOME)}
