"""OMERO, through omero-py's plain client and services."""
