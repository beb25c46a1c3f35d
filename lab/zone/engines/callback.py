"""What hooks can call: `callback.name(...)`, with the client's rights."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.zone import stat
from lab.zone.catalog import delayed, replicas
from lab.zone.catalog.metadata import Avu
from lab.zone.database import atomically
from lab.zone.database.metadata import REMOVALS
from lab.zone.errors import CODES, ZoneError
from lab.zone.query import statements, text
from lab.zone.query.sql import RETURN_TOTAL
from lab.zone.structs import CharArray, GenQueryInp, GenQueryOut, KeyValPair, RodsObjStat, SqlResult

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_ROWS = 256
_AUTO_CLOSE = 0x100
_OPTIONS = ("add", "set", *REMOVALS)


class Callback:
    """The callback object of one call of a hook."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def call(*arguments: Any) -> dict[str, Any]:
            try:
                results = _called(self._agent, name, list(arguments))
            except ZoneError as error:
                if error.code == CODES["CAT_NO_ROWS_FOUND"]:
                    return {"code": error.code, "status": False, "arguments": list(arguments)}
                raise RuntimeError(f"[iRods__Error__Code:{error.code}] {error.message}") from error
            return {"code": 0, "status": True, "arguments": results}

        return call


def _called(agent: "Agent", name: str, arguments: list[Any]) -> list[Any]:
    microservice = _MICROSERVICES.get(name)
    if microservice is not None:
        return microservice(agent, *arguments)
    if agent.peps.python is not None and agent.peps.python.has(name):
        agent.peps.python.call(name, arguments, Callback(agent), agent.rule_context())
        return arguments
    raise ZoneError("NO_MICROSERVICE_FOUND_ERR", f"no microservice or rule {name}")


def _write_line(agent: "Agent", stream: Any, line: Any) -> list[Any]:
    if str(stream) in ("stdout", "stderr"):
        agent.output.append((str(stream), str(line)))
    else:
        agent.log.write(f"writeLine: {line}")
    return [stream, line]


def _note_write(agent: "Agent", microservice: str, **fields: Any) -> None:
    hook = agent.peps.running[-1] if agent.peps.running else ""
    agent.requests.write(
        api=microservice, hook=hook, by="hook", user=agent.client.name, program=agent.program, **fields
    )


def _mod_avu(agent: "Agent", *words: Any) -> list[Any]:
    kind, name, option, attribute, value, units = (str(word) for word in words)
    _note_write(agent, "msiModAVUMetadata", operation=option, arguments=[kind, name, attribute, value, units])
    avu, pairs = Avu(attribute, value, units), dict[str, str]()
    if option == "add":
        agent.metadata.add(kind, name, avu, pairs)
    elif option == "set":
        agent.metadata.set(kind, name, avu, pairs)
    elif option in REMOVALS:
        agent.metadata.remove(kind, name, avu, pairs, option=REMOVALS[option])
    else:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not one of {_OPTIONS}: {option}")
    return list(words)


def _atomic(agent: "Agent", document: Any, output: Any) -> list[Any]:
    _note_write(agent, "msi_atomic_apply_metadata_operations", document=str(document))
    atomically.apply(agent, atomically.read(str(document).encode()))
    return [document, "{}"]


def _make_query(agent: "Agent", selected: Any, where: Any, _inp: Any) -> list[Any]:
    made = GenQueryInp(maxRows=_ROWS)
    made.query = text.made(str(selected), str(where))
    return [selected, where, made]


def _shown_page(page: statements.Page) -> GenQueryOut:
    columns = [
        SqlResult(attriInx=item.column.number, len=0, values=[row[place] for row in page.rows])
        for place, item in enumerate(page.selected)
    ]
    return GenQueryOut(
        rowCnt=len(page.rows),
        attriCnt=len(columns),
        continueInx=page.more,
        totalRowCount=page.total,
        sqlResult=columns,
    )


def _execute_query(agent: "Agent", inp: Any, _out: Any) -> list[Any]:
    query = inp.query._replace(options=inp.options & ~(_AUTO_CLOSE | RETURN_TOTAL), offset=inp.rowOffset)
    return [inp, _run(agent, lambda: agent.statements.run(query, agent.client, inp.maxRows or _ROWS))]


def _run(agent: "Agent", ask: Callable[[], statements.Page]) -> GenQueryOut:
    """An answer; one without rows is an empty one, as the microservices give it."""
    try:
        return _shown_page(ask())
    except ZoneError as error:
        if error.code != CODES["CAT_NO_ROWS_FOUND"]:
            raise
        return GenQueryOut()


def _more_rows(agent: "Agent", inp: Any, out: Any, _more: Any) -> list[Any]:
    shown = GenQueryOut()
    if out.continueInx:
        shown = _run(agent, lambda: agent.statements.more(out.continueInx, _ROWS))
    if inp.options & _AUTO_CLOSE and shown.continueInx:
        agent.statements.close(shown.continueInx)
        shown.continueInx = 0
    return [inp, shown, shown.continueInx]


def _close_query(agent: "Agent", inp: Any, out: Any) -> list[Any]:
    agent.statements.close(out.continueInx)
    return [inp, out]


def _query_text(agent: "Agent", query: Any, _out: Any) -> list[Any]:
    asked = text.parse(str(query))
    return [query, _run(agent, lambda: agent.statements.run(asked, agent.client, _ROWS))]


def _delay(agent: "Agent", conditions: Any, rule: Any, recovery: Any) -> list[Any]:
    delayed.enqueue(agent.store, str(rule), str(conditions), agent.client.name)
    return [conditions, rule, recovery]


def _object_type(agent: "Agent", path: Any, _out: Any) -> list[Any]:
    if replicas.of_path(agent.store, str(path)):
        return [path, "-d"]
    if agent.store.row("select 1 from r_coll_main where coll_name = ?", str(path)):
        return [path, "-C"]
    raise ZoneError("USER_FILE_DOES_NOT_EXIST", str(path))


def _object_status(agent: "Agent", path: Any, _out: Any) -> list[Any]:
    try:
        kind, status = stat.of_path(agent, str(path))
    except ZoneError as error:
        agent.messages.append((error.code, f"msiObjStat: {error.message}"))  # zone-74
        raise
    shown = RodsObjStat(
        objSize=status["objSize"],
        objType=kind,
        **{key: CharArray(str(value)) for key, value in status.items() if key not in ("objSize", "objType")},
    )
    return [path, shown]


def _exit(agent: "Agent", code: Any, message: Any) -> list[Any]:
    agent.messages.append((int(str(code)), str(message)))
    raise ZoneError(int(str(code)), str(message))


def _key_value(_agent: "Agent", words: Any, _out: Any) -> list[Any]:
    pairs = (part.partition("=") for part in str(words).split("%"))
    return [words, KeyValPair({key: value for key, _, value in pairs})]


_MICROSERVICES: dict[str, Callable[..., list[Any]]] = {
    "writeLine": _write_line,
    "msiModAVUMetadata": _mod_avu,
    "msi_atomic_apply_metadata_operations": _atomic,
    "msiMakeGenQuery": _make_query,
    "msiExecGenQuery": _execute_query,
    "msiGetMoreRows": _more_rows,
    "msiCloseGenQuery": _close_query,
    "msiExecStrCondQuery": _query_text,
    "delayExec": _delay,
    "msiExit": _exit,
    "msiObjStat": _object_status,
    "msiGetObjType": _object_type,
    "msiString2KeyValPair": _key_value,
}
