"""Drift checks: the dataset against the one before it, as its flow allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from transforms.draft import CheckResult
from transforms.drift import ColumnDrift, drift_between
from transforms.errors import StepFailed
from transforms.flow.checks import Drift

CHECK = "drift: "
"""How the results of drift checks start; no SQL check can."""


@dataclass(frozen=True)
class Drifted:
    """What a drift check found: a result for each limit, the drift of each column, and what people should know."""

    results: tuple[CheckResult, ...]
    columns: dict[str, dict[str, Any]]
    notes: tuple[str, ...]


def check_drift(drift: Drift, previous: Mapping[str, Any] | None, profile: Mapping[str, Any], path: str) -> Drifted:
    """The dataset is known to be near enough to the previous one, or too far from it; without one it is near.

    Raises:
        StepFailed: the dataset has no column of that name.
    Example:
        >>> from transforms.flow.checks import Drift
        >>> drifted = check_drift(Drift(max_psi=0.2), None, {"columns": {}}, "checks[0]")
        >>> drifted.results
        (CheckResult(check='drift: psi <= 0.2', value=None, passed=True, then='warn', detail=''),)
    """
    _refuse_unknown(drift, profile, path)
    compared: dict[str, ColumnDrift] = {}
    notes: tuple[str, ...]
    try:
        compared = drift_between(previous, profile, drift.columns) if previous is not None else {}
        notes = () if previous is not None else (f"{path}: there is no earlier dataset, so nothing was compared.",)
    except ValueError as error:
        notes = (f"{path}: the earlier dataset was not compared: {error}.",)
    if previous is not None and compared:
        left_out = [name for name in drift.columns or profile["columns"] if name not in compared]
        notes += (f"{path}: {', '.join(left_out)} cannot be compared with the earlier dataset.",) if left_out else ()
    limits = [("psi", drift.max_psi), ("ks", drift.max_ks)]
    results = tuple(_result(measure, limit, drift, compared) for measure, limit in limits if limit is not None)
    warnings = [
        f"{path}: {found.check}: {found.detail}." for found in results if not found.passed and drift.then == "warn"
    ]
    return Drifted(results, {name: _told(column) for name, column in compared.items()}, (*notes, *warnings))


def has_drifted(checks: Iterable[Mapping[str, Any]]) -> bool:
    """True when a drift check is among those that a manifest says did not hold.

    Example:
        >>> has_drifted([{"check": "drift: psi <= 0.2", "passed": False}, {"check": "rows > 1", "passed": True}])
        True
    """
    return any(check["check"].startswith(CHECK) and not check["passed"] for check in checks)


def _refuse_unknown(drift: Drift, profile: Mapping[str, Any], path: str) -> None:
    for name in drift.columns or ():
        if name not in profile["columns"]:
            columns = ", ".join(profile["columns"])
            raise StepFailed(f"{path}.drift.columns: no column {name!r}; the columns are {columns}")


def _result(measure: str, limit: float, drift: Drift, compared: Mapping[str, ColumnDrift]) -> CheckResult:
    """What came of one limit, the worst column first."""
    found = {name: value for name, column in compared.items() if (value := getattr(column, measure)) is not None}
    beyond = sorted((name for name, value in found.items() if value > limit), key=lambda name: (-found[name], name))
    return CheckResult(
        check=f"{CHECK}{measure} <= {limit:g}",
        value=max(found.values(), default=None),
        passed=not beyond,
        then=drift.then,
        detail="; ".join(f"{name} {found[name]:g}{_values(compared[name])}" for name in beyond),
    )


def _values(column: ColumnDrift) -> str:
    told = [
        f"{what} {', '.join(labels)}" for what, labels in (("new", column.new), ("gone", column.vanished)) if labels
    ]
    return f" ({'; '.join(told)})" if told else ""


def _told(column: ColumnDrift) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(column).items()}
