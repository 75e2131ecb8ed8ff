"""What services answer, from the files in `answers/`; each says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parent / "answers"


def example(file: str) -> Any:
    """All that the file shows: what is asked, and what is answered."""
    return json.loads((ANSWERS / file).read_text(encoding="utf-8-sig"))


def answer(file: str, status: int = 200) -> dict[str, Any]:
    """The body that the file shows for a status."""
    body: dict[str, Any] = example(file)["responses"][str(status)]["body"]
    return body
