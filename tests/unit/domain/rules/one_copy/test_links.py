"""Links come where they last, follow the data, and go before they could be wrong; copies go for nothing less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.one_copy.compared_bytes import why_not_evicted
from irods_omero.domain.rules.one_copy.copy_decision import failing, foreign_files
from irods_omero.domain.rules.one_copy.links import links_of, with_own_links
from irods_omero.domain.state.agreement import Agreement, Verified
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import TIER, Eviction
from irods_omero.domain.state.one_copy.managed_files import (
    ABSENT,
    COPY,
    LINK,
    OTHER,
    Clear,
    CopyAction,
    Evict,
    Link,
    ManagedFile,
    OnDisk,
    Refill,
    Share,
    VaultFile,
    Verify,
    fingerprint,
    short_digest,
)
from irods_omero.domain.state.policy import NEVER, WITH_TIER
from irods_omero.domain.state.tiers import Tiers
from irods_omero.domain.state.views import DataObject, ImageState, Replica, ZoneView
from tests.unit.domain.rules.one_copy.copied import (
    AGREED,
    DISK,
    MOVED,
    NOW,
    POLICY,
    STATES,
    SUM,
    TAPE,
    UNSURE,
    decided,
    managed,
    observed,
)

ROOT = "/irods/vault"
LINKED = replace(AGREED, linked=(short_digest(ROOT),))
LINKING = replace(POLICY, evict=NEVER, links=frozenset({"disk"}))
FORM = "/irods/vault/x may become the path of another file"


def target(number: int = 0, data_id: int = 1) -> str:
    return f"{ROOT}/alice/{data_id}/{number}/a.tiff.170000000{number}"


def vault_file(number: int = 0, why_not: str = "", data_id: int = 1) -> VaultFile:
    return VaultFile(data_id, number, ROOT, target(number, data_id), why_not)


def link(path: str = "", *, readable: bool = True) -> OnDisk:
    return OnDisk(OTHER, readable, "a symbolic link", path or target())


def unit(
    *disks: OnDisk,
    resource: str = "disk",
    files: tuple[VaultFile, ...] | None = (vault_file(),),
    base: Agreement = LINKED,
    number: int = 0,
    **policy: Any,
) -> Observation:
    """A unit of one data object for each file in OMERO; only those in ``files`` have been looked at in a vault."""
    managed_files = tuple(replace(managed("copy", each), disk=disk) for each, disk in enumerate(disks, 1))
    replica = Replica(number, resource, good=True, size=10, checksum=SUM, modified=5)
    objects = tuple(DataObject(each, f"/z/{each}.tiff", "alice", (replica,)) for each in range(1, len(disks) + 1))
    seen = observed("copy", base=base)
    zone = ZoneView(seen.zone.unit, objects)
    content = zone.content()
    assert content is not None
    verified = base.verified and base.verified._replace(files=fingerprint(managed_files), checksum=content.checksum)
    base = replace(base, content=content, verified=verified)
    return replace(
        seen,
        zone=zone,
        base=base,
        copies=with_own_links(managed_files, base),
        vault_files=files,
        policy=replace(LINKING, **policy),
    )


COPIED, GONE = STATES["copy"], STATES["absent"]


def test_a_copy_goes_for_a_link_and_what_vault_it_leads_into_is_noted_before() -> None:
    decision = decided(unit(COPIED, base=AGREED))
    assert isinstance(decision.action, Link)
    assert (decision.locked, decision.wait, decision.linking) == (False, True, (ROOT,))
    assert decide(unit(COPIED, base=AGREED)).agreement.linked == (short_digest(ROOT),)


def test_a_link_that_is_right_stays_without_a_lock() -> None:
    decision = decided(unit(link()))
    assert (decision.action, decision.locked, decision.wait, decision.error) == (None, False, False, "")
    assert "a link" in decision.rule
    assert decide(unit(link())).agreement.linked == LINKED.linked


def test_what_was_away_comes_back_as_a_link_whatever_it_went_for() -> None:
    for evicted in (Eviction(NOW - 9, TIER), MOVED):
        decision = decided(unit(GONE, base=replace(LINKED, evicted=evicted)))
        assert isinstance(decision.action, Link)
        assert decision.locked
    assert decide(unit(link(), base=replace(LINKED, evicted=MOVED))).agreement.evicted is None


def test_when_data_has_moved_the_link_is_made_anew_and_where_it_cannot_be_read_it_goes() -> None:
    moved = unit(link(readable=False), files=(vault_file(3),), number=3)
    assert isinstance(decided(moved).action, Link)
    away = decided(unit(link(readable=False), resource="tape", files=()))
    assert isinstance(away.action, Evict)
    assert (away.locked, away.evicted and away.evicted.why) == (True, TIER)
    elsewhere = decided(unit(link(readable=False), resource="other", files=()))
    assert isinstance(elsewhere.action, Refill)


def test_to_what_lies_on_an_offline_tier_no_link_leads_though_its_file_is_there() -> None:
    on_tape = unit(link(), resource="tape", links=frozenset({"tape"}))
    assert links_of(on_tape).targets == frozenset()
    assert isinstance(decided(on_tape).action, Evict)


def test_a_link_that_can_still_be_read_goes_after_the_lock() -> None:
    seen = unit(link(), resource="tape", files=())
    first = decided(seen)
    assert isinstance(first.action, Evict)
    assert first.locked is None
    assert decided(replace(seen, checked=seen.copies or ())).locked is True


def test_a_file_that_may_be_written_to_has_its_copy_back() -> None:
    spoilt = unit(link(), files=(vault_file(why_not="x may be written to: chmod a-w"),))
    decision = decided(spoilt)
    assert isinstance(decision.action, Refill)
    assert "chmod a-w" in decision.rule
    assert decision.locked is False


def test_a_copy_says_why_it_is_no_link() -> None:
    decision = decided(unit(COPIED, files=(vault_file(why_not=FORM),)))
    assert decision.action is None
    assert FORM in decision.rule


@pytest.mark.parametrize("base", [base for name, base in UNSURE.items() if name != "nothing-agreed"])
def test_a_copy_that_might_be_the_only_good_one_goes_for_no_link(base: Agreement) -> None:
    seen = unit(COPIED)
    unsure = replace(base, content=seen.base.content if base.content == AGREED.content else base.content)
    if unsure.verified is not None and unsure.verified == Verified(SUM, ""):
        unsure = replace(unsure, verified=seen.base.verified)
    assert not isinstance(decided(replace(seen, base=unsure)).action, Link)


def test_of_links_of_others_none_is_touched() -> None:
    for path in ("/elsewhere/a.tiff", f"{ROOT}/../a.tiff", "vault/a.tiff", f"{ROOT}//a.tiff"):
        seen = unit(link(path))
        assert len(foreign_files(seen)) == 1
        assert decided(seen).action is None
    assert foreign_files(unit(link(), base=AGREED))  # nobody has noted that it is ours


def test_what_the_configuration_names_no_more_comes_back_as_a_copy() -> None:
    off = unit(link(), files=(), links=frozenset())
    assert isinstance(decided(off).action, Refill)
    assert decide(replace(off, copies=(replace(managed("copy"), disk=COPIED),))).agreement.linked == ()


def test_while_nobody_can_look_links_stay_and_are_known() -> None:
    assert decided(unit(link(), files=None)).action is None
    assert decide(replace(unit(link()), copies=None)).agreement.linked == LINKED.linked


def test_what_fails_rests_and_is_told() -> None:
    failed = replace(LINKED, copy_failure=failing(LINKED, "no", NOW - 10))
    decision = decided(unit(COPIED, base=failed))
    assert (decision.action, decision.error, decision.locked) == (None, "no", False)


def test_what_an_agent_that_was_killed_has_left_is_cleared_first() -> None:
    for disk in (replace(link(), aside=True), replace(link(), leftover=True), STATES["killed while removing"]):
        assert isinstance(decided(unit(disk)).action, Clear)


DISKS = st.sampled_from(
    [
        COPIED,
        GONE,
        link(),
        link(target(1)),
        link(target(8), readable=False),
        link("/other"),
        replace(link(), aside=True),
    ]
)
FILES = st.sampled_from(
    [(), (vault_file(),), (vault_file(1),), (vault_file(), vault_file(1)), (vault_file(why_not="no"),)]
)


@st.composite
def units(draw: st.DrawFn) -> Observation:
    count = draw(st.integers(1, 2))
    of_objects = [draw(FILES) for _ in range(count)]
    files = tuple(file._replace(data_id=id_) for id_, some in enumerate(of_objects, 1) for file in some)
    return unit(
        *(draw(DISKS) for _ in range(count)),
        resource=draw(st.sampled_from(["disk", "tape", "other"])),
        files=files,
        number=draw(st.integers(0, 1)),
        base=draw(st.sampled_from([LINKED, AGREED, replace(LINKED, verified=None)])),
        evict=draw(st.sampled_from([NEVER, WITH_TIER])),
        links=draw(st.sampled_from([frozenset({"disk"}), frozenset()])),
        tiers=Tiers([DISK, TAPE]),
    )


def done(seen: Observation, action: CopyAction) -> Observation:
    """What the next look sees when an action is done, after both sides were made to agree."""
    base = decide(seen).agreement
    places = {file.data_id: file.path for file in reversed(links_of(seen).files)}

    def after(file: ManagedFile) -> OnDisk:
        match action:
            case Link():
                return link(places[file.id])
            case Evict():
                return GONE
            case Clear() if file.disk.aside or file.disk.state == COPY:
                return COPIED
            case Refill():
                return COPIED
        return replace(file.disk, leftover=False, aside=False)

    files = tuple(replace(file, disk=after(file)) if file in action.files else file for file in seen.copies or ())
    if isinstance(action, Verify):
        assert seen.content is not None
        base = replace(base, verified=Verified(seen.content.checksum, fingerprint(files), NOW))
    locked = decided(seen).locked
    images = tuple(ImageState(image.id, image.archived if locked is None else locked) for image in seen.omero.images)
    again = replace(seen, omero=replace(seen.omero, images=images), base=base, copies=with_own_links(files, base))
    return replace(again, checked=again.copies or ()) if isinstance(action, Evict) else again


@given(units())
def test_whatever_there_is_it_ends_with_right_links_copies_or_nothing_and_the_lock_says_which(
    seen: Observation,
) -> None:
    for _ in range(8):
        decision, files = decided(seen), seen.copies or ()
        action, links = decision.action, links_of(seen)
        if foreign_files(seen):
            assert action is None
            return
        if action is None or isinstance(action, Share):
            break
        if isinstance(action, Link):
            assert links.is_whole
            assert not any(
                f.disk.state == LINK and f.disk.target in links.targets and f.disk.readable for f in action.files
            )
            assert why_not_evicted(seen) == "" or not any(f.disk.state == COPY for f in action.files)
        if isinstance(action, Evict) and decision.locked is None:
            seen = replace(seen, checked=action.files)
            assert decided(seen).locked is True
            continue
        if isinstance(action, Evict) and any(f.disk.state == COPY for f in action.files):
            assert why_not_evicted(seen) == ""
        seen = done(seen, action)
    else:
        raise AssertionError("it never ends")
    states = [file.disk for file in files]
    assert decision.locked is (not all(disk.readable for disk in states))
    if seen.base.verified is not None or not any(disk.state == COPY for disk in states):
        tier = seen.policy.tiers.of_unit(seen.zone.objects)
        assert tier is not None
        for disk in states:
            is_right = disk.target in links.targets
            assert disk.state != LINK or is_right
            assert disk.state != ABSENT or tier.offline
            assert not (links.is_whole and not is_right)
