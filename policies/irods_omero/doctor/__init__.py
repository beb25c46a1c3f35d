"""The doctor: looks at an installation from all sides, and says for each thing that is wrong what to do about it."""
