"""What is logged, by the host and by its worker processes alike."""

from __future__ import annotations

import logging
import sys


def log_to_stderr() -> None:
    """Every record is a line of stderr with its time."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(message)s", stream=sys.stderr)
    # The storage clients log every request, with its signed headers redacted but at great length.
    logging.getLogger("azure").setLevel(logging.WARNING)
