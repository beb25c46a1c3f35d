"""Whether a decision removes something from a unit: such removals are held when too many units lose something."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.rules.attributes import merge_attributes
from irods_omero.domain.rules.refused_actions import without_answered
from irods_omero.domain.rules.side_values import carried_in_zone, sides_of
from irods_omero.domain.rules.validity import without_invalid
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import avu_remembered


def removes_anything(observation: Observation, decision: Decision) -> bool:
    """Whether a decision removes mapped values, or takes all images for deleted: harmless once, not by thousands."""
    base, agreement, policy = observation.base, decision.agreement, observation.policy
    if agreement.gone and not base.gone:
        return True
    if agreement.fileset is None:
        return False
    if decision.plan.do_import:
        seen, _ = without_invalid(observation)
        merged = merge_attributes(seen, sides_of(without_answered(seen)))
        agreement = replace(agreement, attributes=merged.agreed)
    for name in base.names:
        attribute = avu_remembered(name)
        mapping = policy.mapping_of(attribute)
        is_mapped = mapping is not None and mapping.for_attribute(attribute).remembered_as == name
        lost = base.values(name) - agreement.values(name)
        if base.refusals_told:  # what is no longer in the zone was removed there before, and is not for the first time
            lost &= carried_in_zone(observation, attribute)
        if is_mapped and lost and len(agreement.values(name)) < len(base.values(name)):
            return True
    return False
