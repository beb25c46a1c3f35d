"""Finds the filesets of units of which the zone names others that are not there: forged, or from a backup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from policies.agent.sides import Sides
from policies.domain.agreement import Agreement
from policies.domain.policy import Policy
from policies.domain.unit import import_prefix, parse_import_key, size_prefix
from policies.domain.views import OmeroView
from policies.gateways.omero.listing import filesets_below
from policies.gateways.omero.reading import read_filesets
from policies.vocabulary import SUPERSEDED, TIER_NAMESPACE


def own_filesets(sides: Sides, policy: Policy, lost: Mapping[int, Agreement]) -> dict[int, OmeroView]:
    """What OMERO has for units whose agreed fileset it does not have, by catalog id.

    Only the latest fileset with images of the agreed size counts, and none that has been superseded: where its
    successor was deleted the unit has no images any more, and shall not get those of an earlier content back.
    """
    if not lost:
        return {}
    session = sides.omero.service()
    paths = filesets_below(session, (_prefix(policy.zone, data_id, base) for data_id, base in lost.items()))
    views = read_filesets(session, paths, sides.looked())
    found: dict[int, list[OmeroView]] = defaultdict(list)
    for fileset, view in sorted(views.items()):
        key = parse_import_key(paths[fileset])
        if key is not None and not _is_superseded(view):
            found[key.data_id].append(view)
    return {data_id: of_unit[-1] for data_id, of_unit in found.items()}


def _prefix(zone: str, data_id: int, base: Agreement) -> str:
    return size_prefix(zone, data_id, base.content.size) if base.content else import_prefix(zone, data_id)


def _is_superseded(view: OmeroView) -> bool:
    links = (link for subject in view.subjects for link in subject.tags)
    return any((link.namespace, link.text) == (TIER_NAMESPACE, SUPERSEDED) for link in links)
