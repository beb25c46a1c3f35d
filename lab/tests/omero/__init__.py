"""Tests of the lab OMERO server, by the real client."""
