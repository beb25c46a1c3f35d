"""The configuration as typed values; the published JSON Schema is made from these classes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from irods_omero.settings.import_settings import ImportSettings
from irods_omero.settings.mapping import AttributeSettings, Name, Section, check_attributes
from irods_omero.settings.mistakes import Where, mistake_at
from irods_omero.settings.omero_first import OmeroFirstSettings, check_how
from irods_omero.settings.tier_settings import TierSettings
from irods_omero.vocabulary import DEFAULT_PREFIX, SHARDS, Names

Port = Annotated[int, Field(ge=1, le=65535)]
TLS_POLICY, TLS_POLICIES = "client_server_policy", ("CS_NEG_REQUIRE", "CS_NEG_REFUSE")
AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/.+[^/]$")]

LOOPBACK = "127.0.0.1"


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of a text like ``127.0.0.1:9410``, ``[::1]:9410`` or ``9410``; raises ValueError for others."""
    host, colon, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65535 or (colon and not host):
        raise ValueError(f"{text!r} is no address with a port, as in '127.0.0.1:9410'")
    return host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port)


def parse_shards(text: str) -> frozenset[int]:
    """The numbers that a text like ``0-31,40`` names; raises ValueError for shards that do not exist."""
    shards: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.partition("-")
        numbers = range(int(low), int(high if dash else low) + 1)
        if not numbers or numbers[-1] >= SHARDS:
            raise ValueError(f"{part!r} names no shards: they go from 0 to {SHARDS - 1}")
        shards.update(numbers)
    return frozenset(shards)


class ZoneSettings(Section):
    """How the agent reaches the zone."""

    name: Name = Field(description="Name of the zone.")
    host: Name = Field(description="Host name of a server of the zone, preferably the catalog provider.")
    port: Port = Field(default=1247, description="Port of the iRODS server.")
    user: Name = Field(description="The agent's own rodsadmin account; hooks leave its writes alone.")
    password_file: str | None = Field(
        default=None,
        description="File with the password, readable by the agent only; or set IRODS_OMERO_ZONE_PASSWORD.",
    )
    connections: Annotated[int, Field(ge=1, le=32)] = Field(
        default=4,
        description="Over how many connections the agent writes about different units at the same time.",
    )
    options: dict[str, str | int | bool] = Field(
        default={},
        description="Further settings as in irods_environment.json, for sign-in and TLS. Connections to other machines "
        "are by TLS, and check the certificate, unless irods_client_server_policy is CS_NEG_REFUSE, or "
        "irods_ssl_verify_server is none.",
    )

    @field_validator("options")
    @classmethod
    def _have_no_key_of_their_own(cls, options: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
        for name, value in options.items():
            if name.removeprefix("irods_") in ("host", "port", "user_name", "zone_name"):
                raise ValueError(f"{name} has a key of its own in zone")
            if name.removeprefix("irods_") == "password":
                raise ValueError(f"{name} does not belong here: name a password_file")
            if name.removeprefix("irods_") == TLS_POLICY and value not in TLS_POLICIES:
                raise ValueError(f"{name} has to be {' or '.join(TLS_POLICIES)}")
        return options


class OmeroSettings(Section):
    """How the agent reaches OMERO, and who owns what there."""

    name: Name = Field(default="omero", description="What this server is called in the units of AVUs.")
    host: Name = Field(description="Host name of the OMERO server, or an Ice address such as tcp://host:4063.")
    port: Port = Field(default=4064, description="Port of the OMERO server.")
    user: Name = Field(description="A restricted administrator with the privilege Sudo.")
    password_file: str | None = Field(
        default=None,
        description="File with the password, readable by the agent only; or set IRODS_OMERO_OMERO_PASSWORD.",
    )
    web: str = Field(
        default="", pattern=r"^(https?://.+[^/])?$", description="Address of OMERO.web, for links to images."
    )
    repository: AbsolutePath | None = Field(
        default=None,
        description="Directory of OMERO's managed repository as the agent sees it, if it does: locks then say whether "
        "OMERO has the bytes, and its copies can be removed and brought back.",
    )
    users: dict[str, str] = Field(
        default={},
        description="OMERO user for an iRODS user, where the names differ; 'name#zone' is one of another zone, and '*' "
        "stands for all others.",
    )
    create_users: bool = Field(
        default=False,
        description="Whether an owner of data who has no account in OMERO, but is in its directory (LDAP), gets one "
        "when the first file is to be imported.",
    )
    zarr: str = Field(
        default="",
        pattern=r"^([^{}]*\{path\}[^{}]*)?$",
        description="Address at which OMERO reads OME-Zarr itself, with {path} for the logical path: it takes "
        "omero-zarr-pixel-buffer in OMERO, and a mount or an S3 API of the zone. By default OME-Zarr is not imported.",
    )
    adopt_typed_tags: bool = Field(
        default=True,
        description="Whether a tag without a namespace that a user has made by typing a request word, in whatever "
        "letters, is taken for the request, and replaced by the tag for it.",
    )


class WatchSettings(Section):
    """What the hooks inside the iRODS server look at."""

    roots: list[AbsolutePath] = Field(
        min_length=1, description="Collections below which arrivals, movements and requests leave marks."
    )
    protect: bool = Field(default=True, description="Whether users are kept from writing the AVUs of this policy.")


class CacheSettings(Section):
    """What becomes of OMERO's copies of files that iRODS keeps; takes `omero.repository`."""

    evict: Literal["never", "with-tier"] = Field(
        default="never",
        description="When OMERO's copy of a file is removed: 'with-tier' if its tier is offline and iRODS is known to "
        "have the same bytes. It is brought back when the data is.",
    )
    most_bytes: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How many bytes of copies OMERO is to have at most: if there are more, those that were read least "
        "recently are removed down to nine tenths of it, as far as iRODS has the same bytes where they can be read. "
        "The request `show` brings one back.",
    )
    verify_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How old the comparison of iRODS' bytes with OMERO's may be when OMERO's copy is removed, in days: "
        "what was compared longer ago is read from iRODS once more, where it can be read, and otherwise kept.",
    )
    share: dict[Name, AbsolutePath] = Field(
        default={},
        description="For root resources the directories of their vaults as the agent sees them, on the file system of "
        "`omero.repository`, if that can share blocks between files (XFS, Btrfs): OMERO's copies of what is there take "
        "no room of their own.",
    )
    link: dict[Name, AbsolutePath] = Field(
        default={},
        description="For root resources the directories of their vaults as OMERO's host and the agent there see them, "
        "if iRODS makes up their paths at random (`msiSetRandomScheme`): links to files there that nobody may write to "
        "come in place of OMERO's copies, and follow the data.",
    )


class SafetySettings(Section):
    """What is held for a person to decide about."""

    removals: Annotated[int, Field(ge=0)] = Field(
        default=100,
        description="If more units than this lose mapped values or all their images within an hour, and more than a "
        "tenth of those in a sweep, nothing more is removed: see `irods-omero removals`. An agent that has some of the "
        "shards has that part of it.",
    )


class AgentSettings(Section):
    """How the agent works."""

    shards: str = Field(
        default=f"0-{SHARDS - 1}",
        pattern=r"^\d+(-\d+)?(,\d+(-\d+)?)*$",
        description=f"Which of the {SHARDS} shards this agent works on, as in '0-31' or '3,5,8'.",
    )
    interval_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="Pause between two sweeps; none after one that changed something and took longer."
    )
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1000,
        description="How many units are looked at together; and of how many data objects of one unit movements wait in "
        "the delay queue at a time.",
    )
    metrics: str | None = Field(
        default=None,
        description="Address and port at which Prometheus reads metrics, as in '127.0.0.1:9410'; a port alone is open "
        "to this machine only. Whoever reaches it may read them.",
    )

    @field_validator("shards")
    @classmethod
    def _shards_exist(cls, text: str) -> str:
        parse_shards(text)
        return text

    @field_validator("metrics")
    @classmethod
    def _metrics_name_an_address(cls, text: str | None) -> str | None:
        if text is not None:
            parse_address(text)
        return text


class WebhookSettings(Section):
    """Where notifications are posted to."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]")] | None = Field(
        default=None, description="The address, if everybody on the server may know it."
    )
    url_file: str | None = Field(
        default=None,
        description="File with the address, readable by the agent only: that of many chat systems is a secret.",
    )
    secret_file: str | None = Field(
        default=None, description="File with the secret that notifications are signed with; without it they are not."
    )

    @model_validator(mode="after")
    def _has_one_address(self) -> WebhookSettings:
        if (self.url is None) is (self.url_file is None):
            raise ValueError("name its address by either url or url_file")
        return self


class NotifySettings(Section):
    """Whom the agent tells of what needs a person, as a service only; all webhooks get all notifications."""

    webhooks: list[WebhookSettings] = Field(default=[], description="All of them get all notifications.")
    interval_seconds: Annotated[float, Field(gt=0)] = Field(
        default=6 * 3600.0, description="Pause between two notifications of the same cause, which counts its units."
    )
    many: Annotated[int, Field(ge=1)] = Field(
        default=10,
        description="How many units must fail for the same cause outside their files before it is told.",
    )


class Settings(Section):
    """The configuration of irods-omero-policies: hooks and agent read the same file."""

    zone: ZoneSettings
    omero: OmeroSettings
    watch: WatchSettings
    tiers: dict[str, TierSettings] = Field(
        default={}, description="For each root resource what users see of it; tier groups are read from the zone."
    )
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")] = Field(
        default=DEFAULT_PREFIX, description="What the AVU attributes of this policy start with."
    )
    attributes: list[AttributeSettings] = Field(default=[], description="What else is kept the same on both sides.")
    imports: ImportSettings = Field(default=ImportSettings())
    omero_first: list[OmeroFirstSettings] = Field(
        default=[], description="What is taken into iRODS that came through OMERO first; the first that fits counts."
    )
    cache: CacheSettings = Field(default=CacheSettings())
    safety: SafetySettings = Field(default=SafetySettings())
    agent: AgentSettings = Field(default=AgentSettings())
    notify: NotifySettings = Field(default=NotifySettings())

    @model_validator(mode="after")
    def _evicts_what_it_sees(self) -> Settings:
        changed: list[Where] = [
            ("cache", key) for key in CacheSettings.model_fields if getattr(self.cache, key) not in (None, "never", {})
        ]
        changed += [("tiers", name, "access_hours") for name, tier in self.tiers.items() if tier.access_hours]
        if changed and self.omero.repository is None:
            raise mistake_at(changed[0], "takes omero.repository: the agent has to see OMERO's managed repository")
        return self

    @model_validator(mode="after")
    def _takes_what_it_sees(self) -> Settings:
        check_how(self.omero_first, self.omero.repository)
        return self

    @model_validator(mode="after")
    def _residencies_are_the_sites_own(self) -> Settings:
        for name, tier in self.tiers.items():
            if tier.residency is not None and is_taken(tier.residency, Names(self.prefix)):
                raise mistake_at(("tiers", name, "residency"), "it belongs to this policy or to storage tiering")
        return self

    @field_validator("omero_first")
    @classmethod
    def _describes_with_free_attributes(
        cls, rules: list[OmeroFirstSettings], info: ValidationInfo
    ) -> list[OmeroFirstSettings]:
        names = Names(info.data.get("prefix", DEFAULT_PREFIX))
        for rule in rules:
            for attribute in (*rule.avus, rule.facts):
                if is_taken(attribute, names):
                    raise ValueError(f"{attribute!r} belongs to this policy or to storage tiering")
        return rules

    @field_validator("attributes")
    @classmethod
    def _attributes_do_not_meet(cls, mapped: list[AttributeSettings], info: ValidationInfo) -> list[AttributeSettings]:
        check_attributes(mapped, Names(info.data.get("prefix", DEFAULT_PREFIX)))
        return mapped


def is_taken(attribute: str, names: Names) -> bool:
    """Whether an attribute belongs to this policy, or to storage tiering."""
    return names.is_ours(attribute) or attribute.strip().lower().startswith("irods::")
