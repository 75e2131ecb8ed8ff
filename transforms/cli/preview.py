"""`preview`: a flow tried out on the first records of a file; nothing is written."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.cli import inputs
from transforms.cli.answers import DONE, REJECTED, Answer
from transforms.flow.check import check_flow
from transforms.flow.load import load_flow

if TYPE_CHECKING:
    from transforms.preview import Previewed

HELP = "the first records of a file through the flow: rows, what broke the contract, and why"
_ROWS = 10
_WIDEST = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command needs to be told."""
    inputs.add_flow_arguments(parser)
    parser.add_argument("--input", type=Path, required=True, metavar="FILE")
    parser.add_argument("--rows", type=int, default=_ROWS, metavar="N", help="how many to show; 1000 records are tried")


def carry_out(words: argparse.Namespace) -> Answer:
    """What the flow makes of the first records."""
    from transforms.preview import preview

    flow = load_flow(words.flow)
    [upload] = inputs.uploads([words.input])
    lookups = inputs.lookups(flow.flow, words.lookup)
    parameters = inputs.parameters(flow.flow, words.param)
    check_flow(flow)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        limits = inputs.limits(words)
        tried = preview(flow, upload, lookups, parameters, folder=Path(folder), limits=limits)
    return _answer(tried, words.rows)


def _answer(tried: Previewed, rows: int) -> Answer:
    draft = tried.draft
    document: dict[str, Any] = {
        "sample_is_whole": tried.sample_is_whole,
        "schema": list(draft.schema),
        "rows": list(tried.rows[:rows]),
        "rejections": list(tried.rejections[:rows]),
        "notes": list(draft.notes),
    }
    of = "" if tried.sample_is_whole else " first"
    told = [
        as_table(document["rows"]),
        f"{len(tried.rows):,} rows of the{of} {draft.counts.read:,} records; {len(tried.rejections):,} rejected",
        *(_rejection(rejection) for rejection in document["rejections"]),
        *(f"note: {note}" for note in draft.notes),
    ]
    if draft.rejection:
        told.append(f"such a run would be rejected: {draft.rejection.message}")
        document["error"] = vars(draft.rejection)
    return Answer(REJECTED if draft.rejection else DONE, "\n".join(line for line in told if line), document)


def as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows under the names of their columns, each cell cut where it is long.

    Example:
        >>> print(as_table([{"id": 7, "name": None}, {"id": 12, "name": "x"}]))
        id | name
        7  |
        12 | x
    """
    if not rows:
        return ""
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _rejection(rejection: Mapping[str, Any]) -> str:
    reasons = "; ".join(
        f"{reason['column'] or 'record'} {reason['rule']} {reason['value'] or ''}".strip()
        for reason in rejection["reasons"]
    )
    return f"record {rejection['record']}: {reasons}"
