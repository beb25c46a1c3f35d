"""An agent that is broken off when it is started for the first time: the zone has one identity in the end."""

from __future__ import annotations

from pathlib import Path

import irods.keywords as kw
from irods.models import Collection

from tests.faults.calls import CUT_AFTER, CUT_BEFORE, KILL, REFUSE, TWICE, Disturbance
from tests.faults.cases import scene_of_its_own
from tests.scene import Scene
from tests.scene.twins import identities


def forget(scene: Scene) -> None:
    """Take away what agents have written down."""
    home = f"/{scene.zone.zone}/home/{scene.settings.zone.user}"
    for avu in scene.admin.metadata.get(Collection, home):
        if avu.name.startswith("omero::"):
            scene.admin.metadata.remove(Collection, home, avu, **{kw.ADMIN_KW: ""})


def test_wherever_the_first_agent_is_broken_off_the_zone_gets_one_identity(tmp_path: Path) -> None:
    with scene_of_its_own(tmp_path / "policy.json", "first-start") as (scene, agents):
        calls = agents.run().calls
        ways = [Disturbance(KILL, number) for number, call in enumerate(calls, 1) if call.changed]
        at = next(number for number, call in enumerate(calls, 1) if "omero::identity" in call.doing)
        ways += [Disturbance(how, at) for how in (CUT_BEFORE, CUT_AFTER, REFUSE)] + [Disturbance(TWICE)]
        for way in ways:
            forget(scene)
            agents.run(way)
            outcome = agents.run()
            assert (outcome.error, len(identities(scene))) == ("", 1), way
            known = identities(scene)
            agents.run()
            assert identities(scene) == known, way
