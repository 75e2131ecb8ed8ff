"""What the demo ends with: one row a file, as JSON or as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from demo.watching import Sight

WORTH_HAVING_AUC = 0.6
"""A model below it has learnt nothing worth showing."""

COLUMNS = ("file", "run ID", "read", "published", "quarantined", "AUC", "base rate", "seconds", "dataset")
TEXTS = frozenset({"file", "run ID", "dataset"})


def run_report(sight: Sight) -> dict[str, Any]:
    """One file's run, as `--json` shows it."""
    run = sight.run or {}
    rows = run.get("rows") or {}
    pipeline = run.get("pipeline") or {}
    answer = pipeline.get("answer") or {}
    return {
        "upload": sight.upload,
        "run_id": run.get("run_id"),
        "status": sight.status,
        "rows_read": rows.get("read", 0),
        "rows_published": rows.get("published", 0),
        "rows_quarantined": rows.get("quarantined", 0),
        "output_url": run.get("output_url"),
        "pipeline": {
            "status": pipeline.get("status", "not_started"),
            "run_id": pipeline.get("run_id"),
            "scores": answer.get("scores") or {"auc": None, "base_rate": None},
        },
        "seconds": round(sight.seconds, 1),
    }


def disappointments(reports: Sequence[Mapping[str, Any]], planted: Mapping[str, tuple[int, int]]) -> list[str]:
    """What is not as it should be; `planted` says how many rows each file had, and how many of them damaged."""
    return [f"{report['upload']}: {wrong}" for report in reports for wrong in _wrong(report, planted)]


def table(reports: Sequence[Mapping[str, Any]]) -> str:
    """The reports as text, one line a file.

    Example:
        >>> print(table([]))
        file  run ID  read  published  quarantined  AUC  base rate  seconds  dataset
    """
    lines = [COLUMNS, *(_line(report) for report in reports)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    return "\n".join(_joined(line, widths) for line in lines)


def _wrong(report: Mapping[str, Any], planted: Mapping[str, tuple[int, int]]) -> list[str]:
    pipeline = report["pipeline"]
    if report["status"] != "published":
        return [f"the run is {report['status'] or 'not there'}"]
    if pipeline["status"] != "succeeded":
        return [f"its training is {pipeline['status']}"]
    read, damaged = planted[report["upload"]]
    found = []
    if (report["rows_read"], report["rows_quarantined"]) != (read, damaged):
        counted = f"{report['rows_read']} rows were read and {report['rows_quarantined']} quarantined"
        found.append(f"{counted}; the file has {read}, of which {damaged} are damaged")
    if pipeline["run_id"] != report["run_id"]:
        found.append(f"the trainer answered for run {pipeline['run_id']}")
    auc = pipeline["scores"]["auc"]
    if auc is None or auc <= WORTH_HAVING_AUC:
        found.append(f"the model's AUC is {auc}; expected more than {WORTH_HAVING_AUC}")
    return found


def _line(report: Mapping[str, Any]) -> tuple[str, ...]:
    scores = report["pipeline"]["scores"]
    return (
        report["upload"],
        report["run_id"] or report["status"] or "-",
        f"{report['rows_read']:,}",
        f"{report['rows_published']:,}",
        f"{report['rows_quarantined']:,}",
        "-" if scores["auc"] is None else f"{scores['auc']:.3f}",
        "-" if scores["base_rate"] is None else f"{scores['base_rate']:.1%}",
        f"{report['seconds']:.1f}",
        _location(report["output_url"]),
    )


def _location(output_url: str | None) -> str:
    """Container and folder: the account is the same for all."""
    return "-" if output_url is None else "/".join(output_url.rstrip("/").split("/")[-3:])


def _joined(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        f"{cell:<{width}}" if name in TEXTS else f"{cell:>{width}}"
        for cell, width, name in zip(line, widths, COLUMNS, strict=True)
    ]
    return "  ".join(cells).rstrip()
