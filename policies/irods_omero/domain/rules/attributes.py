"""The mapped attributes of a unit: what both sides should have of each."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.rules.merge import Merged, first_by_name, merge_attribute
from irods_omero.domain.rules.sides import Sides
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import TO_IRODS, TO_OMERO, MappedAttribute
from irods_omero.domain.state.texts import printable

TOO_MANY = "there are more values of mapped attributes than can be remembered: they stay as they are until it is fewer"


@dataclass(frozen=True)
class Attributes:
    """What both sides should have.

    Attributes:
        agreed: For each attribute that has any the values, as agreements keep them.
        shown: For each place in OMERO that is to be changed its texts.
        avus: For each attribute that is to be changed its values.
        notes: Values that lost a conflict.
        rules: For each attribute its values and the rule that decided, for people.
        error: What users have to mend, empty for nothing.
    """

    agreed: tuple[tuple[str, tuple[str, ...]], ...]
    shown: dict[Place, frozenset[str]]
    avus: dict[str, frozenset[str]]
    notes: tuple[str, ...] = ()
    rules: tuple[tuple[str, str, str], ...] = ()
    error: str = ""


def merge_attributes(observation: Observation, sides: Sides) -> Attributes:
    """Merge every mapped attribute."""
    agreed: dict[str, tuple[str, ...]] = {}
    shown: dict[Place, frozenset[str]] = {}
    avus: dict[str, frozenset[str]] = {}
    notes: list[str] = []
    rules: list[tuple[str, str, str]] = []
    for mapped in observation.policy.mapped(sides.zone.names, sides.omero.names):
        merged = _merge(observation, sides, mapped)
        texts = frozenset(sides.texts[value] for value in merged.values)
        if merged.values:
            agreed[mapped.remembered_as] = tuple(sorted(merged.values))
        if mapped.direction != TO_IRODS or not sides.images.partakers:
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
        if not sides.omero.partakers:  # new images take over what the earlier ones had
            values |= base & sides.zone.anywhere(mapped.avu)
        return _one_way(values, mapped, "OMERO is in charge of this attribute")
    in_zone, in_omero = sides.zone.says(mapped.avu, base), sides.omero.says(mapped.place, base)
    return merge_attribute(in_zone, in_omero, base, mapped)


def _one_way(values: frozenset[str], mapped: MappedAttribute, rule: str) -> Merged:
    return Merged(first_by_name(values) if mapped.single else values, rule)


def frozen(observation: Observation, sides: Sides) -> Attributes:
    """Leave all mapped attributes as they are on both sides, and tell why.

    What was agreed stays agreed, so that taking values away on one side ends it; unless there is anybody who took no
    part in the agreement, and would seem to have taken away what it never had.
    """
    all_took_part = sides.zone.all_took_part and sides.omero.all_took_part
    return Attributes(observation.base.attributes if all_took_part else (), {}, {}, error=TOO_MANY)
