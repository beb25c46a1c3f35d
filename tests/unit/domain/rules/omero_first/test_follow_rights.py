"""Rights follow OMERO's owner and group, what people have changed stays, and it may be broken off anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.omero_first.follow_rights import are_in_question
from irods_omero.domain.state.actions import RecordAgreement, SetRight
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.rights import Grant, Rights, RightsView
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.tiers import Tiers
from irods_omero.domain.state.unit import Content, Unit
from irods_omero.domain.state.views import DataObject, ImageState, OmeroView, Replica, Subject, ZoneView

PATH = "/z/home/alice/omero/March/cells.tif"
CONTENT = Content(10, "sha2:x", 0, 1_700_000_000)
PEOPLE = ("alice", "bob", "carol")
GROUPS = ("lab", "others")
LEVELS = ("", "read", "write")


def ruled(owner: str, group: str, level: str) -> Rights:
    """What a rule gives where the images are in a group of OMERO of some kind."""
    number = GROUPS.index(group) * len(LEVELS) + LEVELS.index(level)
    grants = {Grant(owner, "own"), *([Grant(group, level)] if level else [])}
    return Rights(PEOPLE.index(owner), number, tuple(sorted(grants)))


RULED = st.builds(ruled, st.sampled_from(PEOPLE), st.sampled_from(GROUPS), st.sampled_from(LEVELS))
"""What a rule can give: the owner, and perhaps a group."""


@dataclass(frozen=True)
class State:
    """The rights on one data object, and what was agreed about them."""

    agreed: Rights
    present: dict[str, str]

    def observe(self, wanted: Rights, error: str = "") -> Observation:
        """What an agent observes when the rule gives this."""
        data_object = DataObject(1, PATH, "alice", (Replica(0, "fast", True, 10, "sha2:x", 1_700_000_000),))
        user = next((name for name, level in wanted.grants if level == "own"), "")
        observation = Observation(
            zone=ZoneView(Unit(1), (data_object,)),
            policy=Policy("z", "omero", Tiers(())),
            now=1_700_000_000,
            omero=OmeroView(5, (ImageState(6),), (Subject("Image", 6, wanted.owner, wanted.group),)),
            base=Agreement(content=CONTENT, fileset=5, rights=self.agreed),
        )
        if not are_in_question(observation):
            return observation
        return replace(observation, rights=RightsView(wanted, user, present={1: self.present}, error=error))

    def follow(self, wanted: Rights, most: int | None = None) -> State:
        """Do what is decided, or only the first steps of it."""
        plan = decide(self.observe(wanted)).plan
        steps = plan.actions()
        ours = [action for action in steps if isinstance(action, SetRight | RecordAgreement)]
        state = self
        for action in ours[:most]:
            state = state.after(action)
        return state

    def after(self, action: SetRight | RecordAgreement) -> State:
        if isinstance(action, RecordAgreement):
            assert action.agreement.rights is not None
            return replace(self, agreed=action.agreement.rights)
        name, level = action.grant
        present = {**self.present, name: level}
        return replace(self, present=present)

    @property
    def entries(self) -> dict[str, str]:
        return {name: level for name, level in self.present.items() if level}


def given_by(rights: Rights) -> State:
    """What is there when the agent has given these rights."""
    return State(rights, dict(rights.grants))


@given(RULED, RULED)
def test_what_the_agent_gave_becomes_what_the_rule_gives_now(before: Rights, after: Rights) -> None:
    state = given_by(before).follow(after)
    assert state.entries == dict(after.grants)
    assert state.agreed == after


@given(RULED, RULED)
def test_afterwards_nothing_is_left_to_do(before: Rights, after: Rights) -> None:
    state = given_by(before).follow(after)
    assert not any(isinstance(action, SetRight) for action in decide(state.observe(after)).plan.actions())


@given(
    RULED, RULED, st.dictionaries(st.sampled_from((*PEOPLE, *GROUPS, "guest")), st.sampled_from(("", "read", "own")))
)
def test_what_people_have_changed_stays(before: Rights, after: Rights, by_hand: dict[str, str]) -> None:
    state = given_by(before)
    new = after.grants if after.owner != before.owner else ()  # who owns it now does so, whatever it was
    others = by_hand.keys() - {name for name, level in new if level == "own"}
    changed = {name: by_hand[name] for name in others if by_hand[name] != state.present.get(name, "")}
    after_hand = replace(state, present={**state.present, **changed})
    wanted = {**dict.fromkeys(state.entries, ""), **dict(after.grants)}
    seen = after_hand.follow(after).present
    assert {name: seen.get(name, "") for name in changed} == changed
    assert {name: seen.get(name, "") for name in wanted if name not in changed} == {
        name: level for name, level in wanted.items() if name not in changed
    }


@given(RULED, st.lists(st.tuples(RULED, st.integers(0, 6)), max_size=4), RULED)
def test_wherever_it_is_broken_off_and_whatever_is_wanted_then_it_ends_the_same(
    before: Rights, broken_off: list[tuple[Rights, int]], after: Rights
) -> None:
    state = given_by(before)
    for wanted, most in broken_off:
        state = state.follow(wanted, most)
    state = state.follow(after)
    assert state.entries == dict(after.grants)


def test_who_gets_rights_comes_before_who_loses_them_and_finds_the_collections_open() -> None:
    before = Rights(0, 0, (Grant("alice", "own"), Grant("lab", "read")))
    after = Rights(1, 1, (Grant("bob", "own"), Grant("others", "write")))
    actions = [action for action in decide(given_by(before).observe(after)).plan.zone if isinstance(action, SetRight)]
    assert [(action.grant.name, action.opens) for action in actions] == [
        ("bob", True),
        ("others", True),
        ("alice", False),
        ("lab", False),
    ]


def test_where_nobody_can_tell_who_gets_them_nothing_changes_and_it_says_so() -> None:
    state = given_by(Rights(0, 0, (Grant("alice", "own"),)))
    decision = decide(state.observe(Rights(1, 0, ()), error="no iRODS user is bob in OMERO"))
    actions = decision.plan.actions()
    assert not any(isinstance(action, SetRight) for action in actions)
    assert any("no iRODS user is bob" in str(action) for action in actions)
    assert decision.agreement.rights == state.agreed


def test_images_of_a_content_that_came_from_irods_say_nothing_about_rights() -> None:
    state = given_by(Rights(0, 0, (Grant("alice", "own"),)))
    seen = state.observe(Rights(1, 0, (Grant("bob", "own"),)))
    newer = replace(seen, omero=replace(seen.omero, fileset=9), imported=CONTENT)
    decision = decide(newer)
    assert not any(isinstance(action, SetRight) for action in decision.plan.actions())
    assert decision.agreement.rights is None
