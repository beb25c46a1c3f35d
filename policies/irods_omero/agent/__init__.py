"""The agent: takes marks and hints, looks at both sides, and makes them agree."""
