"""Plays the whole story on the lab's servers, and shows at every step what changed on both sides."""
