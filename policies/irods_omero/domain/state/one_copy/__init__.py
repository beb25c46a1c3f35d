"""OMERO's copies of files that the zone has, and the files of vaults, as plain values."""
