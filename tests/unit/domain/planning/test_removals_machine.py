"""Mass removals in any history of sweeps, accepts and restores: braked, remembered, and in the end agreed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.mass_removals import WHILE_SECONDS, RecentRemovals, released
from irods_omero.domain.planning.removal_check import removes_anything
from irods_omero.domain.state.policy import MappedAttribute, Policy
from tests.unit.domain.agreed import OMERO, SIDES, VALUES, Edit, agreed_world, deleted
from tests.unit.domain.comparing import disagreements, texts
from tests.unit.domain.strategies import MAPPED, TIERS
from tests.unit.domain.world import World, actions_of, apply, killed, settle, with_base

AVU, PLACE = MAPPED[0]
POLICY = Policy("z", "omero.example", TIERS, attributes=(MappedAttribute(AVU, PLACE),))
UNITS = range(6)
LIMIT = 2

SOME = st.sets(st.sampled_from(UNITS), min_size=1)
AGREED = settle(
    Edit(OMERO, 0, 0, "a").do(Edit(OMERO, 0, 0, "b").do(agreed_world(POLICY))),
)


def said(world: World) -> tuple[frozenset[str], frozenset[str], bool]:
    """The values in the zone and in OMERO, and whether the unit is taken for one whose images users deleted."""
    shown = [texts(subject, PLACE) for subject in world.omero.subjects]
    return world.zone.first.values(AVU), frozenset().union(*shown), world.base.gone


def lost_something(before: World, after: World) -> bool:
    """Whether a sweep took something away from a side for good; a value in the place of another one is none."""
    (zone, omero, was_gone), (zone_after, omero_after, is_gone) = said(before), said(after)
    agreed = before.base.values(POLICY.attributes[0].remembered_as)
    remaining = after.base.values(POLICY.attributes[0].remembered_as)
    taken = ((zone - zone_after) | (omero - omero_after)) & agreed
    return (is_gone and not was_gone) or (bool(taken) and len(remaining) < len(agreed))


class Removals(RuleBasedStateMachine):
    """Some units, of which an agent and people know."""

    def __init__(self) -> None:
        super().__init__()
        self.worlds = dict.fromkeys(UNITS, AGREED)
        self.removals = RecentRemovals(LIMIT)
        self.now = 1_700_000_000.0
        self.applied: list[tuple[float, int]] = []

    @initialize(units=SOME, side=st.sampled_from(SIDES))
    def mistake(self, units: set[int], side: str) -> None:
        """The kind of thing that it is all about."""
        self.edit(units, side, "a", added=False)

    @rule(units=SOME, side=st.sampled_from(SIDES), value=st.sampled_from(VALUES), added=st.booleans())
    def edit(self, units: Collection[int], side: str, value: str, added: bool) -> None:
        for unit in units:
            world = self.worlds[unit]
            if side != OMERO or world.omero.subjects:
                self.worlds[unit] = Edit(side, 0, 0, value, added).do(world)

    @rule(units=SOME)
    def delete(self, units: set[int]) -> None:
        for unit in units:
            self.worlds[unit] = deleted(self.worlds[unit])

    @rule(seconds=st.sampled_from([1.0, WHILE_SECONDS / 2, WHILE_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(units=SOME)
    def sweep(self, units: set[int]) -> None:
        """A page, a shard, or what events have told of."""
        seen = {unit: self.worlds[unit].look() for unit in sorted(units)}
        decisions = {unit: decide(observation) for unit, observation in seen.items()}
        losing = [unit for unit in seen if removes_anything(seen[unit], decisions[unit])]
        self.removals = self.removals.and_those(losing, len(seen), self.now)
        if self.removals.are_too_many:
            decisions |= {unit: decide(replace(seen[unit], hold=True)) for unit in losing}
        for unit, decision in decisions.items():
            before = self.worlds[unit]
            after = apply(before, actions_of(decision.plan))
            if not decision.plan.do_import:
                after = killed(after)
            self.worlds[unit] = after
            assert not before.base.held or after.base.held, "forgotten without a word of anybody"
            if after.base.held:
                assert said(after) == said(before), "held"
            if lost_something(before, after):
                self.applied.append((self.now, unit))

    @rule(restore=st.booleans())
    def decide_about_what_is_held(self, restore: bool) -> None:
        for unit in [unit for unit in UNITS if self.worlds[unit].base.held]:
            world = self.worlds[unit]
            agreed = world.base.values(POLICY.attributes[0].remembered_as)
            zone, omero, _ = said(world)
            had_images = world.omero.fileset is not None
            after = settle(with_base(world, released(world.look(), restore)))
            self.worlds[unit] = after
            assert not after.base.held
            assert disagreements(after) == []
            if restore:
                assert after.omero.fileset is not None, "imported anew"
                assert said(after)[0] >= (zone | omero)
            elif had_images:
                assert said(after)[0] == (agreed & zone & omero) | ((zone | omero) - agreed)
            else:
                assert after.base.gone

    @invariant()
    def no_more_than_the_limit_within_any_hour(self) -> None:
        for begin, _ in self.applied:
            units = {unit for at, unit in self.applied if begin <= at < begin + WHILE_SECONDS}
            assert len(units) <= LIMIT, f"{len(units)} units lost something without a person's word"

    def teardown(self) -> None:
        """With a person's word all of it is done, and both sides agree."""
        for unit, world in self.worlds.items():
            accepted = released(world.look(), restore=False) if world.base.held else world.base
            after = settle(with_base(world, accepted))
            assert not after.base.held
            assert disagreements(after) == [], unit


TestRemovals = Removals.TestCase
TestRemovals.settings = settings(stateful_step_count=15)
