"""Tests of the lab itself: it does what the real servers were seen to do, or refuses by name."""
