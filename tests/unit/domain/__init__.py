"""The pure part: plain tests of each module, and the promises as properties."""
