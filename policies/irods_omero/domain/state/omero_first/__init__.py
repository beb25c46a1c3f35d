"""What came through OMERO first, as plain values: filesets, where they are in the zone, and whose."""
