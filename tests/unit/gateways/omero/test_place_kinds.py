"""What the domain says of kinds of places, and what the gateway to OMERO does about them, is about the same kinds."""

from __future__ import annotations

from irods_omero.domain.state.places import KINDS
from irods_omero.gateways.omero.events import KINDS as FOLLOWED
from irods_omero.gateways.omero.place_kinds import MODELS, TEXT_KINDS


def test_every_kind_of_place_is_read_and_made() -> None:
    assert set(TEXT_KINDS) == {name for name, kind in KINDS.items() if not kind.is_key}


def test_what_is_edited_at_any_of_them_is_followed_in_the_event_log() -> None:
    assert {f"ome.model.annotations.{model}" for model in MODELS} <= set(FOLLOWED)
    assert {kind.model for kind in TEXT_KINDS.values()} <= set(MODELS)
