"""What both sides should say about an imported unit, as values that the views are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.texts import printable, timestamp
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import OmeroView, Subject, ZoneView
from irods_omero.vocabulary import FILE, REGISTERED, TIER_TAG_PREFIX

IMAGES_LISTED = 50
"""So many image ids are written as AVUs at most; a unit with more is found by its fileset."""


class DesiredAvu(NamedTuple):
    """An AVU that a data object shall carry.

    Attributes:
        value: Its value.
        units: The units that it is added with.
        strict: Whether one with other units will not do.
    """

    value: str
    units: str = ""
    strict: bool = True


DesiredAvus = dict[str, frozenset[DesiredAvu]]
"""For each attribute the AVUs that every data object shall carry; attributes that it does not name are let alone."""


class Error(NamedTuple):
    """What is wrong with a unit, as both sides show it.

    Attributes:
        text: One line.
        attempts: How often it was tried.
    """

    text: str
    attempts: int = 0


Errors = tuple[Error, ...]


def errors_of(*errors: Error) -> Errors:
    """Those that say anything, as texts that both sides can hold."""
    shown = {printable(error.text): error.attempts for error in reversed(errors) if error.text}
    return tuple(Error(text, attempts) for text, attempts in sorted(shown.items()))


@dataclass(frozen=True)
class DesiredState:
    """What both sides should say.

    Attributes:
        shown: For each place the texts that every image or plate shall carry there.
        pairs: The key-value pairs of this policy on every image or plate.
        archived: Whether images are shown with a lock.
        avus: The AVUs of every data object.
        ids: The AVUs by which a data object is known to belong to the unit; they are written last, as what was agreed
            is asked for only of data objects that carry them.
    """

    shown: dict[Place, frozenset[str]]
    pairs: tuple[tuple[str, str], ...]
    archived: bool
    avus: DesiredAvus
    ids: DesiredAvus


def state_tags(tier: Tier | None) -> frozenset[str]:
    """The tags that say what an image is to iRODS; no tier tag while no replica is good."""
    return frozenset({REGISTERED} | ({TIER_TAG_PREFIX + tier.name} if tier else set()))


def state_pairs(zone: ZoneView, policy: Policy, agreement: Agreement, errors: Errors) -> tuple[tuple[str, str], ...]:
    """The key-value pairs that say where an image's bytes are, and what is wrong."""
    content = zone.first.content()
    pairs = (
        ("zone", policy.zone),
        ("path", zone.first.path),
        ("data id", str(zone.first.data_id)),
        ("checksum", content.checksum if content else ""),
        ("tier", agreement.tier),
        ("since", agreement.since),
        ("waiting", f"{agreement.request} since {timestamp(agreement.asked)}" if agreement.asked else ""),
        *(("error", error.text) for error in errors),
    )
    return tuple((key, value) for key, value in pairs if value)


def id_avus(zone: ZoneView, omero: OmeroView, policy: Policy) -> DesiredAvus:
    """The AVUs that lead from a data object to its images; none of them without a fileset.

    Those by which several data objects are a unit were written by an administrator: they stay without images, and
    where they make no sense they stay as they are, for an administrator to see.
    """
    names, server, unit = policy.names, policy.server, zone.unit
    if zone.trouble:
        units: DesiredAvus = {}
    else:
        is_there = omero.fileset is not None or unit.kind != FILE
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


def error_avus(policy: Policy, errors: Errors) -> DesiredAvus:
    """The AVUs that tell of errors, or none."""
    return {policy.names.error: frozenset(DesiredAvu(error.text, str(error.attempts)) for error in errors)}


def _address(subjects: tuple[Subject, ...], policy: Policy) -> str:
    if not policy.web or not subjects:
        return ""
    kind, number = min((subject.kind, subject.id) for subject in subjects)
    return f"{policy.web}/webclient/?show={kind.lower()}-{number}"
