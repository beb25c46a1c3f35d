"""Tests of irods_omero.domain.rules."""
