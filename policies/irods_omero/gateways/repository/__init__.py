"""OMERO's managed repository as a directory: what is there, what is removed and what is brought back."""
