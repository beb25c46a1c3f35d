"""The mapped attributes of a unit: what both sides should have of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from irods_omero.domain.rules.desired import DesiredAvu, DesiredAvus
from irods_omero.domain.rules.merge import Merged, first_by_name, merge_attribute
from irods_omero.domain.rules.side_values import Sides
from irods_omero.domain.state.agreement import AgreedValues, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import TO_IRODS, TO_OMERO, MappedAttribute
from irods_omero.domain.state.texts import printable, remembered
from irods_omero.domain.state.views import Avu

TOO_MANY = "there are more values of mapped attributes than can be remembered: they stay as they are until it is fewer"

WHICH_UNITS = "which unit it has could not be told: several values were changed in OMERO"

AttributeRule = tuple[str, str, str]
"""A mapped attribute, its values, and the rule that decided, for people."""


@dataclass(frozen=True)
class Attributes:
    """What both sides should have of all mapped attributes.

    Attributes:
        agreed: The values that are agreed from now on.
        missing: Of attributes that OMERO leads the values that it would not take: neither agreed nor removed.
        shown: For each place in OMERO the texts it should have; other places are left alone.
        avus: For each attribute in the zone the AVUs it should have; others are left alone.
        notes: Values that lost a conflict.
        rules: For each attribute the rule that decided.
        error: What users have to correct, empty for nothing.
    """

    agreed: AgreedValues
    shown: dict[Place, frozenset[str]]
    avus: DesiredAvus
    notes: tuple[str, ...] = ()
    rules: tuple[AttributeRule, ...] = ()
    error: str = ""
    missing: AgreedValues = ()

    def in_agreement(self, agreement: Agreement) -> Agreement:
        """An agreement with these in it."""
        return replace(agreement, attributes=self.agreed, missing=self.missing)


def merge_attributes(observation: Observation, sides: Sides) -> Attributes:
    """Merge every mapped attribute."""
    agreed: dict[str, tuple[str, ...]] = {}
    shown: dict[Place, frozenset[str]] = {}
    avus: DesiredAvus = {}
    notes: list[str] = []
    rules: list[AttributeRule] = []
    for mapped in observation.policy.mapped(sides.zone.names, sides.omero.names):
        merged = _merge(observation, sides, mapped)
        texts = frozenset(sides.texts[value] for value in merged.values)
        if merged.values:
            agreed[mapped.remembered_as] = tuple(sorted(merged.values))
        if mapped.direction != TO_IRODS or not sides.images.participants or _missing(observation, sides, mapped):
            shown[mapped.place] = texts
        if mapped.direction != TO_OMERO:
            avus[mapped.avu], unsure = _avus(observation, sides, mapped, texts)
            notes += [f"{mapped.avu}: {printable(text, 100)} ({WHICH_UNITS})" for text in unsure]
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
        values, owed = sides.omero.anywhere(mapped.place), _missing(observation, sides, mapped)
        if not sides.omero.participants:  # new images take over what the earlier ones had
            owed |= base & sides.zone.anywhere(mapped.avu)
        if not (values and mapped.single):
            values |= owed
        return _one_way(values, mapped, "OMERO is in charge of this attribute")
    in_zone, in_omero = sides.zone.says(mapped.avu, base), sides.omero.says(mapped.place, base)
    return merge_attribute(in_zone, in_omero, base, mapped)


def _missing(observation: Observation, sides: Sides, mapped: MappedAttribute) -> frozenset[str]:
    """What OMERO would not take, though it leads, and the zone still has: nobody has removed it."""
    return sides.zone.anywhere(mapped.avu) & frozenset(dict(observation.base.missing).get(mapped.remembered_as, ()))


def _avus(
    observation: Observation, sides: Sides, mapped: MappedAttribute, texts: frozenset[str]
) -> tuple[frozenset[DesiredAvu], list[str]]:
    """The AVUs for some texts in OMERO, and those texts of which nobody can tell which units they had before an edit.

    What an AVU in the zone shows already is that AVU, on the other data objects of the unit, too. A new text takes the
    place of what users took away in OMERO, and has the units of that.
    """
    carried: dict[str, set[Avu]] = defaultdict(set)
    for avu in observation.zone.avus:
        if avu.attribute == mapped.avu:
            carried[mapped.in_omero(avu.value, avu.units)].add(avu)
    base = sides.agreed(observation.base.values(mapped.remembered_as))
    taken_away = base - sides.omero.says(mapped.place, base)
    gone = [avus for text, avus in carried.items() if remembered(text) in taken_away]
    before = {frozenset(avu.units for avu in avus) for avus in gone}
    new = texts - set(carried)
    # One more than was taken away is an addition, and looks like the edits beside it.
    could_be_any = len(before) > 1 or len(new) > len(gone)
    is_unsure = could_be_any and not mapped.units and bool(before - {frozenset({""})})
    kept = next(iter(before)) if before and not is_unsure and not mapped.units else frozenset({""})
    desired: set[DesiredAvu] = set()
    for text in texts:
        if mapped.fixed_units or text not in carried:
            value, units = mapped.in_zone(text, frozenset().union(*before))
            desired |= {DesiredAvu(value, each or units, mapped.shows_units) for each in kept}
        else:
            desired |= {DesiredAvu(_value(mapped, avu), avu.units, mapped.shows_units) for avu in carried[text]}
    return frozenset(desired), sorted(new) if is_unsure else []


def _value(mapped: MappedAttribute, avu: Avu) -> str:
    """The value that an AVU should have: in the words of the zone."""
    return avu.value if mapped.shows_units else mapped.value_of(avu.value)


def _one_way(values: frozenset[str], mapped: MappedAttribute, rule: str) -> Merged:
    return Merged(first_by_name(values) if mapped.single else values, rule)


def frozen(observation: Observation, sides: Sides, why: str = TOO_MANY) -> Attributes:
    """Leave all mapped attributes alone on both sides, and say why.

    What was agreed stays agreed, so that users end this by removing values on one side. With newcomers on either side
    nothing stays agreed: they would seem to have removed what they never had.
    """
    has_newcomers = sides.zone.has_newcomers or sides.omero.has_newcomers
    base = observation.base
    return Attributes(() if has_newcomers else base.attributes, {}, {}, error=why, missing=base.missing)
