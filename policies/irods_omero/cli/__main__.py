"""Runs the command line with ``python -m irods_omero.cli``."""

from irods_omero.cli.main import main

main()
