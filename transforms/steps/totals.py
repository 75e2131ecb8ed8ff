"""Aggregates over groups of rows, the same to the last digit in any number of threads."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from transforms.flow.expressions import bound, bracketed
from transforms.flow.functions import INEXACT_AGGREGATES, allowed_aggregates
from transforms.flow.syntax import Node, bare_engine, nodes, parsed
from transforms.relation import ROW, Relation
from transforms.steps.step import Work
from transforms.steps.type_families import FLOATS


def total(work: Work, relation: Relation, expression: str, at: str, keys: str = "") -> str:
    """The expression of aggregates, with its parameters' values, known to fit groups of the relation's rows.

    Floats are added, and what an aggregate's own ORDER BY leaves open is decided, in the order of the rows.

    Units:
        A sum of whole numbers is BIGINT: files have nothing wider.
    """
    sql = bracketed(bound(expression, work.env.parameters, kind="group"))
    grouped = f"GROUP BY {keys}" if keys else ""
    kind = next(iter(work.columns_of(f"SELECT {sql} FROM {relation.sql} {grouped}", relation, at).values()))
    sql = _in_row_order(work, relation, sql)
    return f"CAST({sql} AS BIGINT)" if kind in {"HUGEINT", "UHUGEINT"} else sql


def _in_row_order(work: Work, relation: Relation, sql: str) -> str:
    tree = copy.deepcopy(parsed(f"SELECT {sql} FROM input"))
    loose = [node for node in _aggregates(tree) if _follows_the_order(work, relation, node)]
    for node in loose:
        by = node["arguments"][0]["expression"] if node["distinct"] else _row()
        node["order_bys"]["orders"].append({"type": "ASCENDING", "null_order": "NULLS_LAST", "expression": by})
    return bracketed(_expression(tree)) if loose else sql


def _aggregates(tree: Node) -> Iterator[Node]:
    for node in nodes(tree):
        if node.get("class") == "FUNCTION" and node["function_name"].lower() in allowed_aggregates():
            yield node


def _follows_the_order(work: Work, relation: Relation, node: Node) -> bool:
    if node["order_bys"]["orders"]:
        return not node["distinct"]
    if node["function_name"].lower() not in INEXACT_AGGREGATES:
        return False
    arguments = [_expression(_select_of(argument["expression"])) for argument in node["arguments"]]
    described = work.columns_of(f"SELECT {', '.join(arguments)} FROM {relation.sql}", relation)
    return any(kind in FLOATS for kind in described.values())


def _row() -> Node:
    column: Node = parsed(f"SELECT {ROW} FROM input")["select_list"][0]
    return column


def _select_of(expression: Any) -> Node:
    return {**parsed(f"SELECT {ROW} FROM input"), "select_list": [expression]}


def _expression(tree: Node) -> str:
    """The SQL of the one expression that the SELECT has."""
    with bare_engine() as connection:
        document = json.dumps({"error": False, "statements": [{"node": tree}]})
        written = str(connection.execute("SELECT json_deserialize_sql(?::JSON)", [document]).fetchall()[0][0])
    return written.removeprefix("SELECT ").removesuffix(' FROM "input"')
