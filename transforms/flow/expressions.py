"""Expressions: what SQL a flow may say, and how its parameters are bound.

Four kinds are told apart: `row` (derive, filter, rules), `order` (sort, keep: order_by), `group` (aggregate, pivot)
and `total` (checks).
Each is checked on DuckDB's own syntax tree, inside the very brackets that it is used in later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from transforms.errors import Mistake
from transforms.flow.allowed import Rules, Wrong, wrongs_of_select, wrongs_of_tree
from transforms.flow.syntax import Node, NotParsed, nodes, parsed
from transforms.relation import text
from transforms.steps.declarations import HasExpressions, HasOrders, HasSelects, HasTotals

if TYPE_CHECKING:
    from transforms.flow.flow import Flow

Kind = Literal["row", "order", "group", "total"]
_EXPECTED: dict[Kind, str] = {
    "row": "one SQL expression over the columns of one row",
    "order": "SQL expressions to order by, each with an optional ASC or DESC",
    "group": "one SQL expression of aggregates over the rows of a group",
    "total": "one boolean SQL expression of aggregates",
}


def bracketed(expression: str) -> str:
    """The expression in brackets that no comment inside it can swallow."""
    return f"({expression}\n)"


def wrongs(expression: str, kind: Kind, parameters: Collection[str], columns: Collection[str]) -> list[Wrong]:
    """What is wrong with an expression, each as (found, expected); nothing when it is allowed.

    Example:
        >>> wrongs("dep_delay > $late_after", "row", ["late_after"], [])
        []
        >>> wrongs("random() > 0.5", "row", [], [])
        [('a call of random()', 'a function whose result follows from its arguments alone')]
    """
    try:
        tree = parsed(_select(expression, kind))
    except NotParsed as error:
        return [(f"{expression!r}: {error}", _EXPECTED[kind])]
    if not _is_only(tree, kind):
        return [(repr(expression), _EXPECTED[kind])]
    rules = Rules(
        parameters=frozenset(parameters),
        columns=frozenset(columns),
        functions=frozenset({"null_fraction"} if kind == "total" else ()),
        aggregates=kind in {"group", "total"},
    )
    return wrongs_of_tree(_content(tree, kind), rules)


def select_wrongs(
    select: str, parameters: Collection[str], columns: Collection[str], lookups: Collection[str]
) -> list[Wrong]:
    """What is wrong with the SELECT of a `sql` step, each as (found, expected).

    Example:
        >>> select_wrongs("SELECT * FROM 'secrets.csv'", [], [], [])
        [('the table secrets.csv', 'one of the tables input')]
    """
    try:
        tree = parsed(select)
    except NotParsed as error:
        return [(str(error), "one SELECT over the table input")]
    rules = Rules(
        parameters=frozenset(parameters),
        columns=frozenset(columns),
        tables=frozenset({"input", *lookups}),
        aggregates=True,
        is_select=True,
    )
    return wrongs_of_select(tree, rules)


def check_sql(flow: Flow, file: str = "") -> list[Mistake]:
    """Every piece of SQL in the flow that says what a flow may not say."""
    names = (flow.parameters, [name.lower() for name in flow.contract.columns])
    found = [
        (f"contract.rules.{name}", wrong)
        for name, rule in flow.contract.rules.items()
        for wrong in wrongs(rule, "row", *names)
    ]
    found += [
        (f"steps[{place}].{step.verb}{at}", wrong)
        for place, step in enumerate(flow.steps)
        for at, wrongs_here in _wrongs_of_step(step.says, *names, flow.lookups)
        for wrong in wrongs_here
    ]
    for place, check in flow.sql_checks.items():
        found += [(f"checks[{place}]", wrong) for wrong in wrongs(check, "total", *names)]
    return [Mistake(file or f"{flow.name}.yaml", path, *wrong) for path, wrong in found]


def columns_in(expression: str) -> tuple[str, ...]:
    """The columns that an expression over a row names, in lower case, each once.

    Example:
        >>> columns_in("Pickup < dropoff AND dropoff > '2013-01-31'")
        ('pickup', 'dropoff')
    """
    found = (node["column_names"][0] for node in nodes(parsed(_select(expression, "row"))) if "column_names" in node)
    return tuple(dict.fromkeys(name.casefold() for name in found))


def _wrongs_of_step(
    says: object, parameters: Collection[str], columns: Collection[str], lookups: Collection[str]
) -> Iterator[tuple[str, list[Wrong]]]:
    if isinstance(says, HasExpressions):
        for at, expression in says.expressions().items():
            yield at, wrongs(expression, "row", parameters, columns)
    if isinstance(says, HasTotals):
        for at, total in says.totals().items():
            yield at, wrongs(total, "group", parameters, columns)
    if isinstance(says, HasOrders):
        for at, order in says.orders().items():
            yield at, wrongs(order, "order", parameters, columns)
    if isinstance(says, HasSelects):
        for at, select in says.selects().items():
            yield at, select_wrongs(select, parameters, columns, lookups)


def bound(sql: str, values: Mapping[str, Any], *, kind: Kind | Literal["select"] = "row") -> str:
    """The same SQL with each `$name` replaced by its value as a literal, where the parser saw a parameter.

    Views cannot hold parameters, and a step may be a view: so values are written, never formatted in.

    Example:
        >>> bound("note = '$late' AND delay > $late", {"late": 15})
        "note = '$late' AND delay > (15)"
    """
    select = sql if kind == "select" else _select(sql, kind)
    encoded = select.encode()
    for node in sorted(_parameters(parsed(select)), key=lambda node: int(node["query_location"]), reverse=True):
        start, length = int(node["query_location"]), int(node["query_location_length"])
        literal = f"({_literal(values[node['identifier']])})"
        encoded = encoded[:start] + literal.encode() + encoded[start + length :]
    return encoded.decode() if kind == "select" else _unwrapped(encoded.decode(), kind)


def _around(kind: Kind) -> tuple[str, str]:
    return ("SELECT 1 FROM input ORDER BY ", "\n") if kind == "order" else ("SELECT (", "\n) FROM input")


def _select(expression: str, kind: Kind) -> str:
    before, after = _around(kind)
    return f"{before}{expression}{after}"


def _unwrapped(select: str, kind: Kind) -> str:
    before, after = _around(kind)
    return select.removeprefix(before).removesuffix(after)


def _is_only(tree: Node, kind: Kind) -> bool:
    """True when the brackets were not broken out of: the statement has the one part that was put in."""
    allowed = 1 if kind == "order" else 0
    return (
        tree["type"] == "SELECT_NODE"
        and len(tree["select_list"]) == 1
        and not tree["select_list"][0]["alias"]
        and tree["from_table"].get("table_name") == "input"
        and not any(tree[part] for part in ("where_clause", "group_expressions", "having", "sample", "qualify"))
        and not tree["cte_map"]["map"]
        and [modifier["type"] for modifier in tree["modifiers"]] == ["ORDER_MODIFIER"] * allowed
    )


def _content(tree: Node, kind: Kind) -> Any:
    return tree["modifiers"] if kind == "order" else tree["select_list"]


def _parameters(tree: Node) -> list[Node]:
    return [node for node in nodes(tree) if node.get("class") == "PARAMETER"]


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    if isinstance(value, datetime):
        return f"TIMESTAMP {text(value.isoformat())}"
    return f"DATE {text(value.isoformat())}" if isinstance(value, date) else text(value)
