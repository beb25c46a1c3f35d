"""The agent: claims marks, follows hints, observes both sides, and makes them agree."""
