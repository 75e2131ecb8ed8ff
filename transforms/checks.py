"""Checks: aggregates of the finished dataset that must be true before it is published."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from transforms.draft import CheckResult, Rejection
from transforms.errors import StepFailed
from transforms.flow.expressions import bound, bracketed
from transforms.steps.refusal import refused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.relation import Relation

_COMPARISON = re.compile(r"^(?P<left>[^<>=!]+?)\s*(?:<=|>=|<>|!=|==|=|<|>)\s*[^<>=!]+$")


def run_checks(
    connection: DuckDBPyConnection, relation: Relation, checks: Mapping[int, str], parameters: Mapping[str, Any]
) -> tuple[CheckResult, ...]:
    """Each check, by its place in the flow, is known to hold or not, with the value it looked at.

    Shape:
        `rows` is the number of rows and `null_fraction(column)` the share of nulls. A check that is null fails.
        Of a check that compares, the value is its left side.
    Raises:
        StepFailed: a check is no boolean aggregate over the dataset's columns.
    Example:
        >>> import duckdb
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i AS id FROM range(5) r(i)")
        >>> run_checks(connection, relation_of(connection, "trips"), {0: "rows >= 100"}, {})
        (CheckResult(check='rows >= 100', value=5, passed=False, then='reject', detail=''),)
    """
    if checks:
        connection.execute("CREATE OR REPLACE TEMP MACRO null_fraction(value) AS avg((value IS NULL)::INTEGER)")
    return tuple(_run(connection, relation, index, check, parameters) for index, check in checks.items())


def rejection_of(results: Sequence[CheckResult]) -> Rejection | None:
    """Why the dataset may not be published, naming every check that failed and was to reject it."""
    failed = [
        f"{result.check} (found {_shown(result.value)}{f': {result.detail}' if result.detail else ''})"
        for result in results
        if not result.passed and result.then == "reject"
    ]
    if not failed:
        return None
    return Rejection("check_failed", f"{'; '.join(failed)}: nothing is published; mend the data or the check")


def _run(
    connection: DuckDBPyConnection, relation: Relation, index: int, check: str, parameters: Mapping[str, Any]
) -> CheckResult:
    passed, value = _value(connection, relation, index, bound(check, parameters, kind="total"))
    if not isinstance(passed, bool | None):
        raise StepFailed(f"checks[{index}]: found {check!r}, which is {passed!r}; expected true or false")
    return CheckResult(check, value, passed is True)


def _value(connection: DuckDBPyConnection, relation: Relation, index: int, check: str) -> tuple[Any, Any]:
    """The check's truth, and the value of its left side (its truth again where it is no simple comparison)."""
    import duckdb

    compared = _COMPARISON.match(check)
    left = compared["left"] if compared and compared["left"].count("(") == compared["left"].count(")") else check
    try:
        found = connection.execute(f"""
            SELECT {bracketed(check)}, {bracketed(left)}
            FROM {relation.sql}, (SELECT count(*) AS rows FROM {relation.sql}) GROUP BY rows""").fetchone()
    except duckdb.ProgrammingError as error:
        raise refused(error, f"checks[{index}]", relation.columns) from None
    passed, value = found or (None, None)
    return passed, value if isinstance(value, bool | int | None) else _number(value)


def _number(value: Any) -> float | None:
    """A number that JSON can hold, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: float | bool | None) -> str:
    return "null" if value is None else f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"
