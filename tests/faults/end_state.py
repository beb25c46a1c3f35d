"""What both sides keep of a data object, without the numbers and times that differ from run to run."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from irods.column import In
from irods.models import Collection, CollectionMeta, RuleExec
from omero.rtypes import unwrap
from omero.sys import ParametersI

from irods_omero.vocabulary import ACCESS_TIME, zarr_of
from tests.faults.cases import EVERYWHERE, Case, avus_of
from tests.scene import Scene
from tests.scene.snapshot import image_shown

NUMBERED = ("omero::fileset", "omero::image", "omero::unit", "omero::url")
MARKS = ("omero::sync", "omero::gather")
TIMED = ("checksum", "data id", "since", "waiting")
IN_REPOSITORY = re.compile(r"/\S+/ManagedRepository/\S+/")
"""The path of an import in OMERO, which has the time in it."""


def end_state(case: Case) -> dict[str, Any]:
    """Both sides of one case."""
    scene = case.scene
    avus = avus_of(scene, case.path)
    return {
        "avus": sorted(_avu(case, *avu) for avu in avus if avu[0] not in (ACCESS_TIME, "omero::agreement")),
        "others": [[_avu(case, *avu) for avu in avus_of(scene, path) if avu[0] != ACCESS_TIME] for path in case.others],
        "agreement": [_agreement(case, value) for name, value, _ in avus if name == "omero::agreement"],
        "filesets": [_fileset(case, fileset) for fileset in _filesets(case)],
        "movements": _movements(case),
        "marks on collection": [row[CollectionMeta.value] for row in _on_collection(case, *MARKS)],
        "ids on collection": sorted(row[CollectionMeta.name] for row in _on_collection(case, *NUMBERED)),
    }


def made_twice(scene: Scene) -> dict[str, list[Any]]:
    """Tags, projects and datasets that agents make, of which there is more than one with the same name in a group."""
    tags = "select t.ns, t.textValue, t.details.group.id from TagAnnotation t where t.textValue not like '%in omero'"
    texts = {
        "tags": tags,
        "projects": "select p.name, p.details.group.id from Project p",
        "datasets": "select d.name, d.details.group.id from Dataset d",
    }
    counts = {what: Counter(map(tuple, query(scene, text))) for what, text in texts.items()}
    return {what: [row for row, count in counted.items() if count > 1] for what, counted in counts.items()}


def query(scene: Scene, text: str, **values: str | int) -> list[list[Any]]:
    """The rows of a query, as an administrator sees them."""
    parameters = ParametersI()
    for name, value in values.items():
        (parameters.addString if isinstance(value, str) else parameters.addLong)(name, value)
    rows = scene.root.getSession().getQueryService().projection(text, parameters, EVERYWHERE)
    return [[unwrap(value) for value in row] for row in rows]


def _avu(case: Case, name: str, value: str, units: str) -> tuple[str, str, str]:
    if name in NUMBERED:
        return name, "#", units
    return name, _plain(case, value), "#" if name == "omero::sync" else units


def _plain(case: Case, text: str) -> str:
    return IN_REPOSITORY.sub("", text.replace(case.path, "PATH").replace(case.name, "NAME"))


def _agreement(case: Case, text: str) -> dict[str, Any]:
    fields = json.loads(text)
    for key in ("c", "coll", "files", "fs", "grp", "since", "moves", "asked", "queued"):
        fields[key] = key in fields
    fields["moving"] = fields.get("moving", [])[:-1]  # the last is when
    fields["evicted"] = fields.get("evicted", [])[1:]  # before that comes when
    fields["ver"] = fields.get("ver", [""])[:1]  # the rest has the ids of files in it
    fields["shared"] = "shared" in fields
    if "fail" in fields:
        attempts, _, reason, _, kind, _ = fields["fail"]
        fields["fail"] = [attempts, _plain(case, reason), kind]
    return dict(fields)


def _filesets(case: Case) -> list[int]:
    data_id = case.scene.admin.data_objects.get(case.path).id
    pattern = f"irods/{case.scene.zone.zone}@________/{data_id}/%"
    text = "select distinct e.fileset.id from FilesetEntry e where e.clientPath like :pattern order by e.fileset.id"
    return [row[0] for row in query(case.scene, text, pattern=pattern)]


def _fileset(case: Case, fileset: int) -> list[dict[str, Any]]:
    text = "select i.id, x.lsid from Image i left outer join i.details.externalInfo x where i.fileset.id = :id"
    rows = query(case.scene, f"{text} order by i.id", id=fileset)
    shown = [(image_shown(case.scene.root, id_), lsid) for id_, lsid in rows]
    return [
        {
            "tags": sorted(image.tags),
            "pairs": [(key, "#" if key in TIMED else _plain(case, value)) for key, value in image.pairs],
            "pairs of users": sorted(image.users_pairs),
            "archived": image.archived,
            "dataset": _plain(case, image.dataset),
            "address": _plain(case, address or ""),
        }
        for image, address in shown
    ]


def _movements(case: Case) -> list[tuple[str, str]]:
    """Where queued movements will take it, or the parts of a hierarchy."""
    rules = [row[RuleExec.name] for row in case.scene.admin.query(RuleExec.id, RuleExec.name)]
    movements = [json.loads(rule) for rule in rules if "irods_policy_data_movement" in rule]
    parameters = [rule.get("parameters", rule) for rule in movements]
    zarr = zarr_of(case.path)
    return sorted(
        (_plain(case, path), movement["destination-resource"])
        for movement in parameters
        if (path := movement["object-path"]) == case.path or (zarr and zarr_of(path) == zarr)
    )


def _on_collection(case: Case, *attributes: str) -> Any:
    columns = (CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    return case.scene.admin.query(*columns).filter(
        Collection.name == case.collection, In(CollectionMeta.name, list(attributes))
    )
