"""iRODS policies that keep a zone's storage tiers and OMERO's tags consistent both ways.

Loaded by the Python of the iRODS server too (3.6 and later): nothing is imported here.
"""
