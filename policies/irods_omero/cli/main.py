"""The commands, each a thin cover over what does the work."""

from __future__ import annotations

import sys

import click

from irods_omero.cli.cmd_adopt import adopt, register
from irods_omero.cli.cmd_agent import agent
from irods_omero.cli.cmd_config import check_config
from irods_omero.cli.cmd_doctor import doctor
from irods_omero.cli.cmd_explain import explain
from irods_omero.cli.cmd_install import install, uninstall
from irods_omero.cli.cmd_rebind import rebind
from irods_omero.cli.cmd_reconcile import reconcile
from irods_omero.cli.cmd_removals import removals
from irods_omero.cli.cmd_retry import retry
from irods_omero.cli.cmd_unit import unit
from irods_omero.cli.common import FAILED, MISTAKE, configure_logs
from irods_omero.errors import PolicyError, SettingsError
from irods_omero.install import omero_client


class PolicyGroup(click.Group):
    """Turns this project's errors into one message and an exit code, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            click.echo(str(error), err=True)
            sys.exit(MISTAKE)
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
    configure_logs(verbose)
    ctx.obj = config


for command in (
    adopt,
    agent,
    check_config,
    doctor,
    explain,
    install,
    rebind,
    reconcile,
    register,
    removals,
    retry,
    uninstall,
    unit,
):
    main.add_command(command)
