"""The revision of a flow: what its result follows from, besides the uploads."""

from __future__ import annotations

import hashlib
from pathlib import Path

ENGINE_VERSION = "1"
"""Raised when the engine gives other results for the same flow and uploads."""

_DIGITS = 12


def revision_of(source_text: str, folder: Path) -> str:
    """Twelve hexadecimal digits that differ when the flow, its Python or the engine differ.

    Source:
        sha256 over the engine version, the YAML as written (before settings are put in), and every `.py`
        file of the folder by name, each with its length, so that no two texts can be taken for one.
    """
    digest = hashlib.sha256()
    modules = sorted((file.name, _text(file)) for file in folder.glob("*.py"))
    for name, content in [("engine", ENGINE_VERSION), ("flow", source_text), *modules]:
        encoded = content.encode()
        digest.update(f"{name}:{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()[:_DIGITS]


def _text(file: Path) -> str:
    """The same on every platform: a checkout may have turned the line ends."""
    return file.read_text(encoding="utf-8", errors="replace")
