"""The facts of an installation with which all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from irods_omero.doctor.facts.records import (
    Facts,
    FileFacts,
    ForeignFacts,
    OmeroFacts,
    ProbeFacts,
    QueuedRule,
    RepositoryFacts,
    RootFacts,
    ServerFacts,
    SignIn,
    SystemFacts,
    TierAvu,
    TierFacts,
    VaultFacts,
    WebFacts,
    ZoneFacts,
)
from irods_omero.domain.rules.omero_first.placement import PlacementRule

ME, SERVICE = 1000, 999
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=timezone.utc)
ROOT = "/lab/home/lab"

KEEP_FAST = TierAvu("omero_keep_fast", "specific")
FAST = TierFacts("fast", groups=[TierAvu("images", "0")], times=["1800"], queries=[KEEP_FAST])
TAPE = TierFacts("tape", groups=[TierAvu("images", "1")])
RULE = QueuedRule('{"rule-engine-operation": "irods_policy_storage_tiering"}', NOW + timedelta(seconds=30), NOW)

ZONE = ZoneFacts(
    version=(5, 0, 2),
    user_type="rodsadmin",
    tiers=[FAST, TAPE],
    resources=frozenset({"fast", "tape"}),
    queue=[RULE],
    roots=[RootFacts(ROOT, "alice", "lab")],
    residencies={"site::residency": ["moving", "offline", "online"]},
    accounts={"alice": "rodsuser", "lab": "rodsgroup"},
)
SHARE = VaultFacts("fast", "/data/vault")
SEEN = RepositoryFacts("/OMERO/ManagedRepository", owner=ME, tried=True, shares=(SHARE,), links=(SHARE,))
OMERO = OmeroFacts(version="5.6.15", is_admin=True, privileges=frozenset({"Sudo"}), repository=SEEN, has_directory=True)
OMERO = replace(OMERO, groups={"lab": True, "private": False, "user": True})
INTO_LAB = PlacementRule(("*",), "/lab/home/lab/{group}/{dataset}", resource="fast", acl={"alice": "read"})
LINK = "https://omero.example/webclient/?show=image-1"
LOGIN = "https://omero.example/webclient/login/?url=%2Fwebclient%2F%3Fshow%3Dimage-1"
WEB = WebFacts(LINK, "", 200, LOGIN, is_omero=True, version="5.27.0")
SYSTEM = SystemFacts("Debian GNU/Linux 12 (bookworm)", ("debian",), (12,))
SERVER = ServerFacts(service=SERVICE, installed="1.0", joined=True, system=SYSTEM)
SECRET = FileFacts("/etc/irods-omero/zone.password", True, True, 0o600, ME)
POLICY = FileFacts("/etc/irods/omero_policy.json", True, True, 0o644, 0)

HEALTHY = Facts(
    version="1.0",
    me=ME,
    server=SERVER,
    policy=POLICY,
    options=["ssl_verify_server", "encryption_key_size"],
    secrets=[SECRET],
    sign_in=SignIn("native", encrypted=True, leaves=True),
    zone=ZONE,
    probes=[ProbeFacts(ROOT, marked=True)],
    omero=OMERO,
    web=WEB,
    foreign=ForeignFacts(7),
    tier_names=["fast", "tape"],
    residencies={"tape": "site::residency"},
    examples="/opt/irods-omero/share/irods-omero",
    now=NOW,
)
WITH_RULES = replace(HEALTHY, placement=[INTO_LAB], users={"alice": "alice.a"})
