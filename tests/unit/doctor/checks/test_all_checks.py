from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from irods_omero.doctor.checks.all_checks import CHECKS, judge
from irods_omero.doctor.facts.records import (
    Facts,
    FileFacts,
    ForeignFacts,
    ForeignKind,
    OmeroFacts,
    ProbeFacts,
    QueuedRule,
    RootFacts,
    SignIn,
    SystemFacts,
    TierAvu,
    TierFacts,
    WebFacts,
    ZoneFacts,
)
from irods_omero.doctor.finding import Level, worst
from irods_omero.domain.rules.causes import GIVEN_UP, HELD_BACK, HINDERED
from irods_omero.status.agents import Overlap
from irods_omero.status.summary import Cause
from tests.unit.doctor.checks.healthy import (
    FAST,
    HEALTHY,
    NOW,
    OMERO,
    POLICY,
    ROOT,
    RULE,
    SECRET,
    SEEN,
    SERVER,
    SHARE,
    TAPE,
    WEB,
    ZONE,
)

OK, WARNING, FAILURE = Level.OK, Level.WARNING, Level.FAILURE
HOUR = timedelta(hours=1)


def bad(facts: Facts) -> list[tuple[Level, str, str]]:
    return [(one.level, one.check, one.text) for one in judge(facts) if one.level is not OK]


def zone(**changes: Any) -> Facts:
    return replace(HEALTHY, zone=replace(ZONE, **changes))


def server(**changes: Any) -> Facts:
    return replace(HEALTHY, server=replace(SERVER, **changes))


def said(*values: str, **attributes: str) -> Facts:
    """What the site says by the attribute of each resource."""
    seen = replace(ZONE, residencies=dict.fromkeys(attributes.values(), values))
    return replace(HEALTHY, zone=seen, residencies=attributes)


def cached(child: str) -> Facts:
    """What is to be the cache of a compound resource."""
    return replace(zone(roots_of={"fast": "fast", "disk": "tape", "tape": "tape"}), caches={"tape": child})


def omero(**changes: Any) -> Facts:
    return replace(HEALTHY, omero=replace(OMERO, **changes))


def seen(**changes: Any) -> Facts:
    return omero(repository=replace(SEEN, **changes))


def foreign(*kinds: ForeignKind) -> Facts:
    return replace(HEALTHY, foreign=ForeignFacts(1000, is_all=False, kinds=kinds))


def web(**changes: Any) -> Facts:
    return replace(HEALTHY, web=replace(WEB, **changes))


def policy(**changes: Any) -> Facts:
    return replace(HEALTHY, policy=replace(POLICY, **changes))


def secret(**changes: Any) -> Facts:
    return replace(HEALTHY, secrets=[replace(SECRET, **changes)])


def sign_in(scheme: str = "native", encrypted: bool = True) -> Facts:
    return replace(HEALTHY, sign_in=SignIn(scheme, encrypted, leaves=True))


def placed(*places: tuple[str, str]) -> TierFacts:
    """The tier on tape with other places in tier groups."""
    return replace(TAPE, groups=[TierAvu(*place) for place in places])


def tiers(*members: TierFacts) -> Facts:
    return zone(tiers=members)


def causes(kind: str) -> Facts:
    return replace(HEALTHY, causes=[Cause(kind, "no such user", 7, "/lab/home/lab/a.tif")])


def on_system(kind: str, *version: int, like: str = "", server: tuple[int, int, int] = (4, 3, 5)) -> Facts:
    """A server of a version on a system."""
    system = SystemFacts(f"{kind} {version}", (kind, like), version)
    return replace(HEALTHY, server=replace(SERVER, system=system), zone=replace(ZONE, version=server))


@pytest.mark.parametrize(
    "facts",
    [
        on_system("ubuntu", 22, 4, like="debian"),
        on_system("rocky", 9, 6, like="rhel"),
        on_system("another", 1),
        on_system("debian", 11, server=(5, 0, 2)),
    ],
)
def test_where_the_next_irods_is_to_be_had_nothing_is_said_of_the_system(facts: Facts) -> None:
    assert not [one for one in bad(facts) if one[1] == "next iRODS"]


def test_an_installation_with_which_all_is_well_has_nothing_to_say_but_that() -> None:
    findings = judge(HEALTHY)
    assert worst(findings) is OK
    assert {finding.check for finding in findings} == {
        "policy file",
        "password files",
        "imports",
        "rule engines",
        "in-server part",
        "zone",
        "sign-in",
        "next iRODS",
        "agent's account",
        "hooks",
        "tier groups",
        "residency",
        "delay server",
        "OMERO",
        "agent's account in OMERO",
        "accounts from LDAP",
        "OMERO's managed repository",
        "files of others in OMERO",
        "shared blocks",
        "links into vaults",
        "OMERO.web",
        "OMERO's search indexer",
        "clocks",
    }


LEGACY = replace(HEALTHY, sign_in=replace(HEALTHY.sign_in, legacy=True))
LATE = QueuedRule("a movement", NOW - HOUR)
WRONG: list[tuple[str, Facts, Level, str, str]] = [
    # what is wrong, the facts, how bad, the check, part of what is said
    ("zone down", replace(HEALTHY, zone=ZoneFacts("refused"), probes=[]), FAILURE, "zone", "refused"),
    ("old", zone(version=(4, 2, 12)), FAILURE, "zone", "4.2.12"),
    ("4.3.4", zone(version=(4, 3, 4)), WARNING, "zone", "wrongly"),
    ("4.3.2", zone(version=(4, 3, 2)), WARNING, "zone", "rights of its owner"),
    ("no administrator", zone(user_type="rodsuser"), FAILURE, "agent's account", "rodsuser"),
    ("overlap", replace(HEALTHY, overlaps=[Overlap((1, 2), ("a", "b"))]), FAILURE, "agents", "work on shards 1-2"),
    ("no root", zone(roots=[RootFacts(ROOT)]), FAILURE, "watched roots", "does not exist"),
    ("no mark", replace(HEALTHY, probes=[ProbeFacts(ROOT)]), FAILURE, "hooks", "was not marked"),
    ("no try", replace(HEALTHY, probes=[ProbeFacts(ROOT, "no space")]), WARNING, "hooks", "no space"),
    ("zone's clock", replace(HEALTHY, probes=[ProbeFacts(ROOT, "", True, -90)]), FAILURE, "clocks", "90 s behind"),
    ("OMERO's clock", omero(clock=7.0), WARNING, "clocks", "7 s ahead"),
    ("plain text", sign_in(encrypted=False), WARNING, "sign-in", "not encrypted"),
    ("PAM in plain text", sign_in("pam_password", encrypted=False), FAILURE, "sign-in", "needs TLS"),
    ("old name of PAM", sign_in("pam"), FAILURE, "sign-in", "an agent cannot sign in by the scheme pam"),
    ("scheme of 5.1", sign_in("irods"), FAILURE, "sign-in", "does not know the scheme irods"),
    ("legacy calls", LEGACY, WARNING, "next iRODS", "calls that iRODS 5 has deprecated"),
    ("old system", on_system("debian", 11), WARNING, "next iRODS", "not built for debian (11,)"),
    ("old Ubuntu", on_system("ubuntu", 20, 4, like="debian"), WARNING, "next iRODS", "not built for ubuntu (20, 4)"),
    ("like RHEL", on_system("rocky", 8, 10, like="rhel"), WARNING, "next iRODS", "not built for rocky (8, 10)"),
    ("iRODS 6", zone(version=(6, 0, 0)), WARNING, "next iRODS", "not tried with iRODS 6.0.0"),
    ("nothing runs", zone(queue=[replace(RULE, due=NOW - HOUR, last=None)]), FAILURE, "delay server", "60 minutes"),
    ("backlog", zone(queue=[RULE, LATE]), WARNING, "delay server", "1 rules have waited"),
    ("empty queue", zone(queue=[]), WARNING, "delay server", "nothing else"),
    ("no recurring rule", zone(queue=[replace(RULE, text="another")]), WARNING, "delay server", "no rule for storage"),
    ("no tiers", tiers(), WARNING, "tier groups", "there is no tier group"),
    ("one tier", tiers(TAPE), WARNING, "tier groups", "nothing can move"),
    ("no time", tiers(replace(FAST, times=[]), TAPE), FAILURE, "tier groups", "has no time"),
    ("bad time", tiers(replace(FAST, times=["1h"]), TAPE), FAILURE, "tier groups", "'1h'"),
    ("two times", tiers(replace(FAST, times=["1", "2"]), TAPE), FAILURE, "tier groups", "'1, 2'"),
    ("no number", tiers(FAST, placed(("images", ""))), FAILURE, "tier groups", "not a number"),
    ("same number", tiers(FAST, placed(("images", "0"))), FAILURE, "tier groups", "share the place 0"),
    ("gap", tiers(FAST, placed(("images", "3"))), WARNING, "tier groups", "[0, 3]"),
    ("twice", tiers(FAST, placed(("images", "1"), ("images", "2"))), FAILURE, "tier groups", "at once"),
    ("leaf", tiers(FAST, replace(TAPE, is_root=False)), FAILURE, "tier groups", "not the root"),
    ("keep", tiers(replace(FAST, queries=[]), TAPE), WARNING, "tier groups", "asked to keep"),
    ("query", tiers(replace(FAST, queries=[TierAvu("select DATA_NAME")]), TAPE), FAILURE, "tier groups", "by resource"),
    (
        "restage",
        tiers(replace(FAST, restages=True), replace(TAPE, restages=True)),
        WARNING,
        "tier groups",
        "several min",
    ),
    ("two groups", tiers(FAST, placed(("images", "1"), ("x", "0"))), WARNING, "tier groups", "several"),
    ("unknown tier", replace(HEALTHY, tier_names=["tepe"]), WARNING, "tier groups", "'tepe'"),
    ("nothing said", said(tape="site::at"), WARNING, "residency", "no data object has the AVU site::at"),
    ("another word", said("online", "DUAL", tape="site::at"), WARNING, "residency", "site::at says 'DUAL'"),
    ("no answer", zone(answers={"tape": ""}), WARNING, "residency", "the command of tape does not say"),
    ("no child", cached("spool"), FAILURE, "residency", "spool, the cache of tape by its setting, is not a resource"),
    ("another's child", cached("fast"), FAILURE, "residency", "fast, the cache of tape by its setting"),
    ("said of two", said("online", tape="site::at", fast="site::at"), WARNING, "residency", "several tiers of images"),
    ("given up", zone(stranded=["/lab/home/lab/a", "/lab/home/lab/b"]), WARNING, "movements", "2 data objects"),
    ("other repository", seen(trouble="not this OMERO's"), FAILURE, "OMERO's managed repository", "not this OMERO's"),
    ("repository of others", seen(owner=7), FAILURE, "OMERO's managed repository", "user with the id 7"),
    (
        "noatime",
        replace(seen(notes_reading=False), limits_cache=True),
        WARNING,
        "OMERO's managed repository",
        "does not note when files are read",
    ),
    (
        "no shared blocks",
        seen(shares=(SHARE._replace(trouble="Permission denied"),)),
        FAILURE,
        "shared blocks",
        "denied",
    ),
    (
        "no links",
        seen(links=(SHARE._replace(trouble="/data/vault/x may be written to: chmod a-w"),)),
        WARNING,
        "links into vaults",
        "not to all files of fast: /data/vault/x may be written to",
    ),
    (
        "no such linked vault",
        seen(links=(SHARE._replace(resource="fst"),)),
        WARNING,
        "links into vaults",
        "'fst', which is no",
    ),
    ("no such vault", seen(shares=(SHARE._replace(resource="fst"),)), WARNING, "shared blocks", "'fst', which is no"),
    (
        "noatime, and access times are to follow",
        replace(seen(notes_reading=False), access_hours={"fast": 0.1}),
        WARNING,
        "OMERO's managed repository",
        "takes what people look at in OMERO for unused",
    ),
    (
        "a stub",
        foreign(ForeignKind("a file of 5 bytes, and OMERO knows one of 9", 3, "/lab/a.tif", "u_1/a.tif", False)),
        WARNING,
        "files of others in OMERO",
        "OMERO knows one of 9 (3 such files in the first 1,000 units with copies)",
    ),
    (
        "a link that leads nowhere",
        foreign(ForeignKind("a link that leads nowhere", 3, "/lab/a.tif", "u_1/a.tif", False, is_ours=True)),
        WARNING,
        "links into vaults",
        "leads nowhere (3 such files in the first 1,000 units with copies)",
    ),
    ("told too late", replace(HEALTHY, access_hours={"fast": 0.5}), WARNING, "tier groups", "only every 0.5 hours"),
    ("no hard links", seen(refused="Operation not permitted"), FAILURE, "OMERO's managed repository", "not permitted"),
    ("OMERO down", replace(HEALTHY, omero=OmeroFacts("refused")), FAILURE, "OMERO", "refused"),
    ("no omero-py", replace(HEALTHY, omero=OmeroFacts("no Ice", no_client=True)), WARNING, "OMERO", "omero-py is not"),
    ("old OMERO", omero(version="5.4.10"), FAILURE, "OMERO", "5.4.10"),
    ("user", omero(is_admin=False, privileges=frozenset()), FAILURE, "agent's account in OMERO", "no administrator"),
    ("no sudo", omero(privileges=frozenset({"Chown"})), FAILURE, "agent's account in OMERO", "no privilege Sudo"),
    ("too much", omero(privileges=frozenset({"Sudo", "Chown"})), WARNING, "agent's account in OMERO", "Chown"),
    ("no LDAP", omero(has_directory=False), WARNING, "accounts from LDAP", "LDAP switched off"),
    ("no link", replace(HEALTHY, web=WebFacts()), WARNING, "OMERO.web", "omero.web is empty"),
    ("web down", web(unreachable="refused"), FAILURE, "OMERO.web", "refused"),
    ("gateway", web(status=502), FAILURE, "OMERO.web", "502"),
    ("wrong prefix", web(status=404), FAILURE, "OMERO.web", "404"),
    ("another page", web(is_omero=False), FAILURE, "OMERO.web", "not a page of OMERO.web"),
    ("lost link", web(landed="https://omero.example/webclient/login/"), WARNING, "OMERO.web", "lost on the way"),
    ("no locks", web(version="5.9.1"), WARNING, "OMERO.web", "shows no lock"),
    ("indexer", omero(indexer_owes=900.0), WARNING, "OMERO's search indexer", "15 minutes ago"),
    ("no server", replace(HEALTHY, server=None), WARNING, "rule engines", "no iRODS server"),
    ("no rights", server(unreadable="denied"), WARNING, "rule engines", "denied"),
    ("engines", server(concerns=["python is late: put it first"]), FAILURE, "rule engines", "python is late"),
    ("not installed", server(installed=""), WARNING, "in-server part", "not installed by"),
    ("changed", server(changed=["core.py"]), WARNING, "in-server part", "core.py"),
    ("older", server(installed="0.9"), WARNING, "in-server part", "0.9"),
    ("not joined", server(joined=False), FAILURE, "in-server part", "does not import"),
    ("policy written", policy(mode=0o664), FAILURE, "policy file", "written by others"),
    ("policy hidden", policy(mode=0o600), FAILURE, "policy file", "cannot be read by the iRODS server"),
    ("secret inside", replace(HEALTHY, options=["password"]), FAILURE, "policy file", "holds password"),
    ("secret missing", replace(HEALTHY, secrets=[FileFacts("x", False)]), FAILURE, "password files", "does not exist"),
    ("secret open", secret(mode=0o640), FAILURE, "password files", "by others"),
    ("secret hidden", secret(readable=False), FAILURE, "password files", "cannot be read"),
    ("secret of others", secret(owner=1), WARNING, "password files", "somebody else"),
    ("given up", causes(GIVEN_UP), WARNING, "imports", "7 given up: no such user"),
    ("hindered", causes(HINDERED), WARNING, "imports", "7 hindered: no such user"),
    ("held", causes(HELD_BACK), FAILURE, "removals", "those of 7 units are held"),
]


@pytest.mark.parametrize(("facts", "level", "check", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said(facts: Facts, level: Level, check: str, said: str) -> None:
    findings = [one for one in judge(facts) if one.level is not OK]
    assert [one for one in findings if (one.level, one.check) == (level, check) and said in one.text], findings
    assert worst(findings) is level
    assert all(one.advice for one in findings)


def test_each_check_has_a_case_in_which_it_finds_something() -> None:
    silent = {
        check.__name__
        for check in CHECKS
        if all(finding.level is OK for _, facts, *_ in WRONG for finding in check(facts))
    }
    assert silent == {"omero_first"}, "whose cases are in test_intake_checks.py"


def test_what_depends_on_a_server_that_is_down_is_not_said_too() -> None:
    facts = replace(HEALTHY, zone=ZoneFacts("down"), probes=[], omero=OmeroFacts("down"))
    assert [check for _, check, _ in bad(facts)] == ["zone", "OMERO"]


def test_what_does_not_leave_the_machine_need_not_be_encrypted() -> None:
    assert bad(replace(HEALTHY, sign_in=SignIn("native", encrypted=False, leaves=False))) == []


def test_the_server_may_own_a_policy_file_that_nobody_else_reads() -> None:
    assert bad(policy(mode=0o600, owner=SERVER.service)) == []


def test_root_may_look_at_the_agents_passwords() -> None:
    assert bad(replace(secret(owner=1234), me=0)) == []


def test_a_login_at_another_host_is_the_sites_own_affair() -> None:
    assert bad(web(landed="https://login.example/", is_omero=False, version="")) == []


def test_an_omero_web_that_does_not_say_its_version_is_not_judged_by_it() -> None:
    assert bad(web(version="")) == []


@pytest.mark.parametrize(("tried", "said"), [(True, "may write there"), (False, "was not tested")])
def test_nothing_is_said_to_be_possible_that_was_not_tried(tried: bool, said: str) -> None:
    (finding,) = [one for one in judge(seen(tried=tried)) if one.check == "OMERO's managed repository"]
    assert finding.text.endswith(said)
