"""The installer: puts the in-server part and its rule engine into an iRODS server, and removes them again."""
