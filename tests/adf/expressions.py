"""The few expressions of Data Factory that the shipped files use.

@concat('a', pipeline().parameters.b)     the whole value, of any type
text @{pipeline().RunId} text             parts of a text
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Sources = Mapping[str, Callable[..., Any]]
"""What `pipeline()`, `activity('…')`, `trigger()` and the like stand for."""

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\d+)|(\w+)|([(),.}]))")
_CONSTANTS = {"true": True, "false": False, "null": None}
_FORMATS = {"yyyy": "%Y", "MM": "%m"}


class ExpressionFailed(Exception):
    """An expression that Data Factory would refuse; the activity that holds it fails."""


def evaluate(value: Any, sources: Sources) -> Any:
    """The value with all its expressions worked out, in whatever it holds."""
    if isinstance(value, dict):
        if value.get("type") == "Expression":
            return _text(value["value"], sources)
        return {name: evaluate(inner, sources) for name, inner in value.items()}
    if isinstance(value, list):
        return [evaluate(inner, sources) for inner in value]
    return _text(value, sources) if isinstance(value, str) else value


def _text(text: str, sources: Sources) -> Any:
    if text.startswith("@") and not text.startswith(("@{", "@@")):
        return _Reader(text, 1, sources).whole()
    parts, at = [], 0
    while (begins := text.find("@{", at)) >= 0:
        reader = _Reader(text, begins + 2, sources)
        parts += [text[at:begins], _as_text(reader.until_brace())]
        at = reader.at
    return "".join([*parts, text[at:]])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Reader:
    """Reads one expression from a place in a text on."""

    def __init__(self, text: str, at: int, sources: Sources) -> None:
        self.text, self.at, self._functions = text, at, {**FUNCTIONS, **sources}

    def whole(self) -> Any:
        value = self._value()
        if self.text[self.at :].strip():
            raise ExpressionFailed(f"{self.text!r}: nothing was expected at {self.at}")
        return value

    def until_brace(self) -> Any:
        value = self._value()
        self._expect("}")
        return value

    def _value(self) -> Any:
        text, number, word, _ = self._next()
        if text is not None:
            return text.replace("''", "'")
        if number is not None:
            return int(number)
        if word is None:
            raise ExpressionFailed(f"{self.text!r}: a value was expected before {self.at}")
        return _CONSTANTS[word] if word in _CONSTANTS else self._properties(self._call(word))

    def _call(self, word: str) -> Any:
        if word not in self._functions:
            raise ExpressionFailed(f"{self.text!r}: no function {word}")
        self._expect("(")
        arguments = []
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() == ",":
                self._next()
        self._expect(")")
        return self._functions[word](*arguments)

    def _properties(self, value: Any) -> Any:
        while self._peek() == ".":
            self._next()
            name = self._next()[2]
            if not isinstance(value, Mapping) or name not in value:
                raise ExpressionFailed(f"{self.text!r}: there is no property {name}")
            value = value[name]
        return value

    def _expect(self, mark: str) -> None:
        if self._next()[3] != mark:
            raise ExpressionFailed(f"{self.text!r}: {mark} was expected before {self.at}")

    def _peek(self) -> str | None:
        found = _TOKEN.match(self.text, self.at)
        return found[4] if found else None

    def _next(self) -> tuple[str | None, ...]:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise ExpressionFailed(f"{self.text!r}: cannot be read from {self.at} on")
        self.at = found.end()
        return found.groups()


def _format_time(time: str, form: str) -> str:
    return datetime.fromisoformat(time).strftime(_FORMATS[form])


FUNCTIONS: Sources = {
    "concat": lambda *parts: "".join(map(_as_text, parts)),
    "createArray": lambda *items: list(items),
    "equals": lambda left, right: left == right,
    "formatDateTime": _format_time,
    "join": lambda items, between: between.join(items),
    "skip": lambda items, count: items[count:],
    "split": lambda text, between: text.split(between),
    "string": _as_text,
}
