"""`run`: local files become a dataset in a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.cli import inputs
from transforms.cli.answers import DONE, REJECTED, Answer
from transforms.cli.inputs import CallMistaken
from transforms.cli.local_dataset import LocalDataset
from transforms.cli.progress import progress
from transforms.flow.check import check_flow
from transforms.flow.load import LoadedFlow, load_flow

if TYPE_CHECKING:
    from transforms.draft import Draft

HELP = "files become a dataset: data, MLTable, fitted.json, profile.json, manifest.json, and quarantine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command needs to be told."""
    inputs.add_flow_arguments(parser)
    parser.add_argument("--input", type=Path, nargs="+", action="extend", required=True, metavar="FILE")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument("--fitted", type=Path, metavar="FILE", help="fitted.json of an earlier dataset, applied again")
    parser.add_argument("--previous", type=Path, metavar="FILE", help="profile.json of it, for drift checks")


def carry_out(words: argparse.Namespace) -> Answer:
    """The dataset is in the folder, or the answer says why not."""
    from transforms.transform import transform

    flow = load_flow(words.flow)
    uploads = inputs.uploads(words.input)
    lookups = inputs.lookups(flow.flow, words.lookup)
    parameters = inputs.parameters(flow.flow, words.param)
    fitted, previous = _document(words.fitted), _document(words.previous)
    check_flow(flow)
    with LocalDataset(words.output, uploads, lookups) as dataset, progress(flow.flow) as reach:
        draft = transform(
            flow,
            uploads,
            lookups,
            parameters,
            scratch=dataset.scratch,
            limits=inputs.limits(words),
            flows_folder=flow.path.parent,
            previous=previous,
            fitted=fitted,
            on_stage=reach,
        )
        manifest = dataset.publish(flow, parameters, draft)
    return _answer(flow, words.output, draft, manifest)


def _document(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CallMistaken(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise CallMistaken(f"{path}: found {type(found).__name__}, expected a JSON object")
    return found


def _answer(flow: LoadedFlow, output: Path, draft: Draft, manifest: Mapping[str, Any] | None) -> Answer:
    counts = draft.counts
    rows = {
        "read": counts.read,
        "published": counts.published,
        "quarantined": counts.quarantined,
        "dropped": counts.dropped,
    }
    document: dict[str, Any] = {
        "flow": flow.flow.name,
        "status": "rejected" if draft.rejection else "published",
        "output": str(output),
        "rows": rows,
        "files": [file["name"] for file in manifest["files"]] if manifest else [],
        "checks": [vars(check) for check in draft.checks],
        "notes": list(draft.notes),
    }
    if draft.rejection:
        document["error"] = vars(draft.rejection)
    told = ", ".join(f"{number:,} {name}" for name, number in rows.items() if number or name in {"read", "published"})
    lines = [f"{flow.flow.name}: {document['status']}: {told}", *(f"note: {note}" for note in draft.notes)]
    if draft.rejection:
        return Answer(REJECTED, "\n".join([*lines, draft.rejection.message]), document)
    return Answer(DONE, "\n".join([*lines, f"dataset: {output}"]), document)
