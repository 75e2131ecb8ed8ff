"""RESULTS.md: one section for each benchmark, so that one can be run without the others."""

from __future__ import annotations

import re
from pathlib import Path

from demo.installation import ROOT, say

RESULTS = ROOT / "bench/RESULTS.md"
_SECTION = re.compile(r"^(?=# )", re.MULTILINE)


def put_section(heading: str, text: str, results: Path = RESULTS) -> None:
    """The section of that heading holds `text`, which begins with it; the others stay as they are."""
    written = results.read_text(encoding="utf-8") if results.exists() else ""
    others = [section for section in _SECTION.split(written) if section and not section.startswith(f"{heading}\n")]
    results.write_text("\n".join(section.strip() + "\n" for section in [*others, text]), encoding="utf-8")
    say(f"written: {results}")
