"""Directories as units: the list of their files, and what says that they are complete."""
