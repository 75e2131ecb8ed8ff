"""Avro schemas as Arrow types. What Arrow has no type for (a union of several, a type inside itself) is JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_DEEPEST = 20
_WIDEST_DECIMAL = 38


def arrow_schema(schema: Any) -> pa.Schema:
    """The columns of an Avro record.

    Raises:
        ValueError: it is no record, or has values without a byte in an array, of which no file has too many.
    Example:
        >>> arrow_schema({"type": "record", "name": "r", "fields": [{"name": "id", "type": ["null", "long"]}]}).names
        ['id']
    """
    import pyarrow as pa

    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise ValueError("its schema is no record")
    return pa.schema(_fields(schema, {}, 0))


def as_arrow(kind: pa.DataType, value: Any) -> Any:
    """A value as fastavro has it, as pyarrow takes it for a column of this type.

    Example:
        >>> import pyarrow as pa
        >>> as_arrow(pa.string(), {"a": 1}), as_arrow(pa.int64(), 7)
        ('{"a": 1}', 7)
    """
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else _as_text(value)
    if pa.types.is_struct(kind):
        return {field.name: as_arrow(field.type, value[field.name]) for field in kind}
    if pa.types.is_list(kind):
        return [as_arrow(kind.value_type, item) for item in value]
    if pa.types.is_map(kind):
        return [(key, as_arrow(kind.item_type, item)) for key, item in value.items()]
    return value


def _as_text(value: Any) -> str:
    is_json = isinstance(value, (dict, list, bool, int, float))
    return json.dumps(value, default=str, ensure_ascii=False) if is_json else str(value)


def _fields(record: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> list[pa.Field[Any]]:
    import pyarrow as pa

    inside = {**known, str(record.get("name")): None}
    return [pa.field(str(field["name"]), _arrow(field["type"], inside, depth + 1)) for field in record["fields"]]


def _arrow(schema: Any, known: Mapping[str, Any], depth: int) -> pa.DataType:
    """The Arrow type; `known` are the names of the records that we are in."""
    import pyarrow as pa

    if isinstance(schema, list):
        kinds = [kind for kind in schema if kind != "null"]
        return _arrow(kinds[0], known, depth) if len(kinds) == 1 else pa.string() if kinds else pa.null()
    if not isinstance(schema, dict):
        return _plain().get(str(schema), pa.string())
    if isinstance(schema["type"], (dict, list)):
        return _arrow(schema["type"], known, depth)
    return _logical(schema) or _with_parts(schema, known, depth) or _plain().get(str(schema["type"]), pa.string())


def _with_parts(schema: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> pa.DataType | None:
    """The type of records, arrays and maps; None for any other, and for one inside itself."""
    import pyarrow as pa

    if depth > _DEEPEST:
        return None
    if schema["type"] == "array":
        _refuse_nothing(schema["items"])
        return pa.list_(_arrow(schema["items"], known, depth + 1))
    if schema["type"] == "map":
        return pa.map_(pa.string(), _arrow(schema["values"], known, depth + 1))
    is_record = schema["type"] in {"record", "error"} and str(schema.get("name")) not in known
    return pa.struct(_fields(schema, known, depth)) if is_record else None


def _plain() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "null": pa.null(),
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "bytes": pa.binary(),
        "fixed": pa.binary(),
        "string": pa.string(),
        "enum": pa.string(),
    }


def _logical(schema: Mapping[str, Any]) -> pa.DataType | None:
    """The type of a logical type that fastavro turns into one of Python's; None for any other."""
    import pyarrow as pa

    if schema.get("logicalType") == "decimal":
        return pa.decimal128(min(int(schema["precision"]), _WIDEST_DECIMAL), int(schema.get("scale", 0)))
    kinds: dict[str, pa.DataType] = {
        "date": pa.date32(),
        "time-millis": pa.time64("us"),
        "time-micros": pa.time64("us"),
        "timestamp-millis": pa.timestamp("us", "UTC"),
        "timestamp-micros": pa.timestamp("us", "UTC"),
        "local-timestamp-millis": pa.timestamp("us"),
        "local-timestamp-micros": pa.timestamp("us"),
        "uuid": pa.string(),
    }
    return kinds.get(str(schema.get("logicalType")))


def _refuse_nothing(items: Any) -> None:
    """An array of values without a byte could be endless in a file of no size."""
    declared = items if isinstance(items, dict) else {"type": items}
    if declared.get("type") == "null" or declared.get("fields") == [] or declared.get("size") == 0:
        raise ValueError("it has an array of values without a byte")
