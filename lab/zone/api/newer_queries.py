"""GenQuery2: what it shares with GenQuery, and the times at which metadata was attached, which only it knows."""

import json
import re
from typing import TYPE_CHECKING

from lab.zone import wire
from lab.zone.api.registry import Reply, Request, api
from lab.zone.errors import unsupported
from lab.zone.query import text
from lab.zone.query.columns import BY_NAME, Column

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_ATTACHED = [
    Column(0, f"META_{kind.upper()}_ATTACHED_{time}_TIME", f"r_{kind}_metamap", column)
    for kind in ("data", "coll", "resc", "user")
    for time, column in (("CREATE", "create_ts"), ("MODIFY", "modify_ts"))
]
_COLUMNS = {**BY_NAME, **{column.name: column for column in _ATTACHED}}
_REFUSED = re.compile(r"\b(or|not|exists|between|order by|group by|limit|offset|cast)\b", re.IGNORECASE)
_LIMIT = 256


class NewerQueryInput:
    """A query as text."""

    def __init__(self, request: Request) -> None:
        self.text = request.body.get("query_string")
        if request.body.number("sql_only") or request.body.number("column_mappings"):
            raise unsupported("GenQuery2's SQL and column mappings")
        if match := _REFUSED.search(re.sub(r"'[^']*'", "", self.text)):
            raise unsupported(f"{match.group(1)!r} in GenQuery2")

    def shown(self) -> dict[str, str]:
        """The input as hooks see it."""
        return {"query_string": self.text}


@api(10221, "genquery2", NewerQueryInput)
def genquery2(agent: "Agent", inp: NewerQueryInput) -> Reply:
    """Answer with a list of rows, 256 at most as the real one does without a limit; an empty one if there are none."""
    rows = agent.statements.all(text.parse(inp.text, _COLUMNS), agent.client)[:_LIMIT]
    answer = json.dumps([list(row) for row in rows], ensure_ascii=False)
    return Reply(0, wire.pack("STR_PI", [("myStr", answer)]))
