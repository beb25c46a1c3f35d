"""Tests of irods_omero.domain.state."""
