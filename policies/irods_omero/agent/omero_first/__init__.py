"""Takes into the zone what came through OMERO first."""
