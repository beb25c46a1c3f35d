"""Whatever users do, and whenever the agent looks, no more is removed than the limit allows without a person's word.

Nothing that is held is forgotten, and once a person has decided both sides agree.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from irods_omero.domain.planning.decide import decide, loses
from irods_omero.domain.rules.attributes import HELD
from irods_omero.domain.rules.losses import REMEMBERED_SECONDS, Losses, settled
from irods_omero.domain.state.policy import Policy
from tests.unit.domain.agreed import BOTH_WAYS, EDITS, ZONE, Edit, agreed_world, deleted
from tests.unit.domain.comparing import errors, texts
from tests.unit.domain.strategies import MAPPED, NOW, SERVER, TIERS
from tests.unit.domain.world import World, actions_of, apply, killed, settle, with_base

UNITS = range(6)
LIMIT = 2
POLICY = Policy(zone="z", server=SERVER, tiers=TIERS, attributes=BOTH_WAYS)
Values = dict[str, frozenset[str]]


def carriers(world: World) -> dict[str, list[frozenset[str]]]:
    """For each mapped attribute the values of each data object and each image."""
    return {
        avu: [each.values(avu) for each in world.zone.objects]
        + [texts(subject, place) for subject in world.omero.subjects]
        for avu, place in MAPPED
    }


def agreed(world: World) -> Values:
    """What is agreed of each mapped attribute, short as the values of these users are."""
    return {mapped.avu: frozenset(world.base.values(mapped.remembered_as)) for mapped in BOTH_WAYS}


def lost(before: World, after: World) -> bool:
    """Whether a sweep took away from one side what the other one had lost, and put nothing else there."""
    if before.omero.fileset is None:
        return after.base.gone and not before.base.gone
    return any(
        len(agreed(after)[avu]) < len(agreed(before)[avu])
        and any(old - new for old, new in zip(carriers(before)[avu], carriers(after)[avu], strict=True))
        for avu, _ in MAPPED
    )


class Removals(RuleBasedStateMachine):
    """Some units, users who edit them, an agent that sweeps, and a person who decides."""

    @initialize(values=st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True))
    def begin(self, values: list[str]) -> None:
        unit = agreed_world(POLICY, images=2)
        for value in values:
            unit = Edit(ZONE, 0, 0, value).do(unit)
        self.units = dict.fromkeys(UNITS, settle(unit))
        self.losses = Losses()
        self.now = NOW + 1000
        self.applied: dict[int, int] = {}
        self.held: dict[int, Values] = {}

    @rule(unit=st.sampled_from(UNITS), edit=EDITS)
    def a_user_edits(self, unit: int, edit: Edit) -> None:
        world = self.units[unit]
        if edit.side == ZONE or world.omero.subjects:
            self.units[unit] = edit.do(world)

    @rule(
        units=st.sets(st.sampled_from(UNITS), min_size=1),
        value=st.sampled_from("abc"),
        side=EDITS.map(lambda e: e.side),
    )
    def a_value_is_taken_from_many(self, units: set[int], value: str, side: str) -> None:
        for unit in units:
            self.a_user_edits(unit, Edit(side, 0, 0, value, added=False))

    @rule(unit=st.sampled_from(UNITS))
    def images_are_deleted(self, unit: int) -> None:
        self.units[unit] = deleted(self.units[unit])

    @rule(seconds=st.sampled_from((1, 60, 1800, 3600)))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(units=st.sets(st.sampled_from(UNITS), min_size=1))
    def the_agent_looks(self, units: set[int]) -> None:
        """One page of a sweep."""
        seen = {unit: replace(self.units[unit], clock=self.now).look() for unit in units}
        decisions = {unit: decide(observation) for unit, observation in seen.items()}
        losing = [unit for unit, decision in decisions.items() if loses(seen[unit], decision)]
        if self.losses.are_too_many(losing, len(seen), self.now, LIMIT, lambda: len(self.held)):
            decisions |= {unit: decide(replace(seen[unit], hold=True)) for unit in losing}
        for unit, decision in decisions.items():
            before = self.units[unit]
            after = self.units[unit] = killed(apply(replace(before, clock=self.now), actions_of(decision.plan)))
            if lost(before, after):
                assert unit not in self.held, "held, and done nevertheless"
                self.applied[unit] = self.now
            if after.base.held and not before.base.held:
                self.held[unit] = agreed(before)

    @precondition(lambda self: self.held)
    @rule(restore=st.booleans())
    def a_person_decides(self, restore: bool) -> None:
        for unit, remembered in self.held.items():
            before = self.units[unit]
            self.units[unit] = after = settle(with_base(before, settled(before.look(), restore)))
            assert HELD not in errors(after)
            assert after.omero.subjects or not restore, "imported anew"
            for avu, everybody in carriers(before).items():
                anywhere, everywhere = frozenset().union(*everybody), everybody[0].intersection(*everybody)
                kept = anywhere if restore else (remembered[avu] & everywhere) | (anywhere - remembered[avu])
                if before.omero.subjects or restore:
                    assert all(values == kept for values in carriers(after)[avu]), (avu, kept)
        self.held = {}

    @rule()
    def the_agent_starts_anew(self) -> None:
        self.losses, self.applied = Losses(), {}

    @invariant()
    def no_hour_sees_more_than_the_limit(self) -> None:
        recent = [at for at in self.applied.values() if self.now - at < REMEMBERED_SECONDS]
        assert len(recent) <= LIMIT

    @invariant()
    def nothing_held_is_forgotten(self) -> None:
        for unit, remembered in self.held.items():
            world = self.units[unit]
            assert world.base.held
            assert HELD in errors(world)
            assert agreed(world) == remembered


TestRemovals = Removals.TestCase
TestRemovals.settings = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes
