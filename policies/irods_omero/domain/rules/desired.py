"""What both sides should say about an imported unit, as values that the views are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple

from irods_omero.domain.rules.formats.neighbour_rules import depends_on_others
from irods_omero.domain.rules.moving import Amount
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.places import PATH, Place
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.residency import MOVING, OFFLINE, ONLINE
from irods_omero.domain.state.texts import printable, timestamp
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import OmeroView, Pairs, Subject, ZoneView
from irods_omero.vocabulary import AUTO, REGISTERED, TIER_TAG_PREFIX, Names

IMAGES_LISTED = 50
"""At most this many image ids are written as AVUs; the fileset leads to the others."""


class DesiredAvu(NamedTuple):
    """An AVU that a data object should carry.

    Attributes:
        value: Its value.
        units: The units that it is added with.
        strict: Whether the units have to be these; else an AVU with other units is as good.
    """

    value: str
    units: str = ""
    strict: bool = True


DesiredAvus = dict[str, frozenset[DesiredAvu]]
"""For each attribute the AVUs that every data object should carry, or what speaks for all of them; other attributes are
left alone."""


class Error(NamedTuple):
    """What is wrong with a unit, as both sides show it.

    Attributes:
        text: One line.
        attempts: The number of attempts, 0 where nothing was tried.
        more: What else its collection says of it, if it is one: there are few of these, and may be many files.
    """

    text: str
    attempts: int = 0
    more: str = ""


Errors = tuple[Error, ...]


def errors_of(*errors: Error) -> Errors:
    """The errors that have a text, as texts that both sides can hold, sorted and each once."""
    shown = {(text := printable(error.text)): error._replace(text=text) for error in reversed(errors) if error.text}
    return tuple(error for _, error in sorted(shown.items()))


def placing_error(omero: OmeroView, names: Names) -> str:
    """What is wrong with where images are in OMERO, and what to do; empty if nothing is."""
    if not omero.unplaced:
        return ""
    if omero.has_plates:
        return f"its plate is in no screen: link it to one in OMERO; for plates {names.target} has to be Screen:ID"
    return (
        f"its images are in no dataset: link them to one in OMERO; if {names.target} is Screen:ID, it takes plates only"
    )


@dataclass(frozen=True)
class DesiredState:
    """What both sides should say.

    Attributes:
        shown: For each place the texts that every image or plate should carry there.
        pairs: The key-value pairs of this policy on every image or plate.
        archived: Whether images are shown with a lock, None to leave that as it is.
        addresses: For images that OMERO reads at an address what it should be.
        avus: The AVUs of every data object.
        ids: The AVUs by which a data object is known to be part of the agreement. They are written last: agreed values
            that a data object with these AVUs lacks count as removed by a user.
    """

    shown: dict[Place, frozenset[str]]
    pairs: Pairs
    archived: bool | None
    avus: DesiredAvus
    ids: DesiredAvus
    addresses: Mapping[int, str] = field(default_factory=dict)


def state_tags(tier: Tier | None) -> frozenset[str]:
    """The tags that say what an image is to iRODS; no tier tag while no replica is good."""
    return frozenset({REGISTERED} | ({TIER_TAG_PREFIX + tier.name} if tier else set()))


def tier_rule(tier: Tier | None) -> str:
    """What says which tier users see, and whether it can be read."""
    rule = "iRODS: where the good replicas are in the catalog"
    if tier is None or not tier.residency:
        return rule
    said = MOVING if tier.moving else OFFLINE if tier.offline else ONLINE
    return f"{rule}; {said} there, as {tier.residency} says, or tiers.{tier.resource}.offline where that says nothing"


def state_pairs(zone: ZoneView, policy: Policy, agreement: Agreement, errors: Errors, in_omero: str) -> Pairs:
    """The key-value pairs that say where an image's bytes are, and what is wrong; ``in_omero`` is of OMERO's copy."""
    content = zone.first.content()
    pairs = (
        ("zone", policy.zone),
        (PATH, zone.first.path),
        ("data id", str(zone.first.data_id)),
        ("checksum", content.checksum if content else ""),
        ("tier", agreement.tier),
        ("since", agreement.since),
        ("waiting", _waiting(agreement)),
        ("in OMERO", in_omero),
        *(("error", error.text) for error in errors),
    )
    return tuple((key, value) for key, value in pairs if value)


def _waiting(agreement: Agreement) -> str:
    """What is waited for, since when, and how much that was when it was asked for; empty for nothing."""
    if not agreement.asked:
        return ""
    moving = agreement.moving
    amount = f": {Amount(moving.objects, moving.size)}" if moving else ""
    return f"{agreement.request} since {timestamp(agreement.asked)}{amount}"


def id_avus(zone: ZoneView, omero: OmeroView, policy: Policy) -> DesiredAvus:
    """The AVUs that lead from a data object to its images; none of them without a fileset.

    Those by which several data objects are a unit were written by an administrator: they stay without images, and
    where they are not believed they are left alone, for an administrator to see.
    """
    names, server, unit = policy.names, policy.server, zone.unit
    if zone.trouble:
        units: DesiredAvus = {}
    else:
        is_there = omero.fileset is not None or unit.is_of_several
        units = {names.unit: frozenset({DesiredAvu(str(unit.data_id), unit.kind)} if is_there else set())}
    if omero.fileset is None:
        return {**units, **{attribute: frozenset() for attribute in (names.fileset, names.image, names.url)}}
    images = nsmallest(IMAGES_LISTED, (image.id for image in omero.images))
    address = _address(omero.subjects, policy)
    return {
        **units,
        names.fileset: frozenset({DesiredAvu(str(omero.fileset), server)}),
        names.image: frozenset(DesiredAvu(str(image), server) for image in images),
        names.url: frozenset({DesiredAvu(address)} if address else set()),
    }


def error_avus(zone: ZoneView, policy: Policy, errors: Errors) -> DesiredAvus:
    """The AVUs that tell of errors, or none; what lies beside a file has others say of it stays."""
    shown = {DesiredAvu(error.text, str(error.attempts)) for error in errors}
    if not zone.unit.is_of_several and depends_on_others(zone.first.path, zone.rule, policy.own_rules):
        of_others = (avu for avu in zone.first.avus if avu.attribute == policy.names.error and avu.units == AUTO)
        shown.update(DesiredAvu(avu.value, avu.units) for avu in of_others)
    return {policy.names.error: frozenset(shown)}


def collection_errors(zone: ZoneView, policy: Policy, errors: Errors) -> DesiredAvus:
    """The AVUs that tell of errors on the collection of a directory; what else is wrong there is for others to say."""
    attribute = policy.names.error
    if zone.collection is None or not zone.is_directory:
        return {}
    texts = ((printable(": ".join(filter(None, (each.text, each.more)))), each.attempts) for each in errors)
    shown = {DesiredAvu(text, str(attempts)) for text, attempts in texts}
    of_others = (avu for avu in zone.collection.avus if avu.attribute == attribute and not avu.units.isdecimal())
    return {attribute: frozenset({*shown, *(DesiredAvu(avu.value, avu.units) for avu in of_others)})}


def _address(subjects: tuple[Subject, ...], policy: Policy) -> str:
    if not policy.web or not subjects:
        return ""
    kind, number = min((subject.kind, subject.id) for subject in subjects)
    return f"{policy.web}/webclient/?show={kind.lower()}-{number}"
