"""The rule engines of the zone, in the order in which they are asked: storage tiering, Python, default policy."""
