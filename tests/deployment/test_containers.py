"""No container can be run where these tests run: what is in the files is held against the rest of the project."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from irods_omero.cli import main
from irods_omero.install import engines
from irods_omero.settings import load_settings
from lab.omero import LabOmero
from tests.deployment import icommands

REPOSITORY = Path(__file__).parents[2]
DOCKER = REPOSITORY / "docker"
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCRIPTS = sorted([*DOCKER.glob("*.sh"), *(REPOSITORY / "irods_config").glob("*.sh")])
TEXTS = ["Dockerfile", "compose.yaml", "docs/installation.md"]
EXAMPLES = [path for path in (REPOSITORY / "irods_config").rglob("*") if path.is_file()]
TEXTS += [str(path.relative_to(REPOSITORY)) for path in (*SCRIPTS, *EXAMPLES)]
PINNED = re.compile(r"^docker\.io/[a-z0-9/-]+:\d+(\.\d+)+$")


def instructions() -> list[list[str]]:
    """The instructions of the Dockerfile, each as words."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [line.split() for line in joined.splitlines() if line.strip()]


def secrets(folder: Path) -> Path:
    """What make_secrets.sh makes, in a folder of its own."""
    shutil.copy(DOCKER / "make_secrets.sh", folder)
    subprocess.run(["sh", str(folder / "make_secrets.sh")], check=True, capture_output=True)
    return folder / "secrets"


# The Dockerfile


def test_what_is_copied_exists_and_is_sent_to_the_builder() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for words in instructions():
        if words[0] == "COPY" and not words[1].startswith("--from"):
            for source in words[1:-1]:
                assert (REPOSITORY / source).exists(), source
                assert "!" + source.split("/")[0] in ignored, source


def test_both_images_and_what_they_come_from_are_stages() -> None:
    stages = [words[words.index("AS") + 1] for words in instructions() if words[0] == "FROM"]
    assert stages == ["program", "agent", "zone"]
    origins = {words[1].removeprefix("--from=") for words in instructions() if "--from=" in words[1]}
    assert origins == {"program"}
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} == {"agent", "zone"}


def test_every_version_is_pinned() -> None:
    defaults = dict(words[1].split("=") for words in instructions() if words[0] == "ARG")
    assert PINNED.match(defaults["UBUNTU"])
    assert all(re.match(r"^\d+\.\d+\.\d+$", value) for name, value in defaults.items() if name != "UBUNTU")
    installed = [words for words in instructions() if words[0] == "RUN" and "irods-server" in " ".join(words)]
    (packages,) = [re.findall(r'"?(irods-[a-z-]+)=', " ".join(words)) for words in installed]
    assert set(packages) == {
        "irods-runtime",
        "irods-server",
        "irods-icommands",
        "irods-database-plugin-postgres",
        "irods-rule-engine-plugin-python",
        "irods-rule-engine-plugin-unified-storage-tiering",
    }
    assert all(f'"{package}=${{' in DOCKERFILE for package in packages)
    assert "--constraint requirements/runtime.txt" in DOCKERFILE


def test_the_rule_engines_of_the_image_are_those_that_install_looks_for() -> None:
    for plugin in (engines.PYTHON, engines.TIERING):
        assert f"{plugin.replace('_', '-')}=" in DOCKERFILE


def test_commands_in_images_are_copied_there() -> None:
    copied = {
        f"{words[-1].rstrip('/')}/{Path(one).name}"
        for words in instructions()
        if words[0] == "COPY"
        for one in words[1:-1]
    }
    named = set(re.findall(r"/opt/irods-omero/docker/\w+\.\w+", DOCKERFILE + json.dumps(COMPOSE)))
    for script in SCRIPTS:
        called = re.findall(r"\$here/(\w+\.\w+)", script.read_text())
        named |= {f"/opt/irods-omero/docker/{name}" for name in called}
    assert named <= copied
    shared = {name for script in SCRIPTS for name in re.findall(r"\$share/([\w.]+)", script.read_text())}
    assert shared
    assert all((REPOSITORY / "irods_config" / name).exists() for name in shared)


# compose.yaml


def test_images_are_public_ones_of_one_version_or_built_here() -> None:
    for name, service in SERVICES.items():
        assert "build" in service or PINNED.match(service["image"]), name
        assert "build" not in service or service["image"].endswith(":local"), name


def test_every_service_that_stays_has_a_health_check_and_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == ("restart" in service), name
        for other, how in service.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert ("healthcheck" in SERVICES[other]) == healthy, (name, other)
            assert healthy or how["condition"] == "service_completed_successfully"
    assert set(SERVICES["agent"]["depends_on"]) == {"zone", "accounts"}


def test_secrets_are_files_and_nowhere_else(tmp_path: Path) -> None:
    made = {path.name for path in secrets(tmp_path).iterdir()}
    assert {name: Path(one["file"]) for name, one in COMPOSE["secrets"].items()} == {
        name: Path("docker/secrets") / name for name in made
    }
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == made
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "pass" not in name.lower() or value.startswith("/run/secrets/"), name
    for name, service in SERVICES.items():
        text = json.dumps(service)
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        assert read <= set(service.get("secrets", ())), name


def test_made_secrets_are_long_and_out_of_reach_of_other_users_and_of_git(tmp_path: Path) -> None:
    folder = secrets(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    lengths = {path.name: len(path.read_text()) for path in folder.iterdir()}
    assert set(lengths.values()) == {24, 32}
    assert lengths["negotiation_key"] == 32
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert {path.name: path.read_text() for path in secrets(tmp_path).iterdir()} == first
    assert "secrets/" in (DOCKER / ".gitignore").read_text()
    assert "docker/secrets" in (REPOSITORY / ".dockerignore").read_text()


def test_ports_are_those_of_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_mounted_files_and_volumes_exist() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            known = (REPOSITORY / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]
            assert known, (name, source)
        for config in service.get("configs", ()):
            assert (REPOSITORY / COMPOSE["configs"][config["source"]]["file"]).exists()


def test_the_policy_names_what_the_composition_makes(tmp_path: Path) -> None:
    settings = load_settings(DOCKER / "policy.json")
    assert {settings.zone.host, settings.omero.host} <= set(SERVICES)
    for service in (SERVICES["agent"], SERVICES["zone"]):
        mounted = {config["target"] for config in service["configs"]}
        assert mounted == {"/etc/irods-omero/policy.json"}
    for file in (settings.zone.password_file, settings.omero.password_file):
        assert file is not None
        assert Path(file).parent == Path("/run/irods-omero")
        assert Path(file).name in SERVICES["agent"]["secrets"]
    made = setup(tmp_path)
    assert settings.zone.name == made["server_config"]["zone_name"]
    assert settings.zone.port == made["server_config"]["zone_port"]
    accounts = runpy.run_path(str(DOCKER / "omero_accounts.py"))
    assert settings.omero.user == accounts["AGENT"]
    assert settings.watch.roots == [f"/{settings.zone.name}/home/{accounts['USER']}"]


# What runs in containers


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_can_be_run(script: Path) -> None:
    interpreter = script.read_text().splitlines()[0].removeprefix("#!")
    subprocess.run([interpreter, "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o111


def setup(folder: Path) -> dict[str, Any]:
    """What the zone's image answers to setup_irods.py."""
    made: dict[str, Any] = runpy.run_path(str(DOCKER / "zone_setup.py"))["setup"]("zone", "database", secrets(folder))
    return made


def test_the_zones_configuration_takes_the_rules(tmp_path: Path) -> None:
    made = setup(tmp_path)
    text, additions = engines.put_in(json.dumps(made["server_config"], indent=4), with_tiering=True)
    assert [one["plugin_name"] for one in additions.engines] == [engines.PYTHON, engines.TIERING]
    assert engines.concerns(json.loads(text)) == []
    assert made["admin_password"] == (tmp_path / "secrets" / "irods_admin").read_text()


def test_a_new_zone_gets_tiers_accounts_and_a_watched_collection(tmp_path: Path) -> None:
    script = tmp_path / "zone_contents.sh"
    tools, files = tmp_path / "tools", tmp_path / "files"
    for folder in (tools, files / "bin", files / "share"):
        folder.mkdir(parents=True)
    (files / "bin" / "irods-omero").symlink_to("/bin/true")
    (files / "share" / "irods-omero").symlink_to(REPOSITORY / "irods_config")
    (files / "alice").write_text("a password")
    text = (DOCKER / "zone_contents.sh").read_text()
    script.write_text(text.replace("/opt/irods-omero", str(files)).replace("/run/irods-omero", str(files)))
    calls = icommands.run(script, tools, ZONE_HOST="zone")
    settings = load_settings(DOCKER / "policy.json")
    assert ["iadmin", "mkresc", "tape", "unixfilesystem", "zone:/var/lib/irods/tape"] in calls
    assert ["iadmin", "moduser", "alice", "password", "a password"] in calls
    tiers = {words[3] for words in calls if words[:3] == ["imeta", "set", "-R"]}
    assert tiers == set(settings.tiers)
    watched = next(words[3] for words in calls if words[:2] == ["imeta", "set"] and words[2] == "-C")
    assert watched.startswith(settings.watch.roots[0] + "/")
    assert calls[-1] == ["imeta", "set", "-C", watched, "omero::import", "file"]


def test_a_new_omero_server_gets_the_accounts_once(tmp_path: Path) -> None:
    folder = secrets(tmp_path)
    accounts = runpy.run_path(str(DOCKER / "omero_accounts.py"))
    with LabOmero(password=(folder / "omero_root").read_text()) as server:
        for _ in range(2):
            accounts["make_accounts"](server.host, server.port, folder)
        agent = server.client(accounts["AGENT"], (folder / "omero_agent").read_text())
        granted = agent.getSession().getAdminService().getCurrentAdminPrivileges()
        assert [privilege.getValue().getValue() for privilege in granted] == ["Sudo"]
        agent.closeSession()
        user = server.client(accounts["USER"], (folder / "alice").read_text())
        context = user.getSession().getAdminService().getEventContext()
        assert (context.groupName, context.isAdmin) == (accounts["GROUP"], False)
        user.closeSession()


# Commands, wherever they are named


def commands(text: str) -> list[list[str]]:
    """The calls of irods-omero in a text, as words."""
    text = re.sub(r'",\s*"', " ", re.sub(r"\\\n", " ", text))
    return [shlex.split(call) for call in re.findall(r"irods-omero ((?:[a-z]+)(?: --[^\n|>;`)'\"&]*)?)", text)]


@pytest.mark.parametrize("name", TEXTS)
def test_commands_that_are_named_exist_with_their_options(name: str) -> None:
    for words in commands((REPOSITORY / name).read_text()):
        command = main.get_command(click.Context(main), words[0])
        if command is None:
            assert not any(word.startswith("--") for word in words), words
            continue
        options = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


def test_paths_of_this_project_that_are_named_exist() -> None:
    for name in TEXTS:
        for path in re.findall(
            r"(?<![\w/.-])((?:docker|irods_config|docs)/[\w.-]+\.\w+)", (REPOSITORY / name).read_text()
        ):
            assert (REPOSITORY / path).exists(), (name, path)
