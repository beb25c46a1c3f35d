"""All that may happen, in any order: people on both sides, storage tiering, agents, and everything that goes wrong."""

from __future__ import annotations

from itertools import count
from typing import Any

import irods.keywords as kw
import omero
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, precondition, rule

from tests.faults.agents import RECONCILE, SWEEP, Agents, Outcome
from tests.faults.calls import CUT_AFTER, CUT_BEFORE, KILL, REFUSE, Disturbance
from tests.faults.cases import NO_PICTURE, PICTURE
from tests.model.checks import wrong, wrong_intake
from tests.model.keywords import KINDS_OF_KEYWORDS, Kind
from tests.model.pool import POOL
from tests.model.reference import Thing
from tests.model.servers import (
    SOON,
    Servers,
    connect,
    lose_events,
    lose_marks,
    mark,
    move_data,
    postponed,
    queued,
    reconnect,
    take_requests_away,
    work_on_queue,
)
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST
from tests.scene.elsewhere import import_elsewhere
from tests.scene.places import AGENT_USER
from tests.scene.snapshot import good_resources

IN_OMERO = st.booleans()
KINDS = st.sampled_from(KINDS_OF_KEYWORDS)
REQUESTS = st.sampled_from(["archive", "restage", "keep"])
PLACES = st.integers(0, 9)
AT_FIRST = 3
CALLS = st.integers(1, 70)
BREAKS = st.sampled_from([KILL, CUT_BEFORE, CUT_AFTER, REFUSE])
OF_AGENTS = ("saveArray", "write", "importFileset", "verifyUpload", "createSessionWithTimeouts")
"""Operations of OMERO that only agents call."""

FORGIVEN = 2
"""Refusals after which an import is not given up yet."""

SETTLING = 8
"""Sweeps that it may take at most until nothing is marked: three attempts of an import, and what movements lead to."""

_runs = count(1)


class Machine(RuleBasedStateMachine):
    """One run."""

    things = Bundle("things")

    def __init__(self) -> None:
        super().__init__()
        self.versions = count(1)
        self.values = count(1)
        self.alive: list[Thing] = []
        self.removed: set[int] = set()
        self.is_up = True
        self.restarts = 0
        self.refusals = 0
        self.brought: dict[int, bytes] = {}

    @initialize(target=things)
    def begin(self) -> Any:
        """Three images with keywords of each kind on each side, on which both agree."""
        self.servers: Servers = POOL.take()
        self.scene: Scene = self.servers.scene(f"run-{next(_runs)}")
        connect(self.scene)
        self.agents: Agents = self.servers.agents(self.scene)
        self.agents.run()
        made = [self.put(is_picture=True) for _ in range(AT_FIRST)]
        for in_omero in (False, True):
            self.sweep()
            for thing in made:
                for kind in KINDS_OF_KEYWORDS:
                    self.add_keyword(thing, in_omero, kind)
        self.sweep()
        return multiple(*made)

    # People in the zone

    @rule(target=things, is_picture=st.sampled_from([True, True, True, False]))
    def put(self, is_picture: bool) -> Thing:
        version = next(self.versions)
        path = self.scene.put(f"{version}.ome.tiff", self._content(version, is_picture))
        thing = Thing(path, self.scene.admin.data_objects.get(path).id, version, is_picture)
        self.alive.append(thing)
        return thing

    @rule(thing=things, is_picture=st.booleans())
    def overwrite(self, thing: Thing, is_picture: bool) -> None:
        if thing.in_trash:
            return
        version = next(self.versions)
        (resource,) = good_resources(self.scene.admin, thing.path)
        options = {kw.DEST_RESC_NAME_KW: resource}
        with self.scene.user.data_objects.open(thing.path, "w", **options) as stream:
            stream.write(self._content(version, is_picture))
        thing.gets_content(version, is_picture)

    @rule(thing=things)
    def rename(self, thing: Thing) -> None:
        path = f"{self.scene.collection}/renamed {next(self.values)}.ome.tiff"
        self.scene.user.data_objects.move(thing.path, path)
        thing.moved_to(path)

    @rule(thing=things)
    def throw_away(self, thing: Thing) -> None:
        if not thing.in_trash:
            self.scene.user.data_objects.unlink(thing.path)
            thing.moved_to(thing.path.replace("/home/", "/trash/home/"))

    @rule(thing=consumes(things))
    def delete(self, thing: Thing) -> None:
        self.scene.user.data_objects.unlink(thing.path, force=True)
        self.alive.remove(thing)
        self.removed.add(thing.data_id)

    # People on both sides

    @rule(thing=things, in_omero=IN_OMERO, kind=KINDS)
    def add_keyword(self, thing: Thing, in_omero: bool, kind: Kind) -> None:
        value = f"{kind.avu} {next(self.values)}"
        if not in_omero:
            self.scene.set_avu(thing.path, kind.avu, value)
        elif (image := self._image(thing)) is not None:
            kind.add(self.scene, image, value)
        else:
            return
        thing.gets_keyword(value, in_omero)

    @rule(thing=things, in_omero=IN_OMERO, kind=KINDS, place=PLACES)
    def remove_keyword(self, thing: Thing, in_omero: bool, kind: Kind, place: int) -> None:
        image = self._image(thing)
        if in_omero and image is not None:
            values = kind.shown(self.scene.image(image))
        else:
            values = [] if in_omero else self.scene.avus(thing.path, kind.avu)
        if not values:
            return
        value = values[place % len(values)]
        if in_omero and image is not None:
            kind.remove(self.scene, image, value)
        else:
            self.scene.remove_avu(thing.path, kind.avu, value)
        thing.loses_keyword(value, in_omero)

    @rule(thing=things, in_omero=IN_OMERO, request=REQUESTS)
    def ask(self, thing: Thing, in_omero: bool, request: str) -> None:
        image = self._image(thing)
        if in_omero and image is not None:
            if request not in self.scene.image(image).texts:
                self.scene.ask_by_tag(image, request)
        elif request not in self.scene.avus(thing.path, "omero::request"):
            self.scene.ask_by_avu(thing.path, request)
        thing.is_asked(request)

    @rule(thing=things, in_omero=IN_OMERO)
    def withdraw(self, thing: Thing, in_omero: bool) -> None:
        image = self._image(thing)
        if in_omero and image is not None:
            for request in self.scene.image(image).texts & {"archive", "restage", "keep"}:
                self.scene.take_tag_away(image, request)
        elif not in_omero:
            take_requests_away(self.scene, thing.path)
        else:
            return
        thing.is_no_longer_asked()

    @rule(thing=things)
    def delete_images(self, thing: Thing) -> None:
        filesets = self.scene.avus(thing.path, "omero::fileset")
        if self.is_up and filesets:
            targets = {"Fileset": [int(fileset) for fileset in filesets]}
            context = {"omero.group": str(self.scene.group_id)}
            request = omero.cmd.Delete2(targetObjects=targets)
            self.scene.microscopist.submit(request, ctx=context, failonerror=False).close(True)
            thing.deleted = thing.version
            thing.loses_images()

    @precondition(lambda self: self.is_up)
    @rule()
    def import_elsewhere(self) -> None:
        """Somebody imports an image by another client."""
        version = next(self.versions)
        content = self._content(version, is_picture=True)
        files = {f"elsewhere {version}/a.ome.tiff": content}
        self.servers.omero.calm()  # what goes wrong are calls of an agent, which mends nothing of other clients
        self.brought[import_elsewhere(self.scene.microscopist, self.scene.group_id, files)] = content

    # Storage

    @rule(thing=things)
    def move_by_hand(self, thing: Thing) -> None:
        (source,) = good_resources(self.scene.admin, thing.path)
        move_data(self.scene, thing.path, source, ARCHIVE if source == FAST else FAST)
        thing.touched()

    @rule()
    def work_on_queue(self) -> None:
        for path in work_on_queue(self.scene):
            self._touch(path)

    @precondition(lambda self: self.restarts < 1 and self.alive)
    @rule()
    def tiering_runs(self) -> None:
        """Storage tiering moves what nobody has used for long, and all that is queued."""
        self.restarts += 1
        self.scene.grow_old(*(thing.path for thing in self.alive if not thing.in_trash))
        self.scene.run_tiering()
        self._restart_zone(SOON)
        self.scene.wait_until(lambda: postponed(self.scene), "what is queued is done, or put off")
        self._restart_zone()
        for thing in self.alive:
            thing.touched()

    # Agents

    @rule()
    def sweep(self) -> None:
        if not self.agents.run().error:
            assert self.is_up
            for thing in self.alive:
                thing.looked_at()

    @rule(how=BREAKS, at=CALLS)
    def broken_sweep(self, how: str, at: int) -> None:
        if how == REFUSE and not self._is_forgiven():
            return
        outcome = self.agents.run(Disturbance(how, at))
        if not outcome.killed and not outcome.error and len(outcome.calls) < at:
            for thing in self.alive:
                thing.looked_at()

    @rule(target=things, how=BREAKS, at=CALLS)
    def put_and_break_the_import(self, how: str, at: int) -> Any:
        thing = self.put(is_picture=True)
        assert isinstance(thing, Thing)
        self.broken_sweep(how, at)
        return thing

    @precondition(lambda self: self.is_up)
    @rule(how=st.one_of(st.just(""), BREAKS), at=CALLS)
    def reconcile(self, how: str, at: int) -> None:
        if how == REFUSE:
            return
        outcome = self.agents.run(Disturbance(how, at), RECONCILE)
        if not how and not outcome.error:
            for thing in self.alive:
                thing.is_reconciled()

    # What goes wrong

    @rule(thing=things, states=st.sampled_from([[], ["pending"], ["taken"], ["pending", "taken"]]))
    def marks_are_others(self, thing: Thing, states: list[str]) -> None:
        """A mark is lost, or there is one too many."""
        if states:
            mark(self.scene, thing.path, *states)
        else:
            lose_marks(self.scene, thing.path)
            thing.is_lost()

    @precondition(lambda self: self.is_up)
    @rule()
    def lose_events(self) -> None:
        lose_events(self.scene)
        for thing in self.alive:
            thing.is_lost()

    @precondition(lambda self: self.is_up and self.restarts < 2)
    @rule()
    def omero_goes_down(self) -> None:
        self.restarts += 1
        self.servers.omero.kill()
        self.is_up = False

    @precondition(lambda self: not self.is_up)
    @rule()
    def omero_comes_back(self) -> None:
        self.servers.omero.start()
        self.is_up = True
        reconnect(self.scene)

    @precondition(lambda self: self.restarts < 2)
    @rule()
    def zone_restarts(self) -> None:
        self.restarts += 1
        self._restart_zone()

    @rule(nth=st.integers(1, 5), what=st.sampled_from(["zone", *OF_AGENTS]), how=st.sampled_from(["", "-after"]))
    def a_connection_will_break(self, nth: int, what: str, how: str) -> None:
        """At a call of an agent that is still to come, before it is served or when it was."""
        if what == "zone":
            moment = "after" if how else "before"
            self.servers.zone.fault("mod_avu_metadata", nth, "cut", AGENT_USER, moment=moment)
        else:
            self.servers.omero.disturb(what, f"cut{how}", nth=nth)

    @rule(nth=st.integers(1, 3), operation=st.sampled_from(OF_AGENTS))
    def a_call_will_be_refused(self, nth: int, operation: str) -> None:
        if self._is_forgiven():
            self.servers.omero.disturb(operation, "fail", nth=nth)

    def teardown(self) -> None:
        """Nothing goes wrong any more; one reconcile, and both sides are as they must be."""
        if not hasattr(self, "agents"):
            return
        if not self.is_up:
            self.omero_comes_back()
        self.servers.omero.calm()
        reconnect(self.scene)
        self._run(RECONCILE)
        self._settle()
        if any(thing.in_trash for thing in self.alive):  # nobody watches what storage tiering does there
            self._run(RECONCILE)
            self._settle()
        complaints = self.complaints()
        assert not complaints, "\n".join(complaints)
        self._assert_quiet(self._run(RECONCILE))
        self._assert_quiet(self._run(SWEEP))
        self.scene.close()
        POOL.give_back()

    def complaints(self) -> list[str]:
        """What is not as it must be."""
        return wrong(self.scene, self.alive, self.removed) + list(wrong_intake(self.scene, self.brought))

    def _settle(self) -> None:
        for _ in range(SETTLING):
            work_on_queue(self.scene)
            report = self._run(SWEEP).report
            if report is not None and not report.waiting and not queued(self.scene):
                return

    def _run(self, task: str) -> Outcome:
        outcome = self.agents.run(task=task)
        assert not outcome.error, outcome.error
        return outcome

    @staticmethod
    def _assert_quiet(outcome: Outcome) -> None:
        assert outcome.report is not None
        assert (outcome.drifted, outcome.report.zone_actions, outcome.report.omero_actions) == (0, 0, 0), outcome.report

    def _restart_zone(self, *wake_up: float) -> None:
        self.servers.restart_zone(*wake_up)
        for session in (self.scene.admin, self.scene.user):
            session.cleanup()

    def _content(self, version: int, is_picture: bool) -> bytes:
        """No two have the same size."""
        return (PICTURE if is_picture else NO_PICTURE) + bytes(version)

    def _is_forgiven(self) -> bool:
        """Whether one more refusal lets no import be given up."""
        self.refusals += 1
        return self.refusals <= FORGIVEN

    def _touch(self, path: str) -> None:
        for thing in self.alive:
            if thing.path == path:
                thing.touched()

    def _image(self, thing: Thing) -> int | None:
        """The image that the zone names, if it is still there."""
        if not self.is_up:
            return None
        for image in self.scene.avus(thing.path, "omero::image"):
            text = "select i.id from Image i where i.id = :id"
            parameters = omero.sys.ParametersI().addId(int(image))
            rows = self.scene.root.getSession().getQueryService().projection(text, parameters, {"omero.group": "-1"})
            return int(image) if rows else None
        return None
