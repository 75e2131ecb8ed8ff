"""What the demo ends with: one row a file, as JSON or as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from demo.watching import Sight

WORTH_HAVING_AUC = 0.6
"""A model below it has learnt nothing worth showing."""

RECEIVED = ("method", "path", "audience", "body")
COLUMNS = ("file", "run ID", "read", "published", "quarantined", "AUC", "base rate", "seconds", "dataset")
TEXTS = frozenset({"file", "run ID", "dataset"})


def run_report(sight: Sight, received: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """One file's run, as `--json` shows it; `received` is what the service got, by its own run IDs.

    The trainer answers with its scores; the makers' services have no word for them, and tell them beside what they got.
    """
    run = sight.run or {}
    rows = run.get("rows") or {}
    pipeline = run.get("pipeline") or {}
    start = (received or {}).get(pipeline.get("run_id") or "")
    answer = pipeline.get("answer") or start or {}
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
            **({"received": {name: start[name] for name in RECEIVED}} if start else {}),
        },
        "seconds": round(sight.seconds, 1),
    }


def disappointments(reports: Sequence[Mapping[str, Any]], planted: Mapping[str, tuple[int, int]]) -> list[str]:
    """What is not as it should be; `planted` says how many rows each file had, and how many of them damaged."""
    return [f"{report['upload']}: {wrong}" for report in reports for wrong in _wrong(report, planted)]


def shown(reports: Sequence[Mapping[str, Any]], kind: str) -> str:
    """The reports as text, and what the service got for the first of them."""
    received = next((report["pipeline"]["received"] for report in reports if "received" in report["pipeline"]), None)
    if received is None:
        return table(reports)
    request = f"{received['method']} {received['path']}, with a token for {received['audience']}"
    return (
        f"{table(reports)}\n\n{kind} got, for the first of them:\n\n{request}\n{json.dumps(received['body'], indent=2)}"
    )


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
    if not _is_of_this_run(report):
        found.append(f"the trainer answered for run {pipeline['run_id']}")
    auc = pipeline["scores"]["auc"]
    if auc is None or auc <= WORTH_HAVING_AUC:
        found.append(f"the model's AUC is {auc}; expected more than {WORTH_HAVING_AUC}")
    return found


def _is_of_this_run(report: Mapping[str, Any]) -> bool:
    """A maker's service has run IDs of its own: what it got must name ours."""
    pipeline = report["pipeline"]
    return report["run_id"] in json.dumps(pipeline.get("received", pipeline["run_id"]))


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
