"""`join: {lookup: name, on: column}` brings in columns of a lookup."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName, WordName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Work


def _pairs(value: object) -> object:
    """`tailnum` is short for `{tailnum: tailnum}`."""
    names = [value] if isinstance(value, str) else value
    return {name: name for name in names} if isinstance(names, (list, tuple)) else value


Pairs = Annotated[
    dict[ColumnName, ColumnName],
    Field(min_length=1),
    BeforeValidator(_pairs, json_schema_input_type=str | list[str] | dict[str, str]),
]


class Join(Declared):
    """The lookup, the columns that meet, and the columns to bring in."""

    lookup: WordName
    on: Pairs = Field(description="a column, columns, or {column here: column of the lookup}")
    take: Pairs | None = Field(None, description="columns of the lookup, or {new name: column of the lookup}")
    how: Literal["left", "inner"] = Field("left", description="left keeps rows without a match, inner removes them")
    many: bool = Field(False, description="allow several rows of the lookup for one key: rows are multiplied")


def apply(work: Work, relation: Relation, step: Join) -> Applied:
    """Bring in the lookup's columns where the keys are equal.

    Shape:
        (n, k) -> (n, k + taken) for `left`; rows without a match have nulls. `inner` removes them. A null key
        equals nothing.
        With `many: true` a row stands once for each match, in the lookup's order. Order unchanged.
        Without `take`, every column of the lookup but those that meet. Removed: rows without a match.
        Added: over all rows, their matches but one.
    Raises:
        StepFailed: a column is not there or is there already, a key of the lookup is not unique, or the
            types of the columns that meet differ.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> planes = {"tailnum": ["N1", "N2"], "seats": [149, 55]}
        >>> step = {"join": {"lookup": "planes", "on": "tailnum", "take": ["seats"]}}
        >>> try_step({"tailnum": ["N2", None]}, step, lookups={"planes": planes})
        {'tailnum': ['N2', None], 'seats': [55, None]}
    """
    lookup = work.env.lookups[step.lookup]
    keys = _keys(work, relation, lookup, step)
    taken = _taken(work, lookup, step)
    work.refuse_taken(relation, {name: f".take.{name}" for name in taken})
    if not step.many:
        _refuse_repeated_keys(work, lookup, step)
    meets = " AND ".join(f"here.{left} = there.{right}" for left, right in keys)
    columns = ["here.* EXCLUDE (__row)", *(f"there.{column} AS {quoted(name)}" for name, column in taken.items())]
    row = f"row_number() OVER (ORDER BY here.{ROW}, there.{ROW}) - 1" if step.many else f"here.{ROW}"
    sides = f"{relation.sql} AS here {step.how.upper()} JOIN {lookup.sql} AS there ON {meets}"
    return Applied(
        work.sorted_table(f"SELECT {', '.join(columns)}, {row} AS {ROW} FROM {sides}"),
        removed=_without_match(work, relation, lookup, meets) if step.how == "inner" else 0,
        added=_extra_matches(work, relation, lookup, meets) if step.many else 0,
    )


def _keys(work: Work, relation: Relation, lookup: Relation, step: Join) -> list[tuple[str, str]]:
    pairs = []
    for left, right in step.on.items():
        pair = (work.need(relation, left, f".on.{left}"), work.need(lookup, right, f".on.{left}"))
        types = [work.type_of(side, column) for side, column in zip((relation, lookup), pair, strict=True)]
        if types[0] != types[1] and "VARCHAR" in types:
            work.fail(f"{left} is {types[0]} here and {types[1]} in {step.lookup}; cast one first", f".on.{left}")
        pairs.append(pair)
    return pairs


def _taken(work: Work, lookup: Relation, step: Join) -> dict[str, str]:
    if step.take is not None:
        return {name: work.need(lookup, column, f".take.{name}") for name, column in step.take.items()}
    meeting = {right.casefold() for right in step.on.values()}
    return {column: quoted(column) for column in lookup.columns if column.casefold() not in meeting}


def _refuse_repeated_keys(work: Work, lookup: Relation, step: Join) -> None:
    keys = [work.need(lookup, right, ".on") for right in step.on.values()]
    present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    shown = ", ".join(f"{key}::VARCHAR" for key in keys)
    repeated = work.connection.execute(
        f"SELECT {shown}, count(*) FROM {lookup.sql} WHERE {present} "
        f"GROUP BY {', '.join(keys)} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchall()
    if repeated:
        *values, times = repeated[0]
        names = ", ".join(f"{name} {value!r}" for name, value in zip(step.on.values(), values, strict=True))
        work.fail(f"{names} is {times} times in {step.lookup}; make its keys unique, or say `many: true`")


def _without_match(work: Work, relation: Relation, lookup: Relation, meets: str) -> int:
    return work.count(f"SELECT count(*) FROM {relation.sql} AS here ANTI JOIN {lookup.sql} AS there ON {meets}")


def _extra_matches(work: Work, relation: Relation, lookup: Relation, meets: str) -> int:
    matches = f"SELECT count(*) AS n FROM {relation.sql} AS here JOIN {lookup.sql} AS there ON {meets}"
    return work.count(f"SELECT sum(n - 1) FROM ({matches} GROUP BY here.{ROW})")
