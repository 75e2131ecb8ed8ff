"""`cast: {column: type}` gives columns another type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, model_validator

from transforms.column_types import typed
from transforms.flow.contract import Column
from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName
from transforms.flow.types import ColumnType
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Work


class Target(Declared):
    """The new type, how the present text is written, and what becomes of a value that does not fit."""

    type: ColumnType
    format: str | None = Field(None, description="as in the contract: strptime format of a date, time or timestamp")
    zone: str | None = Field(None, description="as in the contract: IANA zone of a timestamp written without one")
    unfit: Literal["reject", "nullify"] = Field("reject", description="nullify: a value that does not fit becomes null")

    @model_validator(mode="after")
    def _is_as_in_the_contract(self) -> Target:
        self.column()
        return self

    def column(self) -> Column:
        """The same, as the contract has it."""
        return Column(type=self.type, format=self.format, zone=self.zone)


def _target(value: Any) -> Any:
    """`id: int64` is short for `id: {type: int64}`."""
    return {"type": value} if isinstance(value, str) else value


ShortTarget = Annotated[Target, BeforeValidator(_target, json_schema_input_type=ColumnType | Target)]


class Cast(RootModel[dict[ColumnName, ShortTarget]]):
    """Columns, each with its new type."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, ShortTarget] = Field(min_length=1)


def apply(work: Work, relation: Relation, step: Cast) -> Applied:
    """Give each named column its new type, where it stands.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged. A null stays null. A value that cannot be had exactly
        (1.5 as a whole number, a time of day as a date) does not fit: the run is rejected, or, with
        `unfit: nullify`, it becomes null and the notes of the run count it.
    Units:
        As in the contract: timestamps are UTC.
    Raises:
        StepFailed: a column is not there, or a value does not fit its new type.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": ["7", "x"]}, {"cast": {"id": {"type": "int32", "unfit": "nullify"}}})
        {'id': [7, None]}
    """
    targets = {work.need(relation, name, f".{name}"): (name, target) for name, target in step.root.items()}
    made = {name: _typed(target, name, work.type_of(relation, name)) for name, (_, target) in targets.items()}
    notes = []
    for name, (column, target) in targets.items():
        unfit, first = _unfit(work, relation, name, made[name])
        if unfit and target.unfit == "reject":
            told = f"{unfit:,} values do not fit {target.type}, the first is {first!r}"
            work.fail(f"{told}; mend them in a step before, or say `unfit: nullify`", f".{column}")
        if unfit:
            notes.append(f"{unfit:,} values of {column} did not fit {target.type}, and are null")
    columns = ", ".join(
        f"{made.get(quoted(column), quoted(column))} AS {quoted(column)}" for column in relation.columns
    )
    return Applied(work.view(f"SELECT {columns}, {ROW} FROM {relation.sql}"), notes=tuple(notes))


def _typed(target: Target, name: str, kind: str) -> str:
    # A boolean has no fraction to look at.
    value, kind = (f"{name}::TINYINT", "TINYINT") if kind == "BOOLEAN" and "int" in target.type else (name, kind)
    return typed(target.column(), value, kind)


def _unfit(work: Work, relation: Relation, name: str, made: str) -> tuple[int, str | None]:
    """How many values there are that do not fit, and the first of them."""
    is_unfit = f"{name} IS NOT NULL AND {made} IS NULL"
    select = f"SELECT count(*), arg_min({name}::VARCHAR, {ROW}) FROM {relation.sql} WHERE {is_unfit}"
    found = work.connection.execute(select).fetchall()
    return int(found[0][0]), found[0][1]
