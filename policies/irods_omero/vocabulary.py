"""The names that the hooks inside the iRODS server and the agent outside share.

Loaded by the Python of the iRODS server: standard library only, Python 3.6 to 3.13, and no imports at all.
"""

SHARDS = 64
"""How many shards the units of a zone are spread over; part of the marks, so it must never change on a zone."""

PENDING = "pending"
TAKEN = "taken"


class UnitKind(object):
    """What a collection can say that its data objects are to be imported as.

    Attributes:
        name: The word, as the value of an AVU.
        of_several: Whether such units can have several data objects, which then say that they belong to it.
        by_agent: Whether the agent finds out which they are; otherwise an administrator says so.
    """

    def __init__(self, name, of_several, by_agent):
        # type: (str, bool, bool) -> None
        self.name = name
        self.of_several = of_several
        self.by_agent = by_agent


FILE = "file"
DIRECTORY = "directory"
LIST = "list"
AUTO = "auto"
UNIT_KIND_TABLE = (
    UnitKind(FILE, of_several=False, by_agent=False),
    UnitKind(DIRECTORY, of_several=True, by_agent=True),
    UnitKind(LIST, of_several=True, by_agent=False),
    UnitKind(AUTO, of_several=True, by_agent=True),
)
"""All kinds of units, the one place that says what they are like: a row for each."""
UNIT_KINDS = tuple(kind.name for kind in UNIT_KIND_TABLE)
OFF = "off"
SELF = "self"

SETTLED = "settled"
MARKER = "marker"
MANIFEST = "manifest"
BY_AVU = "avu"
COMPLETIONS = (SETTLED, MARKER, MANIFEST, BY_AVU)
"""What says, besides that its files have come to rest, that a directory is complete."""
NAMING_COMPLETIONS = (MARKER, MANIFEST)
"""Those that name a file."""
DONE = "done"
"""What a collection says of itself that is complete."""

MOVES, HOLDS, SHOWS, IMPORTS = "moves", "holds", "shows", "imports"
"""What requests do."""

FIRST_TIER = 0
"""The one that data is restaged to, where storage tiering says so another than the first of the group."""
LAST_TIER = -1


class Request(object):
    """A request word and what it does.

    Attributes:
        text: The word, as the value of an AVU and as the text of a tag.
        description: The description of the tag in OMERO.
        moves: Whether storage tiering moves data for it.
        holds: Whether data is held where it is, until a user removes the request.
        shows: Whether it asks that OMERO can read the files; nothing is moved in iRODS.
        imports: Whether it asks for the images: it is answered at the first look, and never pending. The tag is
            understood, but not offered: on an image it only makes sense while new content of its files was given up.
        destination: Index, in its tier group, of the tier that data is moved to; None where nothing is moved.
        restages: Whether it asks for bytes where they can be read.
        wants_copy: Whether OMERO is to have its copy of the files, even one that it was to do without.
    """

    def __init__(self, text, does, description, destination=None):
        # type: (str, str, str, int | None) -> None
        self.text = text
        self.description = description
        self.moves = does == MOVES
        self.holds = does == HOLDS
        self.shows = does == SHOWS
        self.imports = does == IMPORTS
        self.destination = destination
        self.restages = destination == FIRST_TIER
        self.wants_copy = self.shows or self.restages


ARCHIVE = "archive"
RESTAGE = "restage"
KEEP = "keep"
SHOW = "show"
IMPORT = "import"
REQUEST_TABLE = (
    Request(ARCHIVE, MOVES, "Put this on an image to have its files moved to the archive.", LAST_TIER),
    Request(RESTAGE, MOVES, "Put this on an image to have its files brought back from the archive.", FIRST_TIER),
    Request(KEEP, HOLDS, "Put this on an image to have its files held where they are."),
    Request(SHOW, SHOWS, "Put this on an image to have OMERO's copy of its files brought back from iRODS."),
    Request(IMPORT, IMPORTS, "Put this on an image to have new content of its files imported that was given up."),
)
"""All that users can ask for, the one place that says so: a row for each word."""
REQUESTS = tuple(request.text for request in REQUEST_TABLE)

ZARR = ".zarr"
ZARR_ROOTS = ("zarr.json", ".zattrs")
"""What speaks for a Zarr hierarchy, in the collection of that name: of version 3 and of version 2."""

TIER_GROUP = "irods::storage_tiering::group"
TIER_TIME = "irods::storage_tiering::time"
ACCESS_TIME = "irods::access_time"

AGENT_PROGRAM = "irods-omero"
"""The client program's name that the agent connects to the zone with: how hooks know its writes from other ones."""

POLICY_FILE = "/etc/irods/omero_policy.json"
"""Where hooks and agent look for the configuration unless the environment says otherwise."""

POLICY_FILE_VARIABLE = "IRODS_OMERO_POLICY"

TIER_NAMESPACE = "irods.org/omero/tier"
REQUEST_NAMESPACE = "irods.org/omero/request"
OBJECT_NAMESPACE = "irods.org/omero/object"
KEY_NAMESPACE = "irods.org/omero/key"
TAG_SETS = {TIER_NAMESPACE: "iRODS storage", REQUEST_NAMESPACE: "iRODS requests"}
REGISTERED = "registered"
SUPERSEDED = "superseded"
TIER_TAG_PREFIX = "tier:"

DEFAULT_PREFIX = "omero"


class Names(object):
    """The AVU attributes of one installation: all of them start with the configured prefix."""

    def __init__(self, prefix=DEFAULT_PREFIX):
        # type: (str) -> None
        self.prefix = prefix
        self.sync = prefix + "::sync"
        self.taken = prefix + "::taken"
        self.unit = prefix + "::unit"
        self.fileset = prefix + "::fileset"
        self.image = prefix + "::image"
        self.url = prefix + "::url"
        self.request = prefix + "::request"
        self.agreement = prefix + "::agreement"
        self.error = prefix + "::error"
        self.import_ = prefix + "::import"
        self.target = prefix + "::target"
        self.complete = prefix + "::complete"
        self.cursor = prefix + "::cursor"
        self.server = prefix + "::server"
        self.walked = prefix + "::walked"
        self.gather = prefix + "::gather"
        self.identity = prefix + "::identity"
        self.agent = prefix + "::agent"
        self.intake = prefix + "::intake"
        self.kept = (
            self.sync,
            self.taken,
            self.unit,
            self.fileset,
            self.image,
            self.url,
            self.agreement,
            self.error,
            self.cursor,
            self.server,
            self.walked,
            self.gather,
            self.identity,
            self.agent,
            self.intake,
        )
        """Those that only the agent writes, and the hooks."""

    def is_ours(self, attribute):
        # type: (str) -> bool
        """Whether an attribute belongs to this policy, in any spelling that a user may have chosen."""
        return attribute.strip().lower().startswith(self.prefix.lower() + "::")


def zarr_of(path):
    # type: (str) -> str
    """The outermost collection called `.zarr` that holds a data object or collection; empty for none."""
    above = path.rpartition("/")[0] + "/"
    end = above.find(ZARR + "/")
    return above[: end + len(ZARR)] if end >= 0 else ""


def is_part_of_zarr(path):
    # type: (str) -> bool
    """Whether a path is one of the many parts of a Zarr hierarchy, and not what speaks for all of it.

    They get no marks and no AVUs: a hierarchy may have millions of them.
    """
    zarr = zarr_of(path)
    return bool(zarr) and path not in [zarr + "/" + root for root in ZARR_ROOTS]


def shard_of(data_id):
    # type: (int) -> int
    """The shard of the unit whose first data object has this id."""
    return data_id % SHARDS
