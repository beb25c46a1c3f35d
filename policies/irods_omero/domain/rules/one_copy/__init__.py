"""Whether OMERO should have a copy of files that the zone has, or a link to them."""
