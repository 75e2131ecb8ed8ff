"""Sluice: contract, quarantine with reasons and record numbers, steps, profile, row conservation.

Variants: `full`; `profile_off`; `types_alone` and `constraints` (no steps, so that the contract is what is compared).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from transforms.draft import Limits, LocalUpload
from transforms.flow.flow import Flow
from transforms.transform import transform

FLOW = Path(__file__).parents[1] / "taxi.yaml"
LIMITS = Limits(memory_bytes=412 << 20, threads=2, scratch_bytes=16 << 30)
"""The memory of a transform with the settings' own defaults: (2048 MB - 400 MB) / 4."""

_CONSTRAINTS = {"required", "min", "max", "allowed"}


def main() -> int:
    """Transform one file; its counts."""
    source, folder, variant = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    flow = flow_of(variant, source.suffix[1:])
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    upload = LocalUpload(f"taxi/{source.name}", source)
    with _without_profile() if variant == "profile_off" else nullcontext():
        draft = transform(flow, [upload], {}, {}, scratch=scratch, limits=LIMITS, flows_folder=folder)
    counts = draft.counts
    print(json.dumps({"read": counts.read, "quarantined": counts.quarantined, "published": counts.published}))
    return 0


def flow_of(variant: str, source_format: str) -> Flow:
    """The flow of the variant."""
    document: dict[str, Any] = yaml.safe_load(FLOW.read_text(encoding="utf-8"))
    document["source"]["format"] = source_format
    if variant in ("types_alone", "constraints"):
        document["steps"] = []
    if variant == "types_alone":
        document["contract"]["columns"] = {
            name: {key: value for key, value in column.items() if key not in _CONSTRAINTS}
            for name, column in document["contract"]["columns"].items()
        }
    return Flow.model_validate(document)


@contextmanager
def _without_profile() -> Iterator[None]:
    """Nothing is measured; the schema is told that no column has nulls."""
    from unittest.mock import patch

    def nothing(_connection: Any, relation: Any, rows: int, _sample: int) -> dict[str, Any]:
        return {"rows": rows, "columns": {name: {"nulls": 0} for name in relation.columns}}

    names = "transforms.profile.passing.profile_of", "transforms.profile.passing.merge_all"
    with patch(names[0], nothing), patch(names[1], lambda profiles: profiles[0]):
        yield


if __name__ == "__main__":
    sys.exit(main())
