"""Proposals: a flow as people would write it, with what was found in the file as comments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.inferred_types import Guess

_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_PLAIN_TYPE = re.compile(r"^[a-z0-9]+$")
_LONGEST_COMMENT = 60
_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\"})
_INTEGERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


@dataclass(frozen=True)
class Facts:
    """What the values of a column are: how many, how many different ones, the extremes as text, and the few of few."""

    rows: int
    count: int
    distinct: int
    low: str | None
    high: str | None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """Everything that a proposed flow says."""

    name: str
    file: str
    source_path: str
    format: str
    options: Mapping[str, Any]
    rows: int
    columns: Mapping[str, tuple[Guess, Facts]]
    left_out: tuple[str, ...]
    key: tuple[str, ...]


def written(proposal: Proposal) -> str:
    """The proposal as the text of a flow file."""
    lines = [
        "# yaml-language-server: $schema=./schema.json",
        f"# Proposed from {_comment(proposal.file)}: {proposal.rows:,} rows. What stands here was true of that file;",
        "# say what must be true of the next one, then run: python -m transforms check",
        f"flow: {proposal.name}",
        "description: one row a …  # say what a row is, and what the dataset is for",
        "",
        "source:",
        f"  path: {_text(proposal.source_path)}  # inside the landing container; {{…}} stands for anything",
        f"  format: {proposal.format}",
        *([f"  options: {_flow_style(proposal.options)}"] if proposal.options else []),
        "",
        "contract:",
        "  columns:",
        *(_column(name, *found, is_key=proposal.key == (name,)) for name, found in proposal.columns.items()),
        *(f"    # {_comment(name)} is left out: a contract cannot name it" for name in proposal.left_out),
        *_keys(proposal.key),
        "  unknown_columns: drop  # keep | drop | reject",
        "  missing_columns: reject  # null | reject",
        "  bad_rows: quarantine  # quarantine | drop | reject",
        "  max_bad_rows: 1%  # above it nothing is published",
        "",
        "checks:",
        "  - rows >= 1",
        "  - drift: {max_psi: 0.2, then: warn}  # against the dataset before",
    ]
    return "\n".join(lines) + "\n"


def _column(name: str, guess: Guess, facts: Facts, *, is_key: bool) -> str:
    limits = {} if is_key else _limits(guess.options["type"], facts)
    says = {**guess.options, "type": _widened(guess.options["type"], limits)}
    if facts.count == facts.rows > 0:
        says["required"] = True
    if is_key:
        says["unique"] = True
    if facts.values and not is_key:
        says["allowed"] = list(facts.values)
    says |= limits
    return f"    {_text(name)}: {_flow_style(says) if len(says) > 1 else _type(says['type'])}  # {_told(guess, facts)}"


def _limits(type_name: str, facts: Facts) -> dict[str, Any]:
    """Round limits around what was found, none of them near."""
    if facts.low is None or facts.high is None or not type_name.startswith(("int", "uint", "float", "decimal")):
        return {}
    low, high = float(facts.low), float(facts.high)
    far = max(abs(low), abs(high), 1.0)
    limit = 10 ** math.ceil(math.log10(2 * far))
    return {"min": 0 if low >= 0 else -limit, "max": limit if high > 0 else 0}


def _widened(type_name: str, limits: Mapping[str, int]) -> str:
    """An integer type in which the limits fit as well: a value within them must not break the type."""
    if type_name not in _INTEGERS or not limits:
        return type_name
    far = max(abs(limit) for limit in limits.values())
    wide = next((name for name, bits in _INTEGERS.items() if far < 2 ** (bits - 1)), "int64")
    return max(type_name, wide, key=lambda name: _INTEGERS[name])


def _told(guess: Guess, facts: Facts) -> str:
    if not guess.has_values:
        return "no value in this file: say what it should be"
    told = [f"{facts.distinct:,} value{'s' if facts.distinct != 1 else ''}"]
    if facts.low is not None:
        told[0] += f", from {_comment(facts.low)} to {_comment(facts.high or '')}"
    if nulls := facts.rows - facts.count:
        told.append(f"{nulls:,} null{'s' if nulls != 1 else ''}")
    if guess.options["type"] == "timestamp":
        told.append("read as UTC without a `zone`")
    told += [f"{other} fits as well" for other in guess.also]
    return "; ".join(told)


def _keys(key: tuple[str, ...]) -> list[str]:
    if len(key) < 2:  # noqa: PLR2004 - a pair or nothing
        return []
    names = ", ".join(_text(name) for name in key)
    return [f"  # keys: [[{names}]]  # together unique in this file; if that is meant, take the # away"]


def _flow_style(value: Any) -> str:
    """A value in YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_item(key, item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow_style(item) for item in value)}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _item(key: str, value: Any) -> str:
    return _type(value) if key == "type" else _flow_style(value)


def _type(name: str) -> str:
    return name if _PLAIN_TYPE.fullmatch(name) else json.dumps(name)


def _text(value: str) -> str:
    """A text in YAML, in quotes unless it is a word."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    escaped = "".join(
        letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in value.translate(_ESCAPED)
    )
    return f'"{escaped}"'


def _comment(value: str) -> str:
    """A text that cannot end the comment that it stands in."""
    shown = "".join(letter if letter.isprintable() else " " for letter in value)
    return shown if len(shown) <= _LONGEST_COMMENT else f"{shown[:_LONGEST_COMMENT]}…"
