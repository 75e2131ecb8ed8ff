"""`python: {call: "module:function"}` hands the table to a function beside the flow."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import RESERVED
from transforms.relation import ROW, Relation, arrow_table, quoted
from transforms.steps.batches import batches_of, keep, read_back
from transforms.steps.frames import frame_of, table_of_frame
from transforms.steps.own_function import OwnFunction, load_function
from transforms.steps.step import Applied, Work

if TYPE_CHECKING:
    import pyarrow as pa

_STREAMED = {
    "same": f"SELECT {{columns}}, here.{ROW} FROM {{settled}} AS here POSITIONAL JOIN {{{{}}}} AS there",
    "may_change": f"SELECT *, row_number() OVER () - 1 AS {ROW} FROM {{{{}}}}",
}


class Python(Declared):
    """The function to call, and what it may see and do."""

    call: str = Field(
        pattern=r"^[A-Za-z_]\w*:[A-Za-z_]\w*$", description="module:function; the module is a file beside the flow"
    )
    columns: Columns | None = Field(
        None, description="the only columns that the function sees; all of them if not given"
    )
    rows: Literal["same", "may_change"] = Field("same", description="may_change: rows may come, go and move")


def apply(work: Work, relation: Relation, step: Python) -> Applied:
    """Replace the table by what the function makes of it.

    Shape:
        (n, k) -> (n, columns that the function returns), rows in the order the function leaves them: with
        `rows: same` it must return as many rows, and the order is taken as unchanged. With
        `rows: may_change` all n rows count as removed, all that come back as added, and they are numbered anew.
        The annotation of the first parameter decides what the function gets:
        `pyarrow.RecordBatchReader` or `Iterator[pyarrow.RecordBatch]`: batches, one after the other. It returns
        batches (or yields them), of one schema. Memory holds a batch, whatever the size of the table.
        `pandas.DataFrame`: a frame, whose index is not kept. Whole numbers with nulls are nullable integers.
        Anything else: a `pyarrow.Table`. Of frames and tables the whole is in memory.
        `columns` keeps it small: with `rows: same` the columns that the function does not see stay as they are,
        with `rows: may_change` they are gone.
    Raises:
        StepFailed: the function raises, or returns something else than a table, or batches, of that many rows.
    Example:
        >>> # flows/own.py:    def shouted(table: pa.Table) -> pa.Table:
        >>> #                      return table.set_column(0, "name", pc.utf8_upper(table["name"]))
        >>> # flows/trip.yaml: - python: {call: "own:shouted", columns: [name]}
    """
    own = load_function(work.env.folder, step.call, work.path)
    return (_streamed if own.takes == "batches" else _at_once)(work, relation, step, own)


def _columns(work: Work, relation: Relation, step: Python) -> tuple[list[str], list[str]]:
    """The quoted columns that the function sees, and those that it does not."""
    names = [work.need(relation, name, f".columns[{place}]") for place, name in enumerate(step.columns or [])]
    seen = names or [quoted(column) for column in relation.columns]
    return seen, [quoted(column) for column in relation.columns if quoted(column) not in seen]


def _at_once(work: Work, relation: Relation, step: Python, own: OwnFunction) -> Applied:
    seen, unseen = _columns(work, relation, step)
    table = arrow_table(work.connection, f"SELECT {', '.join(seen)} FROM {relation.sql} ORDER BY {ROW}")
    returned = _as_table(work, step, own.called(frame_of(table) if own.takes == "frame" else table), table.schema)
    _refuse_names(work, step, returned.column_names, unseen)
    numbered = returned.append_column(ROW, _row_numbers(work, relation, step, returned))
    if step.rows == "same":
        return Applied(work.from_arrow(numbered, relation, unseen))
    made = work.from_arrow(numbered)
    return Applied(made, removed=table.num_rows, added=work.count(f"SELECT count(*) FROM {made.sql}"))


def _streamed(work: Work, relation: Relation, step: Python, own: OwnFunction) -> Applied:
    seen, unseen = _columns(work, relation, step)
    # Rows that fail in a step before must not fail inside the function, which would be blamed for them.
    settled = work.settled(relation)
    rows_in = work.count(f"SELECT count(*) FROM {settled.sql}")
    with tempfile.TemporaryFile(dir=work.env.scratch) as file:
        returned = own.each(_iterable(work, step, own.called(batches_of(work, settled, ", ".join(seen)))))
        rows = keep(work, returned, file, lambda columns: _refuse_names(work, step, columns, unseen))
        if step.rows == "same":
            _refuse_other_rows(work, step, rows, rows_in)
        columns = ", ".join([*unseen, "there.*"])
        made = read_back(work, file, _STREAMED[step.rows].format(columns=columns, settled=settled.sql))
    work.drop(settled)
    if step.rows == "same":
        return Applied(made)
    return Applied(made, removed=rows_in, added=rows)


def _iterable(work: Work, step: Python, returned: Any) -> Iterable[Any]:
    if isinstance(returned, Iterable):
        return returned
    return work.fail(
        f"{step.call} returned {type(returned).__name__}; return a pyarrow.RecordBatchReader, or yield batches", ".call"
    )


def _as_table(work: Work, step: Python, returned: Any, before: pa.Schema) -> pa.Table:
    import pyarrow as pa

    if isinstance(returned, pa.Table):
        return returned
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(returned, pandas.DataFrame):
        return table_of_frame(returned, before)
    return work.fail(
        f"{step.call} returned {type(returned).__name__}; return a pandas.DataFrame or a pyarrow.Table", ".call"
    )


def _refuse_names(work: Work, step: Python, returned: Sequence[str], unseen: Sequence[str]) -> None:
    folded = [name.casefold() for name in returned]
    if reserved := [name for name in folded if name.startswith(RESERVED)]:
        work.fail(f"{step.call} returned {reserved[0]!r}; names that start with two underscores are reserved", ".call")
    if twice := sorted({name for name in folded if folded.count(name) > 1}):
        work.fail(f"{step.call} returned the column {twice[0]!r} twice; names differ in more than case", ".call")
    hidden = {name.casefold() for name in unseen} if step.rows == "same" else set()
    if taken := [name for name in returned if quoted(name.casefold()) in hidden]:
        work.fail(f"{step.call} returned {taken[0]!r}, a column that it does not see; name it in `columns`", ".call")


def _row_numbers(work: Work, relation: Relation, step: Python, returned: pa.Table) -> pa.ChunkedArray[Any]:
    import numpy as np
    import pyarrow as pa

    if step.rows == "may_change":
        return pa.chunked_array([pa.array(np.arange(returned.num_rows, dtype=np.int64))])
    rows = arrow_table(work.connection, f"SELECT {ROW} FROM {relation.sql} ORDER BY {ROW}").column(0)
    _refuse_other_rows(work, step, returned.num_rows, len(rows))
    return rows


def _refuse_other_rows(work: Work, step: Python, returned: int, given: int) -> None:
    if returned != given:
        work.fail(
            f"{step.call} returned {returned} rows for {given}; return as many, or say `rows: may_change`", ".call"
        )
