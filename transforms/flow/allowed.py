"""The allow-list on DuckDB's syntax tree: whatever is not known to be harmless is a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from transforms.flow.functions import (
    CLOCK_WORDS,
    FEWEST_ARGUMENTS,
    ORDERED_AGGREGATES,
    ORDERED_WINDOWS,
    SESSION_WORDS,
    allowed_aggregates,
    allowed_scalars,
    allowed_windows,
)
from transforms.flow.names import RESERVED
from transforms.flow.syntax import Node, nodes

Wrong = tuple[str, str]

_EXPRESSIONS = frozenset(
    [
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "OPERATOR",
        "PARAMETER",
        "TYPE",
    ]
)
_SELECT_ONLY = frozenset(["STAR", "SUBQUERY", "WINDOW"])
_QUERY_PARTS = frozenset(
    [
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "BASE_TABLE",
        "SUBQUERY",
        "JOIN",
        "EMPTY",
        "EXPRESSION_LIST",
        "COLUMN_DATA",
        "ORDER_MODIFIER",
        "DISTINCT_MODIFIER",
        "LIMIT_MODIFIER",
    ]
)
_ONE_RESULT = "a function whose result follows from its arguments alone"


@dataclass(frozen=True)
class Rules:
    """What this piece of SQL may name: parameters, declared columns, tables; and whether it sums up rows."""

    parameters: frozenset[str]
    columns: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    aggregates: bool = False
    is_select: bool = False


def wrongs_of_tree(tree: Any, rules: Rules) -> list[Wrong]:
    """Everything in the tree that the rules do not allow, each thing once."""
    return list(dict.fromkeys(wrong for node in nodes(tree) for wrong in _wrongs(node, rules)))


def wrongs_of_select(tree: Node, rules: Rules) -> list[Wrong]:
    """The same for a whole SELECT, whose WITH tables may read those before them, and no others."""
    tables = rules.tables
    found: list[Wrong] = []
    for entry in tree["cte_map"]["map"]:
        found += wrongs_of_tree(entry["value"], replace(rules, tables=tables))
        tables |= {entry["key"].lower()}
    outermost = {key: value for key, value in tree.items() if key != "cte_map"}
    return list(dict.fromkeys(found + wrongs_of_tree(outermost, replace(rules, tables=tables))))


def _wrongs(node: Node, rules: Rules) -> Iterator[Wrong]:
    if node.get("sample"):
        yield "a sample of rows", "all rows: a sample differs from run to run"
    if node.get("cte_map", {}).get("map"):
        yield "WITH inside a subquery", "WITH at the start of the statement"
    if "class" in node:
        yield from _expression(node, rules)
    elif _is_query_part(node):
        yield from _query_part(node, rules)


def _expression(node: Node, rules: Rules) -> Iterator[Wrong]:
    kind = node["class"]
    if kind in _SELECT_ONLY and not rules.is_select:
        yield {
            "STAR": ("a star", "columns by their names"),
            "SUBQUERY": ("a subquery", "an expression without SELECT; there is the `sql` step"),
            "WINDOW": (f"a window: {node.get('function_name')}() OVER", "an expression over one row"),
        }[kind]
    elif kind == "FUNCTION":
        yield from _function(node, rules)
    elif kind == "WINDOW":
        yield from _window(node)
    elif kind == "COLUMN_REF":
        yield from _column(node, rules)
    elif kind == "PARAMETER" and node["identifier"] not in rules.parameters:
        yield f"${node['identifier']}", f"a declared parameter: {', '.join(sorted(rules.parameters)) or 'none is'}"
    elif kind not in _EXPRESSIONS | _SELECT_ONLY:
        yield f"{kind.lower().replace('_', ' ')}", "a plain SQL expression"


def _function(node: Node, rules: Rules) -> Iterator[Wrong]:
    name = node["function_name"].lower()
    if node["schema"] or node["catalog"]:
        yield f"a call of {'.'.join(node['qualified_name']['path'])}()", "a function by its plain name: name(arguments)"
    elif name in rules.functions:
        return
    elif name in allowed_aggregates() and name not in allowed_scalars():
        yield from _aggregate(node, name, rules)
    elif name not in allowed_scalars() or len(node["arguments"]) < FEWEST_ARGUMENTS.get(name, 0):
        yield f"a call of {name}()", _ONE_RESULT


def _aggregate(node: Node, name: str, rules: Rules) -> Iterator[Wrong]:
    if not rules.aggregates:
        yield f"an aggregate: {name}()", "an expression over one row"
    elif node["export_state"]:
        yield f"the state of {name}()", "its result"
    elif name in ORDERED_AGGREGATES and not node["order_bys"]["orders"]:
        yield f"{name}() without an order", f"{name}(… ORDER BY …), so that every run gives the same"


def _window(node: Node) -> Iterator[Wrong]:
    name = node["function_name"].lower()
    if node["schema"] or node["catalog"] or name not in allowed_windows():
        yield f"a call of {name}()", _ONE_RESULT
    elif name in ORDERED_WINDOWS and not node["orders"]:
        yield f"{name}() without an order", f"{name}() OVER (… ORDER BY …), so that every run gives the same"


def _column(node: Node, rules: Rules) -> Iterator[Wrong]:
    names = [name.lower() for name in node["column_names"]]
    if any(name.startswith(RESERVED) for name in names):
        yield f"the reserved column {names[-1]}", "a column that does not start with two underscores"
    if len(names) > 1:
        return
    if names[0] in CLOCK_WORDS:
        yield names[0], "nothing that reads the clock; rename a column of that name first"
    elif names[0] in SESSION_WORDS and names[0] not in rules.columns:
        yield names[0], "a column that the contract declares: SQL has a word of that name"


def _is_query_part(node: Node) -> bool:
    """True for nodes that name where rows come from or how they are cut; types of values are not such."""
    return isinstance(node.get("type"), str) and "id" not in node and "null_order" not in node


def _query_part(node: Node, rules: Rules) -> Iterator[Wrong]:
    kind = node["type"]
    if kind == "BASE_TABLE":
        yield from _table(node, rules)
    elif kind == "TABLE_FUNCTION":
        yield f"the table function {node['function']['function_name']}()", _tables(rules)
    elif kind not in _QUERY_PARTS:
        yield kind.lower().replace("_", " "), "a plain SELECT"
    if kind == "DISTINCT_MODIFIER" and node["distinct_on_targets"]:
        yield "DISTINCT ON", "the `dedupe` step, which keeps the same row in every run"
    modifiers = {modifier["type"] for modifier in node.get("modifiers", [])}
    if "LIMIT_MODIFIER" in modifiers and "ORDER_MODIFIER" not in modifiers:
        yield "LIMIT without an order", "ORDER BY before LIMIT, so that every run gives the same"


def _table(node: Node, rules: Rules) -> Iterator[Wrong]:
    path = node["qualified_name"]["path"]
    if len(path) != 1 or node["at_clause"] or path[0].lower() not in rules.tables:
        yield f"the table {'.'.join(path)}", _tables(rules)


def _tables(rules: Rules) -> str:
    return f"one of the tables {', '.join(sorted(rules.tables))}" if rules.tables else "no table"
