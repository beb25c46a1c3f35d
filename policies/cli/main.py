"""The commands, each a thin cover over what does the work."""

from __future__ import annotations

import json
import sys

import click

from policies.cli.doctor import doctor
from policies.cli.install import install, uninstall
from policies.cli.logs import configure_logs
from policies.cli.looking import explain, reconcile
from policies.cli.options import FAILED, MISTAKE, settings_of
from policies.cli.unit import unit
from policies.errors import PolicyError, SettingsError
from policies.settings import Settings, settings_path


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


@click.group(cls=PolicyGroup)
@click.option("--config", metavar="FILE", help="The configuration file (default: /etc/irods/omero_policy.json).")
@click.option("--verbose", is_flag=True, help="Log more.")
@click.version_option(package_name="irods-omero-policies")
@click.pass_context
def main(ctx: click.Context, config: str | None, verbose: bool) -> None:
    """Keep an iRODS zone's storage tiers and OMERO's tags consistent, both ways."""
    configure_logs(verbose)
    ctx.obj = config


@main.command()
@click.option("--once", is_flag=True, help="Work through all that is marked once, and exit.")
@click.option("--shards", metavar="LIST", help="Work on these shards only, as in 0-31.")
@click.option("--json", "as_json", is_flag=True, help="Print what a sweep did as JSON.")
@click.pass_context
def agent(ctx: click.Context, once: bool, shards: str | None, as_json: bool) -> None:
    """Make both sides agree about all that is marked; without --once, for ever."""
    # Imported here: omero-py takes half a second that no other command should wait for.
    from policies.agent.loop import run, stop_on_signals  # noqa: PLC0415
    from policies.agent.report import Report  # noqa: PLC0415
    from policies.agent.sides import Sides  # noqa: PLC0415
    from policies.agent.sweep import Sweeper  # noqa: PLC0415

    settings = _with_shards(settings_of(ctx), shards)

    def show(report: Report) -> None:
        if once or report.changed:
            click.echo(json.dumps(report.as_dict()) if as_json else str(report))

    with Sides(settings) as sides:
        if once:
            report = Sweeper(sides).drain()
            show(report)
            ctx.exit(FAILED if report.failed else 0)
        run(sides, stop_on_signals(), show)


@main.command("config")
@click.option("--schema", is_flag=True, help="Print the JSON Schema instead.")
@click.option("--reference", is_flag=True, help="Print what every key means instead, in Markdown.")
@click.pass_context
def check_config(ctx: click.Context, schema: bool, reference: bool) -> None:
    """Check the configuration file; exit with 2 and one line for each mistake if there are any."""
    if schema:
        from policies.settings.schema import schema_text  # noqa: PLC0415

        click.echo(schema_text(), nl=False)
        return
    if reference:
        from policies.settings.reference import reference_text  # noqa: PLC0415

        click.echo(reference_text(), nl=False)
        return
    settings_of(ctx)
    click.echo(f"{settings_path(ctx.obj)}: no mistakes found")


def _with_shards(settings: Settings, shards: str | None) -> Settings:
    if shards is None:
        return settings
    fields = settings.model_dump(mode="json")
    fields["agent"]["shards"] = shards
    try:
        return Settings.model_validate(fields)
    except ValueError as error:
        raise SettingsError(f"--shards: {error}") from None


main.add_command(doctor)
main.add_command(install)
main.add_command(uninstall)
main.add_command(reconcile)
main.add_command(explain)
main.add_command(unit)
