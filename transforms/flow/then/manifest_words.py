"""`{manifest.…}`: single values of the manifest, by their path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREFIX = "manifest."
LONGEST_TEXT = 1000
FIXED = frozenset(
    {
        "manifest_version", "run_id", "caller_run_id", "flow", "revision", "parent", "published_at",
        "rows.read", "rows.good", "rows.quarantined", "rows.dropped", "rows.published",
    }
)  # fmt: skip
"""The values that every manifest has."""
OPEN = ("parameters.", "profile.", "fitted.", "versions.")
"""What differs from dataset to dataset: the path is looked up when the pipeline is started."""


def may_be_in_manifest(word: str) -> bool:
    """True when some manifest may hold a value of that path.

    Example:
        >>> may_be_in_manifest("manifest.rows.published"), may_be_in_manifest("manifest.rows.lost")
        (True, False)
    """
    path = word.removeprefix(PREFIX)
    return word.startswith(PREFIX) and (path in FIXED or (path.startswith(OPEN) and not path.endswith(".")))


def manifest_value(manifest: Mapping[str, Any], word: str) -> str | int | float | bool | None:
    """The single value that the manifest holds there.

    Raises:
        LookupError: nothing is there, or no single value, or a text that is too long to be handed on.
    Example:
        >>> manifest_value({"profile": {"columns": {"km": {"mean": 2.0}}}}, "manifest.profile.columns.km.mean")
        2.0
    """
    here: Any = manifest
    for part in word.removeprefix(PREFIX).split("."):
        if not isinstance(here, Mapping) or part not in here:
            raise LookupError(f"the manifest has no {word.removeprefix(PREFIX)}")
        here = here[part]
    if isinstance(here, Mapping | list):
        raise LookupError(f"{word.removeprefix(PREFIX)} of the manifest is not a single value")
    if isinstance(here, str) and len(here) > LONGEST_TEXT:
        raise LookupError(f"{word.removeprefix(PREFIX)} of the manifest is over {LONGEST_TEXT} characters long")
    return here  # type: ignore[no-any-return]  # JSON has no other kinds of value
