"""What services describe, from the files in tests/contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).parents[2] / "contracts"


def document(file: str) -> Any:
    """The JSON of a file."""
    return json.loads((CONTRACTS / file).read_text(encoding="utf-8-sig"))
