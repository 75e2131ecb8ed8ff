"""The files of `adf/`, as a factory's repository holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2] / "adf"
KINDS = {"pipeline": "PipelineResource", "trigger": "TriggerResource", "linkedService": "LinkedServiceResource"}


def resources(folder: str) -> dict[str, Any]:
    """The properties of every resource of a folder, by name."""
    return {file.stem: resource(folder, file.stem)["properties"] for file in sorted((ROOT / folder).glob("*.json"))}


def resource(folder: str, name: str) -> dict[str, Any]:
    """One resource."""
    read: dict[str, Any] = json.loads((ROOT / folder / f"{name}.json").read_text(encoding="utf-8"))
    return read


def activities(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Every activity of a pipeline, those within conditions too."""
    found = []
    for activity in properties["activities"]:
        found.append(activity)
        for branch in ("ifTrueActivities", "ifFalseActivities"):
            found += activities({"activities": activity["typeProperties"].get(branch, [])})
    return found
