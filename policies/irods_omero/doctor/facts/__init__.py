"""What the doctor looks at: the server, the zone, OMERO, and what came of trying the hooks."""
