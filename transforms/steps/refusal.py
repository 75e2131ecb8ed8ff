"""What DuckDB refuses, in a sentence that names the place in the flow file and none of our own names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from transforms.errors import StepFailed

_MISSING = re.compile(r'Referenced column "(.+?)" not found|does not have a column named "(.+?)"')
_KIND = re.compile(r"^[A-Z][A-Za-z ]+ Error: ")
_REST = re.compile(r"\n\s*(?:LINE \d+:|Candidate \w+:|Did you mean|Either add it).*", re.DOTALL)
_OURS = re.compile(r'"?\b(?:step_\d+(?:_\w+)?|here|there|__\w+)\b"?\.?')


class Refused(StepFailed):
    """A step does not fit what it is given: the place in the flow file, and a sentence."""

    def __init__(self, path: str, sentence: str) -> None:
        self.path = path
        self.sentence = sentence
        super().__init__(f"{path}: {sentence}")


class UnknownColumn(Refused):
    """A step names a column that is not there."""

    def __init__(self, path: str, name: str, columns: Iterable[str]) -> None:
        super().__init__(path, f"no column {name!r}; the columns are {', '.join(columns)}")


def refused(error: Exception, path: str, columns: Iterable[str]) -> Refused:
    """The failure of the step at `path` that DuckDB's error stands for.

    Example:
        >>> error = ValueError('Binder Error: Referenced column "spede" not found in FROM clause!')
        >>> print(refused(error, "steps[0].filter", ["speed"]))
        steps[0].filter: no column 'spede'; the columns are speed
    """
    if match := _MISSING.search(str(error)):
        return UnknownColumn(path, match[1] or match[2], columns)
    sentence = _OURS.sub("", _REST.sub("", _KIND.sub("", str(error)))).strip()
    return Refused(path, sentence)
