"""Lists and structs out of JSON, exact down to every value inside, or null."""

from __future__ import annotations

from collections.abc import Callable

from transforms.flow.types import TypeSpec
from transforms.relation import quoted, text

Inside = Callable[[TypeSpec, str], str]
"""SQL for a text inside the JSON as its type, null where it cannot be had exactly."""


def nested(spec: TypeSpec, json: str, inside: Inside) -> str:
    """SQL for a JSON value as a list or struct; null where anything inside does not fit.

    Example:
        >>> import duckdb
        >>> from transforms.flow.types import parse_type
        >>> sql = nested(parse_type("list<int8>"), "v::JSON", lambda spec, v: f"TRY_CAST({v} AS TINYINT)")
        >>> duckdb.sql(f"SELECT {sql} FROM (VALUES ('[1, null]'), ('[300]'), ('7')) t(v)").fetchall()
        [([1, None],), (None,), (None,)]
    """
    return _value(spec, json, inside, depth=0)


def _value(spec: TypeSpec, json: str, inside: Inside, depth: int) -> str:
    if spec.element is not None:
        return _list(spec.element, json, inside, depth)
    if spec.fields:
        return _struct(spec, json, inside, depth)
    if spec.name == "json":
        return json
    # Objects and lists have no text of a single value.
    return inside(
        spec, f"CASE WHEN json_type({json}) <> 'OBJECT' AND json_type({json}) <> 'ARRAY' THEN {json} ->> '$' END"
    )


def _list(element: TypeSpec, json: str, inside: Inside, depth: int) -> str:
    name = f"item{depth}"
    elements = f"CAST({json} AS JSON[])"
    value = _value(element, name, inside, depth + 1)
    misfits = f"len(list_filter({elements}, lambda {name}: {_is_wrong(name, value)}))"
    return (
        f"CASE WHEN json_type({json}) = 'ARRAY' AND {misfits} = 0 "
        f"THEN list_transform({elements}, lambda {name}: {value}) END"
    )


def _struct(spec: TypeSpec, json: str, inside: Inside, depth: int) -> str:
    parts = {name: f"json_extract({json}, {text(_path(name))})" for name, _ in spec.fields}
    values = {name: _value(field, parts[name], inside, depth) for name, field in spec.fields}
    fits = [f"NOT {_is_wrong(parts[name], value)}" for name, value in values.items()]
    # Counted, not looked up: a list of constants may become a join, which loses the order of the rows.
    known = " + ".join(f"json_exists({json}, {text(_path(name))})::INTEGER" for name, _ in spec.fields)
    packed = ", ".join(f"{quoted(name)} := {value}" for name, value in values.items())
    return (
        f"CASE WHEN json_type({json}) = 'OBJECT' AND len(json_keys({json})) = {known} AND {' AND '.join(fits)} "
        f"THEN struct_pack({packed}) END"
    )


def _is_wrong(json: str, value: str) -> str:
    return f"(coalesce(json_type({json}), 'NULL') <> 'NULL' AND {value} IS NULL)"


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'
