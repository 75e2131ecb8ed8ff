"""The whole process that a user starts: `python -m transforms run`, imports included."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FLOW = Path(__file__).parents[1] / "taxi.yaml"


def main() -> None:
    """Become that process."""
    command = ["-m", "transforms", "run", str(FLOW), "--input", sys.argv[1], "--output", sys.argv[2], "--json"]
    os.execv(sys.executable, [sys.executable, *command])


if __name__ == "__main__":
    main()
