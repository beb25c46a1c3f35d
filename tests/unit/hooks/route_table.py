"""The route table: each way by which content, location or metadata change, one row each.

Rows that name an action fire what a real zone fired for it, in that order; the others are routes that nobody recorded.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""

from tests.unit.hooks import shapes
from tests.unit.hooks.connection import ROOT
from tests.unit.hooks.fakes import client
from tests.unit.hooks.routes import (
    AGENT,
    ELSEWHERE,
    FOUR,
    OBJECT,
    SERVICE,
    TRASHED,
    Route,
    collection_goes,
    goes,
    gone,
    new,
    overwrite,
    put,
    replicated,
)
from tests.unit.hooks.shapes import Thing
from tests.unit.hooks.table_metadata import METADATA

OPEN = "pep_api_data_obj_open_pre"
REPLICA_OPEN = "pep_api_replica_open_pre"
CREATE = "pep_api_data_obj_create_pre"
UNLINK = "pep_api_data_obj_unlink_post"
RM_COLL = "pep_api_rm_coll_post"
COPY = shapes.copy_called(ELSEWHERE.path, OBJECT.path)
REPL = shapes.called("pep_api_data_obj_repl_pre", OBJECT.path)
NAMESAKE = client("omero-agent", 5, "irods-omero", "otherZone")
TOUCHED = shapes.changed(OBJECT, dataModify="1")
RENAMED = Thing(ROOT + "/new 'name'.tif", 10259, 10258)
ALL = (10259, 10260, 10261, 10262)
LOCKED = shapes.finalized(OBJECT, ("1", "2", False))

CONTENT = [
    Route("iput of a small file", "iput small", put(OBJECT), (10259,)),
    Route("iput with a checksum", "iput -k small (checksum)", put(OBJECT), (10259,)),
    Route("iput of a large file, parallel", "iput large 40MB parallel", put(OBJECT), (10259,)),
    Route("iput with AVUs", "iput --metadata", put(OBJECT, metadataIncluded="a;b;c"), (10259,)),
    Route("iput -r", "iput -r dir", [step for thing in FOUR for step in put(thing)], ALL),
    Route("iput -b -r", "iput -b -r dir", [step for thing in FOUR for step in new(thing)], ALL),
    Route("iput over an object", "iput -f overwrite small", [*put(OBJECT)[:1], *overwrite(OBJECT)], (10259,)),
    Route("irsync", "irsync", put(OBJECT), (10259,)),
    Route("istream", "istream write", put(OBJECT, REPLICA_OPEN), (10259,)),
    Route("HTTP API and S3 API", None, put(OBJECT, REPLICA_OPEN), (10259,)),
    Route("HTTP API and S3 API over an object", None, overwrite(OBJECT), (10259,)),
    Route("davrods", None, put(OBJECT, OPEN), (10259,)),
    Route("itouch of a new object", "itouch new", [*new(OBJECT), TOUCHED], (10259,)),
    Route("itouch of an old object", "itouch existing", [TOUCHED]),
    Route("icp", "icp", [COPY, *new(OBJECT)], (10259,)),
    Route("PRC put", "PRC put small", put(OBJECT, OPEN), (10259,)),
    Route("PRC put with a checksum", "PRC put small w/ REG_CHKSUM", put(OBJECT, OPEN), (10259,)),
    Route("PRC put with AVUs", "PRC put small w/ metadata kw", put(OBJECT, OPEN, metadataIncluded="a;b;c"), (10259,)),
    Route("PRC put of a name in Unicode", "PRC unicode name put", put(OBJECT, OPEN), (10259,)),
    Route(
        "PRC put of a large file, parallel",
        "PRC put large parallel",
        [*put(OBJECT, OPEN)[:2], *put(OBJECT, OPEN)[:1], *new(OBJECT)[1:]],
        (10259,),
    ),
    Route("PRC open, write, close", "PRC open(w)/write/close", put(OBJECT, OPEN), (10259,)),
    Route("PRC create", "PRC create", put(OBJECT, CREATE), (10259,)),
    Route("PRC touch", "PRC touch", [*new(OBJECT), TOUCHED], (10259,)),
    Route("PRC copy", "PRC copy", [COPY, *new(OBJECT)], (10259,)),
    Route("microservices of a rule", None, new(OBJECT), (10259,)),
    Route("automated ingest by put", None, put(OBJECT, OPEN), (10259,)),
    Route("ireg of a file, automated ingest", None, [shapes.registered(OBJECT, status=1)], (10259,), user="rods"),
    Route("ireg -r", None, [shapes.registered(thing, status=1) for thing in FOUR], ALL, user="rods"),
    Route("ireg of a replica", None, [shapes.replica(OBJECT, status=1)], (10259,), user="rods"),
    Route("truncate", None, [shapes.changed(OBJECT, dataSize="0")], (10259,)),
    Route("a put into a replication resource", None, [*new(OBJECT), *replicated(OBJECT)[1:]], (10259,)),
    Route(
        "unpacking of an archive, in one transaction",
        None,
        [
            *(shapes.registered(thing, status=1, flags=1) for thing in FOUR),
            shapes.over("pep_api_struct_file_ext_and_reg_post"),
        ],
        ALL,
    ),
    Route("a put that is not over", None, put(OBJECT)[:2]),
    Route("a put that fails", None, [*put(OBJECT)[:2], shapes.finalized(OBJECT, ("2", "0", False))]),
    Route("a put that writes and fails", None, [*put(OBJECT)[:2], shapes.finalized(OBJECT, ("2", "0", True))]),
    Route("a put over an object that fails", None, [LOCKED, shapes.finalized(OBJECT, ("1", "0", False))]),
    Route("an opening for writing without a write", None, [LOCKED, shapes.finalized(OBJECT, ("1", "1", False))]),
    Route("a reading", "PRC open(r)/read/close", [shapes.called(OPEN, OBJECT.path)]),
    Route("a get", "PRC get small", [shapes.called(OPEN, OBJECT.path)]),
    Route("the agent's own put", None, new(OBJECT), client=AGENT),
    Route("a put by a namesake of the agent from another zone", None, new(OBJECT), (10259,), client=NAMESAKE),
    Route("a put elsewhere", "iput small", put(ELSEWHERE)),
    Route("a put over an object elsewhere", None, [goes(ELSEWHERE), *overwrite(ELSEWHERE)]),
    Route("a put into another zone", None, new(Thing("/otherZone/home/alice/t/x", 10259, 10258))),
    Route("a put beside the root", None, new(Thing(ROOT + "wo/x", 10259, 10258))),
]

MIGRATION = [
    REPL,
    *replicated(OBJECT),
    shapes.unregistered(OBJECT, irodsAdmin="", rescName="fast_resc", copies="1"),
    shapes.avu("set_avu_metadata_post", "-d", OBJECT.path, "irods::access_time", "1795230899"),
    shapes.avu("set_avu_metadata_post", "-d", OBJECT.path, "irods::storage_tiering::group", "microscopy", "1"),
]

LOCATION = [
    Route("irepl", "irepl", [REPL, *replicated(OBJECT)], (10259,)),
    Route("PRC replicate", "PRC replicate", [REPL, *replicated(OBJECT)], (10259,)),
    Route(
        "irepl over a stale replica",
        None,
        [shapes.finalized(OBJECT, ("1", "4", False), ("0", "2", False)), replicated(OBJECT)[2]],
        (10259,),
    ),
    Route(
        "irepl that fails",
        None,
        [*replicated(OBJECT)[:2], shapes.finalized(OBJECT, ("1", "1", False), ("2", "0", False))],
    ),
    Route("a compound resource's stage from the archive", None, replicated(OBJECT), (10259,)),
    Route("itrim", "itrim", [shapes.unregistered(OBJECT, copies="1", rescName="fast_resc")], (10259,)),
    Route("PRC trim", "PRC trim", [shapes.unregistered(OBJECT, copies="1", rescName="fast_resc")], (10259,)),
    Route(
        "iphymv",
        "iphymv",
        [*replicated(OBJECT)[:2], shapes.unregistered(OBJECT), shapes.finalized(OBJECT, ("2", "1", False))],
        (10259,),
    ),
    Route("storage tiering, there and back", None, MIGRATION, (10259,), client=SERVICE, closed=True),
    Route("ichksum", "ichksum", [shapes.changed(OBJECT, chksum="sha2:x")]),
    Route("PRC chksum", "PRC chksum", [shapes.changed(OBJECT, chksum="sha2:x")]),
    Route("iadmin modrepl", None, [shapes.changed(OBJECT, replStatus="0")], (10259,), user="rods"),
    *(
        Route(
            "imv of an object, by " + action,
            action,
            [
                shapes.renamed(10259, "new 'name'.tif"),
                goes(RENAMED),
                shapes.changed(RENAMED, filePath="/vault/new"),
                shapes.rename_over(OBJECT.path, RENAMED.path),
            ],
            (10259,),
            left=(10258,),
        )
        for action in ("imv (rename)", "PRC move")
    ),
    Route(
        "imv of a collection",
        "imv collection",
        [
            shapes.renamed(10300, "sub2"),
            collection_goes(10300, ROOT + "/sub2"),
            *(shapes.changed(thing, filePath="/vault/new") for thing in FOUR),
            shapes.rename_over(ROOT + "/sub", ROOT + "/sub2"),
        ],
        (10300,),
        left=(10258,),
    ),
    Route(
        "imv into a watched collection",
        None,
        [shapes.moved(10259, 10258), goes(OBJECT), shapes.rename_over(ELSEWHERE.path, OBJECT.path)],
        (10259,),
    ),
    Route(
        "imv out of a watched collection",
        None,
        [shapes.moved(10259, 10400), goes(ELSEWHERE), shapes.rename_over(OBJECT.path, ELSEWHERE.path)],
        (10259,),
        left=(10258,),
    ),
    Route(
        "imv elsewhere",
        None,
        [shapes.moved(10259, 10400), goes(ELSEWHERE), shapes.rename_over(ELSEWHERE.path, TRASHED.path)],
    ),
    Route(
        "a rename by a rule",
        None,
        [shapes.renamed(10259, "new"), goes(RENAMED), shapes.over("pep_api_exec_my_rule_post")],
        (10259,),
    ),
    Route(
        "a move out of a watched collection by a rule of the delay queue",
        None,
        [shapes.moved(10259, 10400), goes(ELSEWHERE), shapes.over("pep_api_exec_rule_expression_post")],
        (10259,),
        known=True,
    ),
    *(
        Route(
            "irm into the trash, by " + action,
            action,
            [
                shapes.moved(10259, 10295),
                goes(TRASHED),
                shapes.changed(TRASHED, filePath="/vault/trash"),
                shapes.called(UNLINK, OBJECT.path),
            ],
            (10259,),
            left=(10258,),
        )
        for action in ("irm (trash)", "PRC unlink trash")
    ),
    Route(
        "irm -r of a collection into the trash",
        "irm -r (trash collection)",
        [
            shapes.moved(10300, 10295),
            collection_goes(10300, "/tempZone/trash/home/alice/t/sub"),
            *(shapes.changed(TRASHED, filePath="/vault/trash") for _ in FOUR),
            shapes.called(RM_COLL, ROOT + "/sub"),
        ],
        (10300,),
        left=(10258,),
    ),
    *(
        Route(
            "irm -f, by " + action,
            action,
            [gone(OBJECT), shapes.unregistered(OBJECT, forceFlag=""), shapes.called(UNLINK, OBJECT.path)],
            (10258,),
        )
        for action in ("irm -f", "PRC unlink force")
    ),
    Route("irm -f of an object of two replicas", None, [shapes.unregistered(OBJECT, forceFlag="")] * 2, (10258,)),
    Route(
        "irm -rf of a collection",
        "irm -rf collection",
        [
            shapes.unregistered(FOUR[1], forceFlag=""),
            shapes.removed_collection(ROOT + "/sub/sub"),
            *(shapes.unregistered(thing, forceFlag="") for thing in FOUR[1:]),
            shapes.removed_collection(ROOT + "/sub"),
            shapes.called(RM_COLL, ROOT + "/sub"),
        ],
        (10258, 10300),
    ),
    Route(
        "unregistering",
        "iunreg (rods)",
        [gone(OBJECT), shapes.unregistered(OBJECT, translatedPath=""), shapes.called(UNLINK, OBJECT.path)],
        (10258,),
        user="rods",
    ),
    Route(
        "irmtrash",
        "irmtrash",
        [
            shapes.unregistered(TRASHED, forceFlag=""),
            shapes.removed_collection(TRASHED.collection),
            *(shapes.unregistered(TRASHED, forceFlag="") for _ in range(3)),
            shapes.removed_collection(TRASHED.collection),
            shapes.unregistered(TRASHED, forceFlag=""),
            shapes.removed_collection(TRASHED.collection),
            shapes.unregistered(TRASHED, forceFlag=""),
            shapes.called(RM_COLL, TRASHED.collection),
        ],
    ),
    Route(
        "a trim elsewhere",
        None,
        [goes(ELSEWHERE), shapes.unregistered(ELSEWHERE, copies="1")],
    ),
    Route("the agent's own trim", None, [shapes.unregistered(OBJECT, copies="1")], client=AGENT),
]

ROUTES = CONTENT + LOCATION + METADATA
