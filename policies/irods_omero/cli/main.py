"""The commands, each a thin wrapper around what does the work."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from irods_omero.cli.common import FAILED, MISTAKE
from irods_omero.errors import PolicyError, SettingsError, UnreachableError
from irods_omero.install import omero_client
from irods_omero.logs import log

COMMANDS = {
    "adopt": "cmd_adopt:adopt",
    "agent": "cmd_agent:agent",
    "config": "cmd_config:check_config",
    "doctor": "cmd_doctor:doctor",
    "explain": "cmd_explain:explain",
    "install": "cmd_install:install",
    "log": "cmd_log:log",
    "rebind": "cmd_rebind:rebind",
    "reconcile": "cmd_reconcile:reconcile",
    "register": "cmd_adopt:register",
    "removals": "cmd_removals:removals",
    "report": "cmd_report:report",
    "retry": "cmd_retry:retry",
    "status": "cmd_status:status",
    "uninstall": "cmd_install:uninstall",
    "unit": "cmd_unit:unit",
}
"""For each command its module in this package, and what it is called there."""


class PolicyGroup(click.Group):
    """Loads a command when it is used, and turns this project's errors into one message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name: no other one is loaded, which monitoring would wait for each time."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(f"irods_omero.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            click.echo(str(error), err=True)
            sys.exit(MISTAKE)
        except UnreachableError as error:  # a command that ends does not try again
            click.echo(f"irods-omero: {error.plain}; if it goes on: irods-omero doctor", err=True)
            sys.exit(FAILED)
        except PolicyError as error:
            click.echo(f"irods-omero: {error}", err=True)
            sys.exit(FAILED)
        except ImportError as error:
            if not omero_client.is_missing(error):
                raise
            need = f"irods-omero {ctx.invoked_subcommand} needs omero-py, which is not installed here ({error})"
            click.echo(f"{need}; {omero_client.advice()}", err=True)
            sys.exit(FAILED)


@click.group(cls=PolicyGroup)
@click.option("--config", metavar="FILE", help="The configuration file (default: /etc/irods/omero_policy.json).")
@click.option("--verbose", is_flag=True, help="Log more.")
@click.version_option(package_name="irods-omero-policies")
@click.pass_context
def main(ctx: click.Context, config: str | None, verbose: bool) -> None:
    """Keep an iRODS zone's storage tiers and OMERO's tags consistent, both ways."""
    log.configure(verbose)
    ctx.obj = config
