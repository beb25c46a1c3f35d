"""The request ``import``: forgets that the images of a unit were deleted, or that importing it was given up, and has
changes imported that are left until somebody asks for them.

It is answered at the first look: accepted, which makes the unit one that has never been imported; served, where its
images are there; or refused. What becomes of the import is then told as of any other.
"""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.rules.changes import asks_for_it
from irods_omero.domain.rules.imports import IMPORTED, decide_import
from irods_omero.domain.rules.requests import refusal
from irods_omero.domain.state.actions import OmeroAction, RemoveAvu, RemoveTag, ZoneAction
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS
from irods_omero.domain.state.request_lookup import IMPORTING
from irods_omero.domain.state.views import UnitCollection
from irods_omero.vocabulary import IMPORT


def requests_in_zone(observation: Observation) -> tuple[ZoneAction, ...]:
    """What takes the request away in the zone; nothing where it is not made there."""
    attribute = observation.policy.names.request
    first = observation.zone.first
    return tuple(
        RemoveAvu(getattr(carrier, "data_id", first.data_id), carrier.path, avu, isinstance(carrier, UnitCollection))
        for carrier in observation.zone.carriers(attribute)
        for avu in sorted(carrier.avus)
        if avu.attribute == attribute and avu.value in IMPORTING
    )


def requests_in_omero(observation: Observation) -> tuple[OmeroAction, ...]:
    """What takes the request away in OMERO; nothing where it is not made there."""
    return tuple(
        RemoveTag(subject, link.link, link.owner)
        for subject in observation.omero.subjects
        for link in sorted(subject.tags)
        if place_of_tag(link) == REQUEST_TAGS and link.text in IMPORTING
    )


def is_asked_for(observation: Observation) -> bool:
    """Whether anybody asks for the images."""
    return bool(requests_in_zone(observation) or requests_in_omero(observation))


def accepted(observation: Observation) -> Agreement | None:
    """What is agreed if the request is accepted, None if it is not."""
    forgotten = _forgotten(observation)
    if forgotten == replace(observation.base, no_import=""):
        return None
    importing = decide_import(replace(observation, base=forgotten))
    is_possible = importing.do_import or importing.wait or observation.content is None
    return forgotten if is_possible else None


def why_no_import(observation: Observation, is_asked: bool, rule: str) -> str:
    """Why the last request, which was not accepted, was refused; empty where it was not, or the images are there.

    Args:
        observation: The unit.
        is_asked: Whether somebody asks now.
        rule: The rule that decided about the import.
    """
    if rule == IMPORTED:
        return ""
    if not is_asked:
        return observation.base.no_import
    importing = decide_import(replace(observation, base=_forgotten(observation)))
    if importing.do_import or importing.wait or observation.content is None:  # it is imported anyway
        return ""
    return refusal(IMPORT, importing.error or importing.rule)


def _forgotten(observation: Observation) -> Agreement:
    base = replace(observation.base, failure=None, no_import="")
    if observation.omero.fileset is None:
        base = replace(base, gone=False, held=False, fileset=None, content=None)
    elif observation.content is not None and asks_for_it(observation, observation.content):
        base = replace(base, anew=True)
    return base
