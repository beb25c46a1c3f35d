"""Tests of irods_omero.domain.planning."""
