"""Constraints as mistakes of a flow: patterns, zones, formats and rules that the engine cannot ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from transforms.breaches import rules_of
from transforms.column_types import read_as, sql_type
from transforms.errors import FlowBroken, Mistake
from transforms.relation import quoted
from transforms.row_rules import row_rules_of
from transforms.steps.refusal import refused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column, Contract

_MOST_TAKEN = 4096
_taken: set[tuple[str, ...]] = set()
"""Probes that the engine has taken, with their values: it takes them whatever the data."""


def confirm_constraints(connection: DuckDBPyConnection, contract: Contract, parameters: Mapping[str, Any]) -> None:
    """Every constraint of the contract can be asked of the rows.

    Raises:
        FlowBroken: a pattern is no regular expression, a zone is unknown, a rule does not fit the columns.
    """
    if mistakes := list(constraint_mistakes(connection, contract, parameters)):
        raise FlowBroken(mistakes)


def constraint_mistakes(
    connection: DuckDBPyConnection, contract: Contract, parameters: Mapping[str, Any], file: str = ""
) -> Iterator[Mistake]:
    """Every constraint that cannot be asked, with its place.

    Example:
        >>> import duckdb
        >>> from transforms.flow.contract import Contract
        >>> contract = Contract.model_validate({"columns": {"a": {"type": "string", "pattern": "("}}})
        >>> [mistake.path for mistake in constraint_mistakes(duckdb.connect(), contract, {})]
        ['contract.columns.a.pattern']
    """
    for name, column in contract.columns.items():
        for option, found, expected in _misfits(connection, column):
            yield Mistake(file, f"contract.columns.{name}{option}", found, expected)
    for rule, found in _unasked_rules(connection, contract, parameters):
        yield Mistake(file, f"contract.rules.{rule}", found, "a boolean SQL expression over the contract's columns")


def _misfits(connection: DuckDBPyConnection, column: Column) -> Iterator[tuple[str, str, str]]:
    for option, value, probe, expected in (
        (".pattern", column.pattern, "SELECT regexp_matches('', ?)", "a regular expression of RE2"),
        (".zone", column.zone, "SELECT timezone(?, TIMESTAMP '2013-01-31')::VARCHAR", "a zone of the IANA database"),
    ):
        if value and _refusal(connection, probe, value):
            yield option, repr(value), expected
            return
    asked = ", ".join(rule.broken for rule in rules_of(column, "v", read_as(column)))
    if said := _refusal(connection, f"SELECT {asked} FROM (SELECT NULL::{read_as(column)} AS v)"):
        yield "", said, f"constraints that fit a {column.type}"


def _refusal(connection: DuckDBPyConnection, probe: str, *values: str) -> str | None:
    """What the engine says against the probe; None where it takes it, and then it is not asked again."""
    import duckdb

    if (probe, *values) in _taken:
        return None
    try:
        connection.execute(probe, values).fetchall()
    except duckdb.Error as error:
        return str(error).partition("\n")[0]
    if len(_taken) >= _MOST_TAKEN:
        _taken.clear()
    _taken.add((probe, *values))
    return None


def _unasked_rules(
    connection: DuckDBPyConnection, contract: Contract, parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    import duckdb

    values = ", ".join(f"NULL::{sql_type(column.type)} AS {quoted(name)}" for name, column in contract.columns.items())
    for rule, asked in zip(row_rules_of(contract, parameters), contract.rules.values(), strict=True):
        try:
            described = connection.execute(f"DESCRIBE SELECT {rule.holds} FROM (SELECT {values})").fetchall()
        except duckdb.Error as error:
            yield rule.name, f"{asked!r}: {refused(error, '', contract.columns).sentence}"
        else:
            if described[0][1] != "BOOLEAN":
                yield rule.name, f"{asked!r}, which is of type {described[0][1]}"
