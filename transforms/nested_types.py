"""Lists and structs out of JSON, exact down to every value inside, or null."""

from __future__ import annotations

import json
from collections.abc import Callable

from transforms.flow.types import TypeSpec
from transforms.relation import quoted, text

Inside = Callable[[TypeSpec, str], str]
"""SQL for a text inside the JSON as its type, null where it cannot be had exactly."""


def nested(spec: TypeSpec, value: str, inside: Inside) -> str:
    """SQL for a JSON value as a list or struct; null where anything inside does not fit.

    Example:
        >>> import duckdb
        >>> from transforms.flow.types import parse_type
        >>> sql = nested(parse_type("list<int8>"), "v::JSON", lambda spec, v: f"TRY_CAST({v} AS TINYINT)")
        >>> duckdb.sql(f"SELECT {sql} FROM (VALUES ('[1, null]'), ('[300]'), ('7')) t(v)").fetchall()
        [([1, None],), (None,), (None,)]
    """
    return _value(spec, value, inside, depth=0)


def _value(spec: TypeSpec, value: str, inside: Inside, depth: int) -> str:
    if spec.element is not None:
        return _list(spec.element, value, inside, depth)
    if spec.fields:
        return _struct(spec, value, inside, depth)
    if spec.name == "json":
        return value
    single = f"{value} ->> '$'"
    if spec.name == "string":
        # As a text, an object or a list would be its JSON; other types are not written so.
        single = f"CASE WHEN json_type({value}) <> 'OBJECT' AND json_type({value}) <> 'ARRAY' THEN {single} END"
    return inside(spec, f"({single})")


def _list(element: TypeSpec, value: str, inside: Inside, depth: int) -> str:
    items, item, typed = f"items{depth}", f"item{depth}", f"typed{depth}"
    values = f"list_transform({items}, lambda {item}: {_value(element, item, inside, depth + 1)})"
    fits = f"{_known(items, item)} = {_known(typed, item)}"
    taken = _let(items, f"""json_transform({value}, '["JSON"]')""", _let(typed, values, _only_if(fits, typed)))
    return _only_if(f"json_type({value}) = 'ARRAY'", taken)


def _struct(spec: TypeSpec, value: str, inside: Inside, depth: int) -> str:
    parts, typed = f"parts{depth}", f"typed{depth}"
    names = [quoted(name) for name, _ in spec.fields]
    values = (_value(field, f"{parts}.{quoted(name)}", inside, depth + 1) for name, field in spec.fields)
    packed = f"struct_pack({', '.join(f'{name} := {field}' for name, field in zip(names, values, strict=True))})"
    fits = " AND ".join(f"({parts}.{name} IS NULL OR {typed}.{name} IS NOT NULL)" for name in names)
    shape = text(json.dumps({name: "JSON" for name, _ in spec.fields}, ensure_ascii=False))
    taken = _let(parts, f"json_transform({value}, {shape})", _let(typed, packed, _only_if(fits, typed)))
    # Each key is there once and declared. No IN and no list_contains: of constants they may become a join, which
    # loses the order of the rows.
    declared = ", ".join(text(name) for name, _ in spec.fields)
    keys = f"json_keys({value})"
    known = f"list_has_all([{declared}], {keys}) AND len({keys}) = len(list_distinct({keys}))"
    return _only_if(f"json_type({value}) = 'OBJECT' AND {known}", taken)


def _let(name: str, value: str, then: str) -> str:
    """`then` with `name` standing for `value`, which is worked out once: JSON is slow and hungry to take apart."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def _only_if(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


def _known(values: str, item: str) -> str:
    return f"len(list_filter({values}, lambda {item}: {item} IS NOT NULL))"
