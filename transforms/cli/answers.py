"""What a command answers: an exit code, lines for people, one JSON object for programs.

0   done: the dataset is there, the flows are in order
1   the data is at fault: the run is rejected, and what broke the contract is in quarantine
2   the call or the flow is at fault: nothing was read
3   we are at fault: rows were lost, or something unforeseen happened
130 interrupted
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

DONE, REJECTED, MISTAKEN, FAULTY, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True)
class Answer:
    """An exit code, a text for people and a document for programs."""

    code: int
    text: str
    document: Mapping[str, Any]

    def say(self, *, as_json: bool) -> int:
        """The answer is on stdout; errors for people are on stderr. Answers the exit code."""
        if as_json:
            print(json.dumps({"ok": self.code == DONE, **self.document}, ensure_ascii=False, default=_plain))
        elif self.text:
            print(self.text, file=sys.stdout if self.code == DONE else sys.stderr)
        return self.code


def failed(code: int, kind: str, message: str, **more: Any) -> Answer:
    """The answer of a command that did not get to its end."""
    return Answer(code, message, {"error": {"code": kind, "message": message, **more}})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
