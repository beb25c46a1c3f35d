"""The published JSON Schema is the one that the program checks with."""

from __future__ import annotations

from pathlib import Path

from omero.constants.metadata import NSCLIENTMAPANNOTATION

from irods_omero.settings.mapping import CLIENT_NAMESPACE
from irods_omero.settings.reference import schema_text

PUBLISHED = Path(__file__).parents[3] / "irods_config" / "omero_policy.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    assert PUBLISHED.read_text() == schema_text(), (
        "run: irods-omero config --schema > irods_config/omero_policy.schema.json"
    )


def test_users_pairs_are_where_the_clients_of_omero_write_them() -> None:
    """The configuration is read by commands that should not wait for omero-py to be imported."""
    assert CLIENT_NAMESPACE == NSCLIENTMAPANNOTATION
