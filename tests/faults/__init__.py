"""Agents that are broken off at any of their calls, and what must be so when another one has taken over."""
