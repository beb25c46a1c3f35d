"""Why a planned deletion must not happen, in the words of the real server."""

from __future__ import annotations

from lab.omero import permissions
from lab.omero.commands.graph import Plan
from lab.omero.commands.rules import UNCHECKED
from lab.omero.model import ENTITIES


def problem(plan: Plan) -> str:
    """Return why a deletion must not happen, or nothing."""
    return split_fileset(plan, "delete") or _held_image(plan) or _held_file(plan) or _held_tag(plan) or _forbidden(plan)


def split_fileset(plan: Plan, verb: str) -> str:
    """Refuse to part the images of a fileset."""
    for (root, identity), row in plan.doomed.items():
        if root == "Image" and row["fileset"] is not None and ("Fileset", row["fileset"]) not in plan.doomed:
            others = [("Image", other["id"]) for other in plan.rows("Image", "fileset", [row["fileset"]])]
            left = next(key for key in others if key not in plan.doomed)
            names = _name("Fileset", row["fileset"]), _name(root, identity), _name(*left)
            return f"within {names[0]} may not {verb} {names[1]} while {names[2]} remains"
    return ""


def _held_image(plan: Plan) -> str:
    images = [identity for root, identity in plan.doomed if root == "Image"]
    for sample in plan.rows("WellSample", "image", images):
        if ("WellSample", sample["id"]) not in plan.doomed:
            image, field = _name("Image", sample["image"]), _name("WellSample", sample["id"])
            return f"may not delete {image} while {field} remains"
    return ""


def _held_file(plan: Plan) -> str:
    files = [identity for root, identity in plan.doomed if root == "OriginalFile"]
    for entry in plan.rows("FilesetEntry", "originalFile", files):
        if ("FilesetEntry", entry["id"]) not in plan.doomed:
            file = _name("OriginalFile", entry["originalFile"])
            return f"may not delete {file} while {_name('FilesetEntry', entry['id'])} remains"
    return ""


def _held_tag(plan: Plan) -> str:
    """Refuse to delete a tag on data that the caller may not delete."""
    tags = {key[1] for key, row in plan.doomed.items() if row.get("kind") == "TagAnnotation"}
    for (root, _), link in plan.doomed.items():
        if not root.endswith("AnnotationLink") or link["child"] not in tags:
            continue
        target = ENTITIES[root].fields["parent"].target
        parent = plan.work.store.row(ENTITIES[target], link["parent"])
        if parent is None or (target, parent["id"]) in plan.doomed:
            continue
        if "delete" not in permissions.allowed(plan.work.caller, ENTITIES[target], parent):
            tag, data = _name("TagAnnotation", link["child"]), _name(target, parent["id"])
            return f"may not delete {tag} while {data} remains"
    return ""


def _forbidden(plan: Plan) -> str:
    doomed = plan.doomed
    refused = []
    for (root, identity), row in doomed.items():
        entity = ENTITIES[row.get("kind", root)]
        goes_along = entity.is_link and any(
            (entity.fields[side].target, row[side]) in doomed for side in ("parent", "child")
        )
        if goes_along or entity.name in UNCHECKED or "delete" in permissions.allowed(plan.work.caller, entity, row):
            continue
        refused.append(_name(entity.name, identity))
    return f"not permitted to delete {', '.join(sorted(refused))}" if refused else ""


def _name(entity: str, identity: int) -> str:
    return f"{ENTITIES[entity].java}[{identity}]"
