"""Types of a contract, as a flow file writes them: `int32`, `decimal(10,2)`, `list<struct<id: int32>>`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, WithJsonSchema

ScalarType = Literal[
    "string",
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "date",
    "timestamp",
]
"""Types of single values that a caller can pass as well."""

PLAIN_TYPES: tuple[str, ...] = (*get_args(ScalarType), "time", "binary", "json")
"""Types without parts."""

_DEEPEST = 4
_WIDEST_DECIMAL = 38
_TOKEN = re.compile(r'\s*("(?:[^"]|"")+"|[\w.-]+|[<>(),:])')
_PARTS = r"^(decimal\(\d+,\s*\d+\)|list<.+>|struct<.+>)$"


@dataclass(frozen=True)
class TypeSpec:
    """A type taken apart: `list` has an `element`, `struct` has `fields`, `decimal` has digits."""

    name: str
    precision: int = 0
    scale: int = 0
    element: TypeSpec | None = None
    fields: tuple[tuple[str, TypeSpec], ...] = ()

    @property
    def is_nested(self) -> bool:
        """True for lists and structs."""
        return self.name in {"list", "struct"}


@lru_cache(maxsize=1024)
def parse_type(written: str) -> TypeSpec:
    """The parts of a type.

    Raises:
        ValueError: there is no such type; the message says which there are.
    Example:
        >>> parse_type("decimal(10,2)").scale
        2
        >>> [name for name, _ in parse_type("struct<id: int32, tags: list<string>>").fields]
        ['id', 'tags']
    """
    tokens = _tokens(written)
    try:
        spec = _parsed(tokens, depth=0)
    except (IndexError, _Unexpected):
        raise ValueError(_known(written)) from None
    if tokens:
        raise ValueError(_known(written))
    return spec


def _known_type(written: str) -> str:
    parse_type(written)
    return written


ColumnType = Annotated[
    str,
    AfterValidator(_known_type),
    WithJsonSchema({"anyOf": [{"enum": list(PLAIN_TYPES)}, {"type": "string", "pattern": _PARTS}]}),
]


class _Unexpected(Exception):
    """A token that no type has there."""


def _tokens(written: str) -> list[str]:
    tokens, place = [], 0
    while match := _TOKEN.match(written, place):
        tokens.append(match[1])
        place = match.end()
    if written[place:].strip():
        raise ValueError(_known(written))
    return tokens


def _parsed(tokens: list[str], depth: int) -> TypeSpec:
    name = tokens.pop(0)
    if name in PLAIN_TYPES:
        return TypeSpec(name)
    if depth == _DEEPEST:
        raise ValueError(f"a type that is nested at most {_DEEPEST} deep; declare what is inside as json")
    if name == "decimal":
        return _decimal(tokens)
    if name == "list":
        _take(tokens, "<")
        spec = TypeSpec(name, element=_parsed(tokens, depth + 1))
        _take(tokens, ">")
        return spec
    if name == "struct":
        return TypeSpec(name, fields=_fields(tokens, depth))
    raise _Unexpected(name)


def _decimal(tokens: list[str]) -> TypeSpec:
    _take(tokens, "(")
    precision = _digits(tokens.pop(0))
    _take(tokens, ",")
    scale = _digits(tokens.pop(0))
    _take(tokens, ")")
    if not 1 <= precision <= _WIDEST_DECIMAL or scale > precision:
        raise ValueError(
            f"decimal(digits,decimals) with 1 to {_WIDEST_DECIMAL} digits, and no more decimals than those"
        )
    return TypeSpec("decimal", precision=precision, scale=scale)


def _fields(tokens: list[str], depth: int) -> tuple[tuple[str, TypeSpec], ...]:
    _take(tokens, "<")
    fields: dict[str, TypeSpec] = {}
    while True:
        name = tokens.pop(0)
        if name in "<>(),:" or name.casefold() in {known.casefold() for known in fields}:
            raise _Unexpected(name)
        name = name[1:-1].replace('""', '"') if name.startswith('"') else name
        _take(tokens, ":")
        fields[name] = _parsed(tokens, depth + 1)
        if tokens[0] == ">":
            tokens.pop(0)
            return tuple(fields.items())
        _take(tokens, ",")


def _take(tokens: list[str], expected: str) -> None:
    if tokens.pop(0) != expected:
        raise _Unexpected(expected)


def _digits(token: str) -> int:
    if not token.isdecimal():
        raise _Unexpected(token)
    return int(token)


def _known(written: str) -> str:
    near = difflib.get_close_matches(written, PLAIN_TYPES, n=1)
    listed = ", ".join(f"'{name}'" for name in PLAIN_TYPES)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{listed}, 'decimal(10,2)', 'list<int32>' or 'struct<id: int32>'{hint}"
