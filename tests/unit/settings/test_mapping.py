"""What the configuration takes for granted of OMERO."""

from __future__ import annotations

from omero.constants.metadata import NSCLIENTMAPANNOTATION

from irods_omero.settings.mapping import CLIENT_NAMESPACE


def test_users_pairs_are_where_the_clients_of_omero_write_them() -> None:
    """The configuration is read by commands that should not wait for omero-py to be imported."""
    assert CLIENT_NAMESPACE == NSCLIENTMAPANNOTATION
