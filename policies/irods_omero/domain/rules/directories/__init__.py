"""Whether the files of a directory are made one unit now, or several."""
