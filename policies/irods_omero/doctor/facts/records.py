"""What the doctor observes, as plain values: facts only, which the checks judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from irods_omero.domain.rules.omero_first.in_place import Storage
from irods_omero.domain.rules.omero_first.placement import PlacementRule
from irods_omero.status.agents import Overlap
from irods_omero.status.summary import Cause


@dataclass(frozen=True)
class FileFacts:
    """A file, as this process sees it.

    Attributes:
        path: The file.
        exists: Whether it is there.
        readable: Whether this process may read it.
        mode: Its rights.
        owner: User id of its owner.
    """

    path: str
    exists: bool
    readable: bool = False
    mode: int = 0
    owner: int = -1


class SystemFacts(NamedTuple):
    """The operating system of this machine.

    Attributes:
        name: As people read it.
        kinds: What it is, and what it is like, as in ``debian``; the nearest first.
        version: Its version.
    """

    name: str
    kinds: Sequence[str]
    version: tuple[int, ...]


@dataclass(frozen=True)
class ServerFacts:
    """An iRODS server, seen from the machine that it runs on.

    Attributes:
        unreadable: Why server_config.json could not be read; empty if it could.
        concerns: What is wrong with its rule engines.
        service: User id of the service account.
        installed: Version of the in-server part; empty if neither this program nor its Debian package has installed it.
        changed: Files of the in-server part that are not as they were installed.
        joined: Whether its core.py imports the hooks.
        system: The operating system that it runs on; None if that does not say what it is.
    """

    unreadable: str = ""
    concerns: Sequence[str] = ()
    service: int = -1
    installed: str = ""
    changed: Sequence[str] = ()
    joined: bool = False
    system: SystemFacts | None = None


class TierAvu(NamedTuple):
    """What an AVU of a resource says, as it is written."""

    value: str
    units: str = ""


@dataclass(frozen=True)
class TierFacts:
    """One resource as a member of one tier group, or of none.

    Attributes:
        resource: Its name.
        is_root: Whether it has no parent.
        groups: Tier groups and, as they are written, places in them.
        times: For how many seconds data stays, as they are written.
        queries: Its own queries for what is to move, each with its units.
        restages: Whether it is marked as the tier that data comes back to.
    """

    resource: str
    is_root: bool = True
    groups: Sequence[TierAvu] = ()
    times: Sequence[str] = ()
    queries: Sequence[TierAvu] = ()
    restages: bool = False


@dataclass(frozen=True)
class QueuedRule:
    """A rule in the delay queue.

    Attributes:
        text: The rule.
        due: When it is to run next.
        last: When it ran last, if it did.
    """

    text: str
    due: datetime
    last: datetime | None = None


@dataclass(frozen=True)
class RootFacts:
    """A watched root.

    Attributes:
        path: Its path.
        owner: Its owner; empty if there is no such collection.
        owner_zone: The zone of its owner.
    """

    path: str
    owner: str = ""
    owner_zone: str = ""


@dataclass(frozen=True)
class ZoneFacts:
    """A zone, seen by the agent's account.

    Attributes:
        unreachable: Why it could not be seen; empty if it could.
        version: Version of the server.
        user_type: Type of the agent's account.
        tiers: Resources that have to do with storage tiering.
        resources: Names of all resources.
        queue: What is in the delay queue.
        roots: The watched roots.
        stranded: Paths of the data objects below these that storage tiering has given up.
        residencies: For each attribute by which the site says where bytes are what it says of any data object.
        answers: For root resources of which a command says it what it has said of one file there, empty for nothing
            that is understood; those are left out that hold no file.
        roots_of: For each resource the root one that it lies below, or is.
        accounts: For users and groups of the zone their types; empty where nobody asks.
        storages: Its resources by name; empty where nothing is registered in place.
    """

    unreachable: str = ""
    version: tuple[int, ...] = ()
    user_type: str = ""
    tiers: Sequence[TierFacts] = ()
    resources: frozenset[str] = frozenset()
    queue: Sequence[QueuedRule] = ()
    roots: Sequence[RootFacts] = ()
    stranded: Sequence[str] = ()
    residencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    roots_of: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    storages: Mapping[str, Storage] = field(default_factory=dict)


@dataclass(frozen=True)
class ProbeFacts:
    """What came of a data object that was put below a watched root and removed again.

    Attributes:
        root: The root.
        broken: Why it could not be tried; empty if it could.
        marked: Whether a hook has posted its mark.
        clock: By how many seconds the zone's clock is ahead of this machine's.
    """

    root: str
    broken: str = ""
    marked: bool = False
    clock: float = 0.0


class VaultFacts(NamedTuple):
    """A vault with whose files OMERO's copies are to share blocks, or to which links are to lead.

    Attributes:
        resource: The root resource.
        path: The directory.
        trouble: Why they cannot; empty if they can, as far as was tried.
    """

    resource: str
    path: str
    trouble: str = ""


@dataclass(frozen=True)
class RepositoryFacts:
    """OMERO's managed repository, as the agent sees it.

    Attributes:
        path: The directory.
        trouble: Why it is not this OMERO's; empty if it is.
        owner: User id of its owner.
        tried: Whether it was tried to write there.
        refused: Why nothing can be written there, or not as it has to be; empty if it can, or was not tried.
        notes_reading: Whether the file system notes when files are read.
        shares: Vaults that its files are to share blocks with, if that was tried.
        links: Vaults that links are to lead to, with why there can be none to some file there.
    """

    path: str
    trouble: str = ""
    owner: int = 0
    tried: bool = False
    refused: str = ""
    notes_reading: bool = True
    shares: tuple[VaultFacts, ...] = ()
    links: tuple[VaultFacts, ...] = ()


class ForeignKind(NamedTuple):
    """Files of one kind in OMERO's repository that are none of its own, or links of agents that lead nowhere.

    Attributes:
        what: What the first one is, in words.
        number: How many there are.
        path: Logical path of the data object that the unit of the first one begins with.
        file: The path of the first one below the repository.
        is_readable: Whether OMERO reads bytes of the right number there.
        is_ours: Whether an agent has made it.
    """

    what: str
    number: int
    path: str
    file: str
    is_readable: bool
    is_ours: bool = False


@dataclass(frozen=True)
class ForeignFacts:
    """What is in OMERO's repository in place of the files of units.

    Attributes:
        units: How many units with copies were looked at.
        is_all: Whether these are all.
        kinds: What was found.
    """

    units: int
    is_all: bool = True
    kinds: Sequence[ForeignKind] = ()


@dataclass(frozen=True)
class OmeroFacts:
    """An OMERO server, seen by the agent's account.

    Attributes:
        unreachable: Why it could not be seen; empty if it could.
        no_client: Whether that is because omero-py is not installed here.
        refused: Whether it answered, and refused the account.
        version: Version of the server.
        is_admin: Whether the account is an administrator.
        privileges: What the account may do as one.
        clock: By how many seconds the server's clock is ahead of this machine's.
        indexer_owes: For how many seconds the search indexer has not answered to an annotation; 0 if it has.
        repository: Its managed repository, None where the agent is not to see it.
        has_directory: Whether it has LDAP, None where nobody wants users of that.
        groups: For its groups whether members may read each other's data; empty where it was not asked.
    """

    unreachable: str = ""
    no_client: bool = False
    refused: bool = False
    version: str = ""
    is_admin: bool = False
    privileges: frozenset[str] = frozenset()
    clock: float = 0.0
    indexer_owes: float = 0.0
    repository: RepositoryFacts | None = None
    has_directory: bool | None = None
    groups: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class WebFacts:
    """OMERO.web, opened by a link to an image as users open it.

    Attributes:
        link: The link; empty if the policy file has no address of OMERO.web.
        unreachable: Why it could not be opened; empty if it could.
        status: The status of the answer, after what it redirects to.
        landed: The address of the answer.
        is_omero: Whether the page says of what program it is.
        version: The version that it shows, if it does.
    """

    link: str = ""
    unreachable: str = ""
    status: int = 0
    landed: str = ""
    is_omero: bool = False
    version: str = ""


@dataclass(frozen=True)
class SignIn:
    """How the agent signs in to the zone.

    Attributes:
        scheme: How it proves who it is.
        encrypted: Whether it insists on TLS.
        leaves: Whether what it sends leaves this machine.
        legacy: Whether python-irodsclient is told to use the calls of before iRODS 4.3.
    """

    scheme: str
    encrypted: bool
    leaves: bool
    legacy: bool = False


@dataclass(frozen=True)
class Facts:
    """All that the doctor sees.

    Attributes:
        version: Version of this program.
        me: User id of this process.
        server: The iRODS server on this machine, if there is one.
        policy: The policy file.
        options: Names of the further settings of the zone's connection that the policy file holds.
        secrets: The files with passwords and other secrets that the policy file names.
        sign_in: How the agent signs in to the zone.
        zone: The zone.
        probes: What came of trying the hooks; empty if that was not wanted.
        omero: The OMERO server.
        web: OMERO.web; None if that was not wanted.
        foreign: What is in OMERO's repository in place of files of units; None where that is not to be seen.
        tier_names: Resources that the policy file names as tiers.
        residencies: For those of which the site says where bytes really are the attribute by which it does.
        caches: For those of which the catalog says it the resource below that is the cache.
        limits_cache: Whether the policy file says how many bytes of copies OMERO is to have at most.
        access_hours: By how many hours iRODS' access times may lag behind OMERO's reading, by resource.
        examples: The folder of the examples that came with this program.
        now: When all this was seen.
        causes: What is wrong with units, by cause.
        overlaps: Where two agents work on the same shards.
        placement: Where what comes through OMERO first goes, in the order of the policy file, with the zone filled in.
        users: For iRODS users who they are in OMERO, as the policy file has it.
    """

    version: str
    me: int
    server: ServerFacts | None
    policy: FileFacts
    options: Sequence[str]
    secrets: Sequence[FileFacts]
    sign_in: SignIn
    zone: ZoneFacts
    probes: Sequence[ProbeFacts]
    omero: OmeroFacts
    web: WebFacts | None
    tier_names: Sequence[str]
    examples: str
    now: datetime
    foreign: ForeignFacts | None = None
    causes: Sequence[Cause] = ()
    overlaps: Sequence[Overlap] = ()
    limits_cache: bool = False
    access_hours: Mapping[str, float] = field(default_factory=dict)
    residencies: Mapping[str, str] = field(default_factory=dict)
    caches: Mapping[str, str] = field(default_factory=dict)
    placement: Sequence[PlacementRule] = ()
    users: Mapping[str, str] = field(default_factory=dict)
