"""The command line: irods-omero."""

from policies.cli.main import main

__all__ = ["main"]
