"""The command line: irods-omero."""

from irods_omero.cli.main import main

__all__ = ["main"]
