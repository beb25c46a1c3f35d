"""The place in OMERO that a target names: found, or made if absent."""

from __future__ import annotations

from typing import Any

import omero
import omero.model
from omero.rtypes import rstring

from irods_omero.domain.state.target import Target
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.session import FIND_OR_MAKE, OmeroSession


def find_container(session: OmeroSession, target: Target) -> Any:
    """The dataset or screen of a target, as an unloaded object.

    Projects and datasets that are found by name belong to the session's user; missing ones are made.
    """
    if target.existing:
        return _existing(session, target)
    with FIND_OR_MAKE:
        return _dataset_by_name(session, target)


def _dataset_by_name(session: OmeroSession, target: Target) -> Any:
    dataset = _dataset(session, target)
    if dataset is not None:
        return omero.model.DatasetI(dataset, False)
    made = omero.model.DatasetI()
    made.name = rstring(target.dataset)
    if not target.project:
        saved = session.save_and_return("making the dataset", target.dataset, made)
        return omero.model.DatasetI(saved.id.val, False)
    link = omero.model.ProjectDatasetLinkI()
    link.parent = _project(session, target.project)
    link.child = made
    saved = session.save_and_return("making the dataset", f"{target.project}/{target.dataset}", link)
    return omero.model.DatasetI(saved.child.id.val, False)


def _existing(session: OmeroSession, target: Target) -> Any:
    text = f"select c.id from {target.existing} c where c.id = :id"
    if not session.rows("looking for the target", text, {"id": target.id}):
        raise RefusedError(
            "looking for the target", f"{target.existing}:{target.id}", f"{session.name} sees no such thing"
        )
    kind = {"Dataset": omero.model.DatasetI, "Screen": omero.model.ScreenI}[target.existing]
    return kind(target.id, False)


def _dataset(session: OmeroSession, target: Target) -> int | None:
    values: dict[str, int | str] = {"dataset": target.dataset, "owner": session.user}
    if target.project:
        text = (
            "select d.id from ProjectDatasetLink l join l.parent p join l.child d where p.name = :project "
            "and d.name = :dataset and d.details.owner.id = :owner order by d.id"
        )
        values["project"] = target.project
    else:
        text = "select d.id from Dataset d where d.name = :dataset and d.details.owner.id = :owner order by d.id"
    rows = session.rows("looking for the dataset", text, values)
    return int(rows[0][0]) if rows else None


def _project(session: OmeroSession, name: str) -> Any:
    text = "select p.id from Project p where p.name = :name and p.details.owner.id = :owner order by p.id"
    rows = session.rows("looking for the project", text, {"name": name, "owner": session.user})
    if rows:
        return omero.model.ProjectI(rows[0][0], False)
    project = omero.model.ProjectI()
    project.name = rstring(name)
    return project
