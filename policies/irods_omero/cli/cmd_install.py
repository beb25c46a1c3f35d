"""The commands that put the in-server part into an iRODS server, and remove it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from irods_omero.errors import PolicyError
from irods_omero.install import layout as places
from irods_omero.install.distribution import POLICY
from irods_omero.install.execution import apply, compile_modules, outdated, uncompiled
from irods_omero.install.files import Change
from irods_omero.install.layout import ServerLayout
from irods_omero.install.manifest import FILE
from irods_omero.install.planner import InstallChoices, InstallPlan, plan_install, plan_removal
from irods_omero.settings import Settings, load_settings

REFUSED = 1
LEFT_TO_DO = 3

PATH = click.Path(path_type=Path)
ETC = click.option("--etc", type=PATH, default=Path("/etc/irods"), show_default=True, help="Folder of core.py.")
HOME = click.option(
    "--home", type=PATH, default=places.HOME, show_default=True, help="Home of the service account, for version.json."
)


@click.command(short_help="Put hooks and rule engine into this iRODS server.")
@ETC
@click.option("--server-config", type=PATH, help="The server's configuration (default: in the folder of core.py).")
@click.option("--plugins", type=PATH, default=places.usual_plugins, help="Folder of the rule engine plugins.")
@click.option(
    "--python",
    type=PATH,
    default=places.PYTHON,
    show_default=True,
    help="The Python that the rule engine was built for; it compiles the rules.",
)
@HOME
@click.option("--policy", type=PATH, help="Check this policy file and install it as omero_policy.json.")
@click.option("--with-tiering", is_flag=True, help="Configure the storage tiering plugin if it is not.")
@click.option("--compose", is_flag=True, help="Join the hooks to a core.py that the site has already.")
@click.option("--create-account", is_flag=True, help="Make the agent's account, as the administrator of --environment.")
@click.option(
    "--environment",
    type=PATH,
    default=Path("~/.irods/irods_environment.json"),
    show_default=True,
    help="Environment of an iRODS administrator who has logged in with iinit.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def install(ctx: click.Context, /, etc: Path, server_config: Path | None, **chosen: Any) -> None:
    """Put hooks and rule engine into this iRODS server; running it again brings them up to date.

    Exit code: 0 done (or nothing to do), 1 nothing was changed because something stands in the way, 2 a mistake in
    the policy file, 3 done, but something is left for you.
    """
    if not etc.is_dir():
        raise PolicyError(f"{etc} is not there: is this an iRODS server?")
    server_config = server_config or etc / "server_config.json"
    layout = ServerLayout(etc, server_config, chosen["plugins"], chosen["python"], chosen["home"])
    policy = chosen["policy"]
    settings = _settings(policy or etc / POLICY)
    choices = InstallChoices(chosen["compose"], chosen["with_tiering"], policy.read_bytes() if policy else None)
    plan = plan_install(layout, choices)
    if settings is None:
        plan.left.append(f"write {etc / POLICY}: without it the hooks do nothing (irods-omero install --policy FILE)")
    report = _Report(chosen["as_json"], chosen["dry_run"])
    _carry_out(ctx, plan, layout, report)
    report.compiled = uncompiled(plan) if chosen["dry_run"] else compile_modules(plan, layout)
    if settings is not None and chosen["create_account"]:
        try:
            report.account = _account(settings, chosen["environment"].expanduser(), chosen["dry_run"])
        except PolicyError as error:  # what else was done is to be told all the same
            plan.left.append(str(error))
    elif settings is not None and _is_new(plan, layout) and not chosen["dry_run"]:
        report.said += _commands_for_account(settings)
    if plan.changes and not chosen["dry_run"]:
        report.said += [places.activation(layout, plan.config_changes), "run irods-omero doctor"]
    report.show(plan)
    ctx.exit(LEFT_TO_DO if plan.left else 0)


@click.command(short_help="Remove from this server what install has added.")
@ETC
@HOME
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def uninstall(ctx: click.Context, etc: Path, home: Path, dry_run: bool, as_json: bool) -> None:
    """Remove from this iRODS server exactly what install has added.

    Backups stay, and so do the agent's account and the AVUs in the zone. Exit codes are those of install.
    """
    layout = ServerLayout(etc, etc / "server_config.json", places.usual_plugins(), home=home)
    plan = plan_removal(layout)
    report = _Report(as_json, dry_run)
    report.outdated = outdated(plan)
    _carry_out(ctx, plan, layout, report)
    if plan.changes and not dry_run:
        if plan.config_changes:
            urgent = "do it now: until then, iRODS 5 asks a rule engine for a core.py that is gone"
            report.said += [places.activation(layout, config_changed=True), urgent]
        report.said.append(
            "as an iRODS administrator, if the agent's account is no longer needed: iadmin rmuser ACCOUNT"
        )
    report.show(plan)
    ctx.exit(LEFT_TO_DO if plan.left else 0)


class _Report:
    """Collects what was done, and prints it for people or for programs."""

    def __init__(self, as_json: bool, dry_run: bool) -> None:
        self.as_json, self.dry_run = as_json, dry_run
        self.made: list[dict[str, str]] = []
        self.account: list[str] = []
        self.said: list[str] = []
        self.compiled: list[Path] = []
        self.outdated: list[Path] = []

    def done(self, change: Change, backup: Path | None) -> None:
        if all(made["path"] != str(change.path) for made in self.made):
            kept = {"backup": str(backup)} if backup else {}
            self.made.append({"action": change.verb, "path": str(change.path), **kept})

    def show(self, plan: InstallPlan) -> None:
        if self.as_json:
            compiled = [str(path) for path in self.compiled]
            parts = {"account": self.account, "problems": plan.problems, "left": plan.left, "next": self.said}
            click.echo(
                json.dumps({"dry_run": self.dry_run, "changed": self.made, "compiled": compiled, **parts}, indent=2)
            )
            return
        would = "would " if self.dry_run else ""
        for made in self.made:
            kept = f" (the old one is kept as {made['backup']})" if "backup" in made else ""
            click.echo(f"{would}{made['action']} {made['path']}{kept}")
        if self.compiled:
            click.echo(f"{would}compile {len(self.compiled)} modules with the rule engine's Python")
        if self.outdated:
            click.echo(f"{would}remove {len(self.outdated)} compiled modules")
        if not self.made and not self.compiled and not plan.problems:
            click.echo("nothing to change")
        for text in self.account:
            click.echo(text)
        for text, head in [
            *((one, "in the way") for one in plan.problems),
            *((one, "left to do") for one in plan.left),
        ]:
            click.echo(f"{head}: {text}", err=True)
        for text in self.said:
            click.echo(f"next: {text}")


def _carry_out(ctx: click.Context, plan: InstallPlan, layout: ServerLayout, report: _Report) -> None:
    if plan.problems:
        report.show(plan)
        ctx.exit(REFUSED)
    if not report.dry_run:
        apply(plan, layout, report.done)
        return
    for change in plan.changes:
        report.done(change, None)
        if not report.as_json and change.verb == "change":
            click.echo(change.diff())


def _is_new(plan: InstallPlan, layout: ServerLayout) -> bool:
    """Whether rules or policy file come to this server for the first time: there may be no account yet."""
    new = [change.path for change in plan.changes if change.before is None]
    return any(layout.etc / name in new for name in (FILE, POLICY))


def _settings(path: Path) -> Settings | None:
    return load_settings(path) if path.exists() else None


def _account(settings: Settings, environment: Path, dry_run: bool) -> list[str]:
    if dry_run:
        return [f"would make the account {settings.zone.user}, if it is missing, and set its password"]
    # Imported here: python-irodsclient takes a quarter of a second that no other command should wait for.
    from irods_omero.install import account  # noqa: PLC0415

    return account.create(settings.zone, environment)


def _commands_for_account(settings: Settings) -> list[str]:
    from irods_omero.install import account  # noqa: PLC0415

    return [f"as an iRODS administrator, once: {command}" for command in account.commands(settings.zone)]
