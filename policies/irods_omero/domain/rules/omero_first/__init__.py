"""Where in the zone that goes which came through OMERO first, whose it is, and what follows OMERO later."""
