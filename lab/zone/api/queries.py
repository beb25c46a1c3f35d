"""GenQuery calls."""

from typing import TYPE_CHECKING

from lab.zone import wire
from lab.zone.api.registry import Reply, Request, api
from lab.zone.errors import ZoneError
from lab.zone.query.columns import BY_NUMBER, Column
from lab.zone.query.sql import RETURN_TOTAL, CatalogQuery, Selected
from lab.zone.query.statements import Page
from lab.zone.structs import GenQueryInp

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_COLUMNS = 50
"""The columns of every answer: clients that go by its packing instruction take them for granted (zone-108)."""


class QueryInput:
    """A query, or the number of one to go on with."""

    def __init__(self, request: Request) -> None:
        body = request.body
        self.rows = body.number("maxRows")
        self.number = body.number("continueInx")
        self.options = body.number("options")
        selected, conditions = body.sub("InxIvalPair_PI"), body.sub("InxValPair_PI")
        self.query = CatalogQuery(
            [
                Selected(_column(column.text), int(option.text))
                for column, option in zip(selected.all("inx"), selected.all("ivalue"), strict=True)
            ],
            [
                (_column(column.text), condition.text)
                for column, condition in zip(conditions.all("inx"), conditions.all("svalue"), strict=True)
            ],
            self.options,
            body.number("partialStartIndex"),
        )

    def shown(self) -> GenQueryInp:
        """The input as hooks see it."""
        return GenQueryInp(
            maxRows=self.rows, continueInx=self.number, rowOffset=self.query.offset, options=self.options
        )


def _column(number: str) -> Column:
    if int(number) not in BY_NUMBER:
        raise ZoneError("CAT_UNKNOWN_TABLE", f"the lab zone has no column {number}")
    return BY_NUMBER[int(number)]


@api(702, "gen_query", QueryInput)
def gen_query(agent: "Agent", inp: QueryInput) -> Reply:
    """Answer with a page of rows."""
    if inp.rows <= 0:
        agent.statements.close(inp.number)
        return Reply(0, _packed(Page([], [], 0, 0)))
    if inp.number:
        page = agent.statements.more(inp.number, inp.rows)
    else:
        page = agent.statements.run(inp.query, agent.client, inp.rows)
    return Reply(0, _packed(page, with_total=bool(inp.options & RETURN_TOTAL)))


def _packed(page: Page, with_total: bool = False) -> str:
    columns = []
    for place, item in enumerate(page.selected):
        values = [row[place] for row in page.rows]
        longest = max((len(value.encode("utf-8", "surrogateescape")) for value in values), default=0) + 1
        fields: list[tuple[str, str | int]] = [("attriInx", item.column.number), ("reslen", longest)]
        columns.append(wire.pack("SqlResult_PI", [*fields, *(("value", value) for value in values)]))
    columns += [wire.pack("SqlResult_PI", [("attriInx", 0), ("reslen", 0)])] * (_COLUMNS - len(columns))
    head: list[tuple[str, str | int]] = [
        ("rowCnt", len(page.rows)),
        ("attriCnt", len(page.selected)),
        ("continueInx", page.more),
        ("totalRowCount", page.total if with_total else 0),
    ]
    return wire.pack("GenQueryOut_PI", head, "".join(columns))
