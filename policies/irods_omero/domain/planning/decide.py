"""The one function that decides what is to be done, from what both sides say and what was agreed."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.planning.decision import Decision, Reason, fits, record
from irods_omero.domain.planning.diff import (
    diff_collection,
    diff_ids,
    diff_omero,
    diff_strays,
    diff_superseded,
    diff_told,
    diff_zone,
)
from irods_omero.domain.planning.fields import Fields, reasons_of
from irods_omero.domain.planning.plan import EMPTY, Plan
from irods_omero.domain.rules.attributes import Attributes, frozen, merge_attributes
from irods_omero.domain.rules.causes import HELD
from irods_omero.domain.rules.changes import imported_and_late
from irods_omero.domain.rules.desired import (
    DesiredAvu,
    DesiredState,
    Error,
    errors_of,
    id_avus,
    placing_error,
    state_pairs,
    state_tags,
)
from irods_omero.domain.rules.formats.zarr_metadata import addresses_of
from irods_omero.domain.rules.import_requests import (
    accepted,
    is_asked_for,
    requests_in_omero,
    requests_in_zone,
    why_no_import,
)
from irods_omero.domain.rules.imports import IMPORTED, decide_import
from irods_omero.domain.rules.omero_first.follow_names import decide_place
from irods_omero.domain.rules.omero_first.follow_rights import RightsDecision, decide_rights
from irods_omero.domain.rules.omero_first.in_place import lost_error
from irods_omero.domain.rules.one_copy.compared_bytes import verified_of
from irods_omero.domain.rules.one_copy.copy_decision import decide_copies, still_shared
from irods_omero.domain.rules.one_copy.copy_words import said_in_omero
from irods_omero.domain.rules.one_copy.links import linked_after
from irods_omero.domain.rules.refused_actions import refusals_of, without_answered
from irods_omero.domain.rules.requests import RequestDecision, decide_request
from irods_omero.domain.rules.side_values import Sides, sides_of
from irods_omero.domain.rules.validity import without_invalid
from irods_omero.domain.state.actions import RemoveAvu, ZoneAction
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS
from irods_omero.domain.state.request_lookup import request_or_none
from irods_omero.domain.state.texts import printable, timestamp
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import NOTHING_IN_OMERO

NOTES_KEPT = 10
"""At most this many notes are kept, the latest."""


def decide(observation: Observation) -> Decision:
    """Decide what makes both sides of a unit agree.

    Where something was refused and nothing is left to do, nothing is refused any more.
    """
    decision = _decide(observation)
    if observation.refused is None and observation.base.refusals_told and not decision.plan.works:
        return _decide(replace(observation, refused=()))
    return decision


def _decide(observation: Observation) -> Decision:
    if not observation.zone.objects:
        return Decision(
            EMPTY, observation.base, (Reason("unit", "gone", "its data objects are no longer in the zone"),)
        )
    asking = without_answered(observation)
    is_import_asked_for = is_asked_for(asking)
    if is_import_asked_for and (agreement := accepted(observation)) is not None:
        return _accept_import(observation, asking, agreement)
    importing = decide_import(observation)
    is_held = observation.is_held and observation.omero.fileset is not None  # without images there is nothing to hold
    # With new images nothing is agreed any more: what is held is decided about before there are any.
    if importing.do_import and not is_held:
        reason = Reason("import", "now", importing.rule)
        return Decision(Plan(do_import=importing.do_import), observation.base, (reason,))
    observation, invalid = without_invalid(observation)
    asking = without_answered(observation)
    sides = sides_of(asking)
    if observation.is_held and _has_lost_its_images(observation):
        return _held(observation)
    tier = observation.policy.tiers.of_unit(observation.zone.objects, observation.zone.parts)
    request = decide_request(asking, sides)
    standing = request_or_none(request.pending.request if request.pending else "")
    fields = Fields(
        importing,
        tier,
        request,
        decide_copies(observation, tier, standing),
        decide_rights(observation),
        decide_place(observation, standing.moves),
        why_no_import(observation, is_import_asked_for, importing.rule),
        frozen(observation, sides, HELD) if is_held else merge_attributes(observation, sides),
        invalid,
        placing_error(observation.omero, observation.policy.names),
        refusals_of(observation),
        lost_error(observation),
    )
    if observation.omero.fileset is None:
        return _without_images(observation, fields)
    return _with_images(observation, _fitting(observation, sides, fields))


def _accept_import(observation: Observation, asking: Observation, agreement: Agreement) -> Decision:
    """Forget why there are no images, before the request is taken away; the next look decides what comes of it."""
    plan = Plan(
        first=record(observation, agreement), omero=requests_in_omero(asking), zone=requests_in_zone(observation)
    )
    rule = "asked for: what was deleted or given up is forgotten"
    return Decision(plan, agreement, (Reason("import", "soon", rule),), wait=True)


def _has_lost_its_images(observation: Observation) -> bool:
    base = observation.base
    return observation.omero.fileset is None and base.fileset is not None and not base.gone


def _held(observation: Observation) -> Decision:
    """Leave a unit without its images as it is, and say why."""
    agreement = replace(observation.base, held=True)
    errors = errors_of(
        Error(HELD), Error(agreement.refused), Error(agreement.no_import), Error(agreement.refusals_told)
    )
    plan = Plan(
        zone=diff_told(observation.zone, observation.policy, errors),
        record=record(observation, agreement),
    )
    return Decision(plan, agreement, (Reason("images", "held", HELD),))


def _fitting(observation: Observation, sides: Sides, fields: Fields) -> Fields:
    """The fields with as much about mapped attributes as fits into the agreement."""
    fields = replace(fields, attributes=_without_undone(fields))
    rest = _agree(observation, fields)
    # What is held stays as it is, whether it fits or not: what was agreed fitted before.
    if observation.is_held or fits(fields.attributes.in_agreement(rest)):
        return fields
    if observation.omero.earlier:
        # They are observed only once: an error that rests on them would be gone the next time.
        alone = replace(observation, omero=replace(observation.omero, earlier=()))
        sides = sides_of(alone)
        return _fitting(alone, sides, replace(fields, attributes=merge_attributes(alone, sides)))
    attributes = frozen(observation, sides)
    if not fits(attributes.in_agreement(rest)):
        attributes = replace(attributes, agreed=())
    return replace(fields, attributes=attributes)


def _without_undone(fields: Fields) -> Attributes:
    """The mapped attributes, of which those values are not agreed that a side has refused."""
    attributes, refusals = fields.attributes, fields.refusals
    return replace(
        attributes, agreed=refusals.agreed(attributes.agreed), missing=refusals.missing_in(attributes.missing)
    )


def _told(observation: Observation, fields: Fields) -> tuple[ZoneAction, ...]:
    """What shows in the zone what is wrong, and what was refused."""
    errors = errors_of(*fields.errors, Error(fields.refusals.told))
    return diff_told(observation.zone, observation.policy, errors)


def _without_images(observation: Observation, fields: Fields) -> Decision:
    """Nothing to show in OMERO: the ids of images are removed from the zone, requests and errors stay there."""
    base, policy, zone = observation.base, observation.policy, observation.zone
    agreement = Agreement(
        content=base.content or (observation.content if base.fileset is not None else None),
        gone=base.gone or base.fileset is not None,
        no_import=fields.no_import,
        refusals_told=fields.refusals.told,
        failure=base.failure if fields.importing.error else None,
        notes=base.notes,
        in_place=base.in_place,
        collection=_collection(observation, fields),
    )
    agreement = fields.request.in_agreement(agreement)
    avus = {policy.names.request: _request_avus(fields.request)}
    names, ids = policy.names, id_avus(zone, NOTHING_IN_OMERO, policy)
    # The event of the deletion leads to the unit by this id, which therefore goes last.
    last = {names.fileset: ids.pop(names.fileset)}
    strays = diff_strays(zone, names)
    plan = Plan(
        zone=diff_zone(zone, avus) + diff_collection(zone, avus),
        superseded=diff_superseded(observation.omero),
        ids=diff_ids(zone, ids, names) + strays + fields.request.moves + diff_ids(zone, last, names),
        told=_told(observation, fields),
        record=record(observation, agreement),
    )
    return _decision(observation, fields, _remembering(observation, plan, agreement), agreement)


def _with_images(observation: Observation, fields: Fields) -> Decision:
    zone, omero, agreement = observation.zone, observation.omero, _agree(observation, fields)
    noted = (*fields.attributes.notes, *fields.refusals.notes)
    notes = (note for note in noted if not _is_noted(note, agreement.notes))
    agreement = replace(fields.attributes.in_agreement(agreement), notes=(*agreement.notes, *notes)[-NOTES_KEPT:])
    names, desired = observation.policy.names, _desired(observation, fields, agreement)
    strays = diff_strays(zone, names)
    imported, late = imported_and_late(observation, fields.importing.changes)
    no_ids = diff_zone(late, id_avus(late, NOTHING_IN_OMERO, observation.policy))
    plan = Plan(
        omero=diff_omero(omero, desired),
        zone=diff_zone(zone, desired.avus) + diff_collection(zone, desired.avus) + fields.rights.actions,
        superseded=diff_superseded(omero),
        ids=diff_ids(imported, desired.ids, names) + no_ids + strays + fields.request.moves,
        told=_told(observation, fields),
        record=record(observation, agreement),
        copies=fields.copies.action,
    )
    if agreement == observation.base and not plan.told and observation.refused is None:
        plan = replace(plan, ids=plan.ids + fields.place.moves)
    return _decision(observation, fields, _remembering(observation, plan, agreement, fields.rights), agreement)


def _decision(observation: Observation, fields: Fields, plan: Plan, agreement: Agreement) -> Decision:
    # Said once; and looked at once more, as it may have been the moment.
    is_news = bool(agreement.refusals_told) and agreement.refusals_told != observation.base.refusals_told
    wait = fields.importing.wait or fields.request.wait or fields.copies.wait or fields.place.wait or is_news
    return Decision(_tidy(observation, plan), agreement, reasons_of(observation, fields, agreement), wait)


def _tidy(observation: Observation, plan: Plan) -> Plan:
    """The plan, with stray agreements removed, unless it writes an agreement, which replaces them."""
    if not observation.strays or plan.first or plan.record:
        return plan
    first = observation.zone.first
    strays = tuple(RemoveAvu(first.data_id, first.path, avu) for avu in observation.strays)
    return replace(plan, ids=plan.ids + strays)


def _agree(observation: Observation, fields: Fields) -> Agreement:
    """What is agreed, about mapped attributes what was."""
    base, omero, name = observation.base, observation.omero, fields.tier.name if fields.tier else ""
    return replace(
        fields.request.in_agreement(base),
        content=_imported_content(observation),
        fileset=omero.fileset,
        group=min((subject.group for subject in omero.subjects), default=base.group),
        gone=False,
        tier=name,
        since=base.since if base.since and name == base.tier else timestamp(observation.now),
        no_import=fields.no_import,
        anew=base.anew and fields.importing.rule != IMPORTED,
        unshown=fields.refusals.unshown and bool(fields.pending),
        answered=fields.refusals.answered,
        refusals_told=fields.refusals.told,
        failure=base.failure if fields.importing.error else None,
        verified=verified_of(observation),
        evicted=fields.copies.evicted,
        to_move=fields.copies.to_move,
        shared=still_shared(observation),
        linked=linked_after(observation, fields.copies.linking),
        copy_failure=base.copy_failure if fields.copies.action or fields.copies.error else None,
        held=observation.is_held,
        unplaced=omero.unplaced,
        rights=fields.rights.agreed,
        places=fields.place.agreed,
        collection=_collection(observation, fields),
        members=observation.zone.members if observation.zone.is_directory else "",
    )


def _says_anything(fields: Fields) -> bool:
    """Whether anything is agreed that data objects and collections carry, and may lose."""
    return bool(fields.request.shown or fields.attributes.agreed)


def _collection(observation: Observation, fields: Fields) -> str:
    """What is remembered of the collection that carries what is agreed, too; where nothing is, there is no need."""
    collection = observation.zone.collection
    return collection.digest if collection and _says_anything(fields) else ""


def _imported_content(observation: Observation) -> Content | None:
    """What the images show: the present content, unless that is another one that cannot be imported."""
    content, known = observation.content, observation.known_content
    if content is None or known is None:
        return content or known
    if not content.same_as(known):
        return known
    return replace(content, checksum=content.checksum or known.checksum)


def _desired(observation: Observation, fields: Fields, agreement: Agreement) -> DesiredState:
    zone, policy, attributes, errors = observation.zone, observation.policy, fields.attributes, fields.errors
    asked = frozenset(each.request for each in fields.request.shown)
    return DesiredState(
        shown={**attributes.shown, TIER_TAGS: state_tags(fields.tier), REQUEST_TAGS: asked},
        pairs=state_pairs(zone, policy, agreement, errors, said_in_omero(observation, fields.copies, fields.tier)),
        archived=fields.copies.locked,
        avus={**attributes.avus, policy.names.request: _request_avus(fields.request)},
        ids=id_avus(zone, observation.omero, policy),
        addresses=addresses_of(zone.first.path, observation.omero.images, policy.zarr),
    )


def _request_avus(request: RequestDecision) -> frozenset[DesiredAvu]:
    """What is asked, with the user who asked; where a data object has it already, its units stay as they are."""
    return frozenset(DesiredAvu(each.request, printable(each.by, 200), strict=False) for each in request.shown)


def _remembering(
    observation: Observation, plan: Plan, agreement: Agreement, rights: RightsDecision | None = None
) -> Plan:
    """The plan, and as its first step what would be lost if the agent were killed on the way."""
    base = observation.base
    if rights is not None and rights.under_way is not None:
        base = replace(base, rights=rights.under_way)
    if agreement.gone and not base.gone:
        last = {name: getattr(base, name) for name in ("request", "beside", "moves", "asked", "queued", "moving")}
        base = replace(agreement, **last)
    refused = agreement.refused or (observation.base.refused if agreement.request else "")
    first = record(observation, replace(base, refused=refused, no_import=agreement.no_import, notes=agreement.notes))
    if first is None or not plan.works:
        return plan
    return replace(plan, first=first, record=None if first.agreement == agreement else plan.record)


def _is_noted(note: str, notes: tuple[str, ...]) -> bool:
    """Whether the same value is noted already, for whatever reason."""
    return any(note.partition(" (")[0] == earlier.partition(" (")[0] for earlier in notes)
