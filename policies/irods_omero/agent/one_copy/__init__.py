"""Works on OMERO's copies: removes them, brings them back, and makes room."""
