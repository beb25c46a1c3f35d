"""The services that a client gets from its service factory."""
