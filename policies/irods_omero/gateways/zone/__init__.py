"""The zone, through python-irodsclient."""
