"""The installation guide leads from the wheel to the first tagged image, on the lab's servers and with its policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject
from irods.password_obfuscation import encode
from irods.session import iRODSSession

from irods_omero.install.engines import DEFAULT_POLICY, PYTHON, TIERING
from lab.omero import LabOmero
from lab.omero.setup import add_group, add_restricted_admin
from lab.omero.setup import add_user as add_omero_user
from lab.zone import LabZone
from lab.zone.setup import add_user, schedule_tiering, set_up_tiers
from tests.deployment.test_packages import archives, program, run
from tests.pictures import retina
from tests.unit.install.configs import WITH_TIERING, as_text, document
from tests.unit.install.conftest import INTERPRETER

GUIDE = Path(__file__).parents[2] / "docs" / "installation.md"
IMAGES = "/tempZone/home/alice/images"

wheel, installed = archives, program
"""The program as pip installs it."""


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[LabZone]:
    """A zone that had two tiers and a user already, and now asks for the rules."""
    etc, state = tmp_path / "etc", tmp_path / "zone"
    etc.mkdir()
    with LabZone(state=state) as before, before.session() as session:
        add_user(session, "alice")
        set_up_tiers(session, "images", (("fast", 0), ("tape", 1)))
    policy = {"IRODS_OMERO_POLICY": str(etc / "omero_policy.json")}
    with LabZone(core=etc, state=state, environment=policy) as started:
        yield started


@pytest.fixture
def omero_server() -> Iterator[LabOmero]:
    """An OMERO server with the same user and, as the guide has it made in OMERO.web, the agent's account."""
    with LabOmero() as started:
        root = started.client()
        add_omero_user(root, "alice", "alice", [add_group(root, "my OMERO group")])
        add_restricted_admin(root, "irods-agent", "secret")
        root.closeSession()
        yield started


def guides_policy(folder: Path, zone: LabZone, omero_server: LabOmero) -> Path:
    """The policy file of the guide with the addresses of the lab."""
    (text,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    policy: dict[str, Any] = json.loads(text)
    (folder / "omero.password").write_text("secret\n")
    (folder / "omero.password").chmod(0o600)
    policy["zone"].update(host=zone.host, port=zone.port, password_file=str(folder / "zone.password"))
    policy["omero"].update(host=omero_server.host, port=omero_server.port, password_file=str(folder / "omero.password"))
    path = folder / "policy.json"
    path.write_text(json.dumps(policy))
    return path


def servers_files(folder: Path, zone: LabZone) -> list[str]:
    """What is on the machine of an iRODS server, and the options that say where it is here."""
    (folder / "etc" / "server_config.json").write_text(as_text(document(5, *WITH_TIERING)))
    for plugin in (PYTHON, TIERING, DEFAULT_POLICY):
        (folder / f"lib{plugin}.so").touch()
    (folder / ".irodsA").write_text(encode(zone.password))
    known = {"host": zone.host, "port": zone.port, "user_name": zone.admin, "zone_name": zone.name}
    environment = {f"irods_{name}": value for name, value in known.items()}
    environment["irods_authentication_file"] = str(folder / ".irodsA")
    (folder / "irods_environment.json").write_text(json.dumps(environment))
    places = ["--etc", folder / "etc", "--plugins", folder, "--home", folder, "--python", INTERPRETER]
    return [*map(str, places), "--environment", str(folder / "irods_environment.json")]


def test_from_the_wheel_to_the_first_tagged_image(
    installed: Path, zone: LabZone, omero_server: LabOmero, tmp_path: Path
) -> None:
    def done(*arguments: str) -> str:
        said = run(installed, "irods-omero", *arguments, at=tmp_path)
        assert said.returncode == 0, said
        return said.stdout

    policy, places = guides_policy(tmp_path, zone, omero_server), servers_files(tmp_path, zone)
    done("--config", str(policy), "config")
    assert "made the account omero-agent" in done("install", "--policy", str(policy), "--create-account", *places)

    with zone.session() as session:
        schedule_tiering(session, ["images"], delay=3600)

    config = ["--config", str(tmp_path / "etc" / "omero_policy.json")]
    looked = run(installed, "irods-omero", *config, "doctor", "--json", "--etc", str(tmp_path / "etc"), at=tmp_path)
    findings = json.loads(looked.stdout)["findings"]
    assert [one for one in findings if one["level"] == "failure"] == []
    assert {one["level"] for one in findings if one["check"] == "hooks"} == {"ok"}

    with iRODSSession(host=zone.host, port=zone.port, zone=zone.name, user="alice", password="alice") as alice:
        alice.collections.create(IMAGES)
        target = iRODSMeta("omero::target", "My project/My dataset", "my OMERO group")
        alice.metadata.set(Collection, IMAGES, target)
        alice.metadata.set(Collection, IMAGES, iRODSMeta("omero::import", "file"))
        with alice.data_objects.open(f"{IMAGES}/picture.ome.tiff", "w", destRescName="fast") as file:
            file.write(retina())
        avus: dict[str, str] = {}
        while "omero::url" not in avus:  # it is imported when it has come to rest
            done(*config, "agent", "--once")
            avus = {avu.name: avu.value for avu in alice.metadata.get(DataObject, f"{IMAGES}/picture.ome.tiff")}
    assert avus["omero::url"] == f"https://omero.example.org/webclient/?show=image-{avus['omero::image']}"
    user = omero_server.client("alice", group="my OMERO group")
    links = "from ImageAnnotationLink l, TagAnnotation t where l.child.id = t.id and l.parent.id = "
    hql = f"select t.textValue {links}{avus['omero::image']}"
    tags = {row[0].val for row in user.sf.getQueryService().projection(hql, None)}
    user.closeSession()
    assert tags == {"registered", "tier:fast"}
