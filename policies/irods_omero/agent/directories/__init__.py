"""Makes units of directories."""
