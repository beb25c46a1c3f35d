"""The commands that a client submits, and the handles that they run behind."""
