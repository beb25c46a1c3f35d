"""Runs the command line with ``python -m policies.cli``."""

from policies.cli.main import main

main()
