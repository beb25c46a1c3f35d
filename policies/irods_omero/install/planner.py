"""Plans an installation or its removal: the files to change, the obstacles, and what is left to the administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irods_omero import hooks
from irods_omero.errors import PolicyError
from irods_omero.install import corepy, distribution, engines, files, manifest, namesakes
from irods_omero.install.files import Change
from irods_omero.install.layout import ServerLayout
from irods_omero.install.manifest import Manifest


@dataclass(frozen=True)
class InstallChoices:
    """What the administrator chose.

    Attributes:
        compose: Whether to add to a core.py that the site has already.
        with_tiering: Whether to configure the storage tiering plugin.
        policy: The text of a policy file to install.
    """

    compose: bool = False
    with_tiering: bool = False
    policy: bytes | None = None


@dataclass
class InstallPlan:
    """What is to be done.

    Attributes:
        changes: The files to change, in the order in which every beginning of the list is safe.
        problems: Why nothing is done at all.
        left: What a person has to do beside it.
        modules: What the rule engine's Python is to compile afterwards.
        config_changes: Whether the server's configuration is among what changes.
    """

    changes: list[Change] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    modules: list[Path] = field(default_factory=list)
    config_changes: bool = False


def plan_install(layout: ServerLayout, choices: InstallChoices) -> InstallPlan:
    """Plan an installation, or bringing one up to date.

    The record is written first, of the old files and the new, and last, of the new: whenever this is interrupted, the
    next run knows what is its own. The server is told of the rule engine when everything that it needs is there.
    """
    plan = InstallPlan(problems=_links(layout.etc, manifest.FILE))
    record_text = files.text(layout.etc / manifest.FILE)
    record = manifest.read(record_text)
    after = Manifest(version=distribution.installed_version(), server_config=str(layout.server_config))
    plan.problems += namesakes.in_folder(layout.etc, record)
    _plan_files(plan, layout, record, after, choices.policy)
    _plan_core(plan, layout, record, after, choices.compose)
    _plan_leftovers(plan, layout, record, after)
    _plan_config(plan, layout, record, after, choices.with_tiering)
    _plan_modules(plan, layout, after)
    _frame(plan, layout, record, record_text, after)
    return plan


def _frame(plan: InstallPlan, layout: ServerLayout, record: Manifest, record_text: str | None, after: Manifest) -> None:
    """Put the changes between the two writings of the record."""
    path, before = layout.etc / manifest.FILE, _bytes(record_text)
    if not plan.changes:
        if record_text != after.text():
            plan.changes = [Change(path, before, after.text().encode())]
        return
    both = {
        name: sorted({*record.files.get(name, []), *after.files.get(name, [])}) for name in record.files | after.files
    }
    meanwhile = after.model_copy(update={"files": both}).text().encode()
    plan.changes.insert(0, Change(path, before, meanwhile))
    plan.changes.append(Change(path, meanwhile, after.text().encode()))


def _plan_files(
    plan: InstallPlan, layout: ServerLayout, record: Manifest, after: Manifest, policy: bytes | None
) -> None:
    wanted = {**distribution.parts(), **({distribution.POLICY: policy} if policy is not None else {})}
    for name, data in wanted.items():
        if links := _links(layout.etc, name):
            plan.problems += links
            continue
        _plan_file(plan, layout.etc / name, data, record.files.get(name, []))
        after.files[name] = [files.digest(data)]
    if distribution.POLICY in record.files:
        after.files.setdefault(distribution.POLICY, record.files[distribution.POLICY])


def _plan_leftovers(plan: InstallPlan, layout: ServerLayout, record: Manifest, after: Manifest) -> None:
    """Plan to remove what an older version had: after core.py was changed, which may have imported it."""
    leftovers = sorted(record.files.keys() - after.files.keys() - {distribution.CORE})
    core = files.text(layout.etc / distribution.CORE) or ""
    if record.core_added:
        core = corepy.taken_apart(core, record.core_added) or core
    for package in sorted({name.partition("/")[0] for name in leftovers} - {distribution.PACKAGE}):
        if files.digest(core.encode()) not in record.files.get(distribution.CORE, []) and corepy.imports(core, package):
            what = f"{layout.etc / distribution.CORE} imports {package}, which is now called {distribution.PACKAGE}"
            plan.problems.append(f"{what}: {corepy.advice(core, hooks.PEPS)}")
    for name in leftovers:
        now = files.content(layout.etc / name)
        if now is not None and files.digest(now) in record.files[name]:
            plan.changes.append(Change(layout.etc / name, now, None))


def _links(etc: Path, name: str) -> list[str]:
    """Symbolic links on the way to a file: root must not be led to write elsewhere by who owns the folder."""
    path = etc / name
    links = [one for one in (path, *path.parents[: len(Path(name).parts) - 1]) if one.is_symlink()]
    return [f"{link} is a symbolic link, behind which nothing is written: move it away" for link in links]


def _plan_file(plan: InstallPlan, path: Path, data: bytes, recorded: Sequence[str]) -> None:
    now = files.content(path)
    if now == data:
        return
    if now is None or files.digest(now) in recorded:
        plan.changes.append(Change(path, now, data))
    elif recorded:
        plan.problems.append(f"{path} was changed since it was installed: move it away, then run this again")
    else:
        plan.problems.append(f"{path} is not from this program, and stays: move it away if it is not needed")


def _plan_core(plan: InstallPlan, layout: ServerLayout, record: Manifest, after: Manifest, compose: bool) -> None:
    path, ours = layout.etc / distribution.CORE, distribution.core()
    now = files.text(path)
    recorded = record.files.get(distribution.CORE, [])
    if now is None or now.encode() == ours or files.digest(now.encode()) in recorded:
        plan.problems += _links(layout.etc, distribution.CORE)
        _plan_file(plan, path, ours, recorded)
        after.files[distribution.CORE] = [files.digest(ours)]
        return
    site = corepy.taken_apart(now, record.core_added) if record.core_added else None
    if corepy.is_joined(now, hooks.PEPS):
        after.core_added = record.core_added
    elif site is None and not compose:
        plan.left.append(f"{path} is the site's own and stays as it is: {corepy.advice(now, hooks.PEPS)}")
    elif objection := "it is a symbolic link" if path.is_symlink() else corepy.objection(now, hooks.PEPS):
        plan.problems.append(f"{path} cannot be added to safely: {objection}; {corepy.advice(now, hooks.PEPS)}")
    else:
        # The lines of an older version, which named the package otherwise, make room for these.
        text = now if site is None else site
        after.core_added = corepy.addition(text)
        plan.changes.append(Change(path, now.encode(), (text + after.core_added).encode(), backup=True))


def _plan_modules(plan: InstallPlan, layout: ServerLayout, after: Manifest) -> None:
    """Plan what to compile, after looking at what would be imported in place of it."""
    try:
        plan.problems += namesakes.on_path(layout)
    except PolicyError as error:
        why = "it would say what hides the rules from it, and compile them"
        plan.left.append(f"{error}: name the rule engine's Python with --python and run this again ({why})")
        return
    names = [name for name in after.files if name.endswith(".py")] + [distribution.CORE] * bool(after.core_added)
    plan.modules = [layout.etc / name for name in names]


def _plan_config(
    plan: InstallPlan, layout: ServerLayout, record: Manifest, after: Manifest, with_tiering: bool
) -> None:
    now = _config_text(layout.server_config)
    if now is None:
        plan.problems.append(f"{layout.server_config} does not exist: is this an iRODS server?")
        return
    cleared, _ = engines.taken_out(now, record.additions())
    had_tiering = any(one["plugin_name"] == engines.TIERING for one in record.engines)
    then, additions = engines.put_in(cleared, with_tiering or had_tiering)
    after.engines, after.regex = additions.engines, additions.regex
    plan.problems += [
        f"{one['plugin_name']} is not installed in {layout.plugins}: without its package the server would not start"
        for one in additions.engines
        if not (layout.plugins / f"lib{one['plugin_name']}.so").exists()
    ]
    plan.left += [f"{layout.server_config}: {concern}" for concern in engines.concerns(engines.parsed(then).value)]
    if then != now:
        plan.changes.append(Change(layout.server_config, now.encode(), then.encode(), backup=True))
        plan.config_changes = True


def _config_text(path: Path) -> str | None:
    """The server's configuration, if it is there; what is wrong with it is told with its path."""
    text = files.text(path)
    if text is not None:
        engines.parsed(text, str(path))
    return text


def plan_removal(layout: ServerLayout) -> InstallPlan:
    """Plan to remove what was installed: first the server stops asking, then the files go, then the record."""
    plan = InstallPlan()
    record_text = files.text(layout.etc / manifest.FILE)
    if record_text is None:
        return plan
    record = manifest.read(record_text)
    _plan_config_removal(plan, Path(record.server_config or layout.server_config), record)
    _plan_core_removal(plan, layout, record)
    for name in sorted(record.files.keys() - {distribution.CORE}):
        now = files.content(layout.etc / name)
        if now is not None and files.digest(now) in record.files[name]:
            plan.changes.append(Change(layout.etc / name, now, None))
        elif now is not None:
            plan.left.append(f"{layout.etc / name} was changed since it was installed, and stays")
    plan.changes.append(Change(layout.etc / manifest.FILE, _bytes(record_text), None))
    return plan


def _plan_config_removal(plan: InstallPlan, path: Path, record: Manifest) -> None:
    now = _config_text(path)
    if now is None:
        return
    then, left = engines.taken_out(now, record.additions())
    plan.left += [f"{path}: {what}" for what in left]
    if then != now:
        plan.changes.append(Change(path, now.encode(), then.encode(), backup=True))
        plan.config_changes = True


def _plan_core_removal(plan: InstallPlan, layout: ServerLayout, record: Manifest) -> None:
    path = layout.etc / distribution.CORE
    now = files.text(path)
    if now is None:
        return
    recorded = record.files.get(distribution.CORE, [])
    if files.digest(now.encode()) in recorded:
        plan.changes.append(Change(path, now.encode(), None))
        return
    then = corepy.taken_apart(now, record.core_added) if record.core_added else now
    if then is None or corepy.imports(then, distribution.PACKAGE):
        plan.problems.append(f"{path} imports the hooks by lines that are not from this program: take them out first")
    elif then != now:
        plan.changes.append(Change(path, now.encode(), then.encode(), backup=True))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
