"""DuckDB's column types, as far as steps tell them apart."""

from __future__ import annotations

FLOATS = frozenset({"FLOAT", "DOUBLE"})
INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
MOMENTS = frozenset({"DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})


def json_value(kind: str, written: str | None) -> str | int | float | bool | None:
    """What DuckDB wrote as text, as JSON has it: numbers and booleans as such, all else as text.

    Example:
        >>> json_value("INTEGER", "149"), json_value("BOOLEAN", "true"), json_value("DATE", "2013-01-31")
        (149, True, '2013-01-31')
    """
    if written is None:
        return None
    if kind in INTEGERS:
        return int(written)
    if kind in FLOATS:
        return float(written)
    return written == "true" if kind == "BOOLEAN" else written
