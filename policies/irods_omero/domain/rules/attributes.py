"""The mapped attributes of a unit: what both sides should have of each."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.rules.merge import Merged, first_by_name, merge_attribute
from irods_omero.domain.rules.sides import Sides
from irods_omero.domain.state.agreement import AgreedValues
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import TO_IRODS, TO_OMERO, MappedAttribute
from irods_omero.domain.state.texts import printable

TOO_MANY = "there are more values of mapped attributes than can be remembered: they stay as they are until it is fewer"


AttributeRule = tuple[str, str, str]
"""A mapped attribute, its values, and the rule that decided, for people."""


@dataclass(frozen=True)
class Attributes:
    """What both sides should have of all mapped attributes.

    Attributes:
        agreed: The values that are agreed from now on.
        shown: For each place in OMERO the texts it should have; other places are left alone.
        avus: For each attribute in the zone the values it should have; others are left alone.
        notes: Values that lost a conflict.
        rules: For each attribute the rule that decided.
        error: What users have to correct, empty for nothing.
    """

    agreed: AgreedValues
    shown: dict[Place, frozenset[str]]
    avus: dict[str, frozenset[str]]
    notes: tuple[str, ...] = ()
    rules: tuple[AttributeRule, ...] = ()
    error: str = ""


def merge_attributes(observation: Observation, sides: Sides) -> Attributes:
    """Merge every mapped attribute."""
    agreed: dict[str, tuple[str, ...]] = {}
    shown: dict[Place, frozenset[str]] = {}
    avus: dict[str, frozenset[str]] = {}
    notes: list[str] = []
    rules: list[AttributeRule] = []
    for mapped in observation.policy.mapped(sides.zone.names, sides.omero.names):
        merged = _merge(observation, sides, mapped)
        texts = frozenset(sides.texts[value] for value in merged.values)
        if merged.values:
            agreed[mapped.remembered_as] = tuple(sorted(merged.values))
        if mapped.direction != TO_IRODS or not sides.images.participants:
            shown[mapped.place] = texts
        if mapped.direction != TO_OMERO:
            avus[mapped.avu] = frozenset(map(mapped.in_zone, texts))
        notes += [
            f"{mapped.avu}: {printable(sides.texts[value], 100)} ({merged.rule})" for value in sorted(merged.lost)
        ]
        rules.append((mapped.avu, ", ".join(sorted(texts)), merged.rule))
    return Attributes(tuple(sorted(agreed.items())), shown, avus, tuple(notes), tuple(rules))


def _merge(observation: Observation, sides: Sides, mapped: MappedAttribute) -> Merged:
    base = sides.agreed(observation.base.values(mapped.remembered_as))
    if mapped.direction == TO_OMERO:
        return _one_way(sides.zone.anywhere(mapped.avu), mapped, "iRODS is in charge of this attribute")
    if mapped.direction == TO_IRODS:
        values = sides.omero.anywhere(mapped.place)
        if not sides.omero.participants:  # new images take over what the earlier ones had
            values |= base & sides.zone.anywhere(mapped.avu)
        return _one_way(values, mapped, "OMERO is in charge of this attribute")
    in_zone, in_omero = sides.zone.says(mapped.avu, base), sides.omero.says(mapped.place, base)
    return merge_attribute(in_zone, in_omero, base, mapped)


def _one_way(values: frozenset[str], mapped: MappedAttribute, rule: str) -> Merged:
    return Merged(first_by_name(values) if mapped.single else values, rule)


HELD = "many units would lose values or images at once: see irods-omero removals"


def frozen(observation: Observation, sides: Sides, why: str = TOO_MANY) -> Attributes:
    """Leave all mapped attributes alone on both sides, and say why.

    What was agreed stays agreed, so that users end this by removing values on one side. With newcomers on either side
    nothing stays agreed: they would seem to have removed what they never had.
    """
    has_newcomers = sides.zone.has_newcomers or sides.omero.has_newcomers
    return Attributes(() if has_newcomers else observation.base.attributes, {}, {}, error=why)
