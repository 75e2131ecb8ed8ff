"""`python: {call: "module:function"}` hands the table to a function beside the flow."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import RESERVED
from transforms.relation import ROW, Relation, arrow_table, quoted
from transforms.steps.frames import frame_of, table_of_frame
from transforms.steps.refusal import Refused
from transforms.steps.step import Applied, Work

if TYPE_CHECKING:
    import pyarrow as pa


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
        The whole table is in memory here, and nowhere else. `columns` keeps it small: with `rows: same` the columns
        that the function does not see stay as they are, with `rows: may_change` they are gone.
        A frame's index is not kept. Whole numbers with nulls are pandas' nullable integers in a frame.
        The annotation of the first parameter decides: `pandas.DataFrame`, or an Arrow table for any other.
    Raises:
        StepFailed: the function raises, or returns something else than a table of that many rows.
    """
    function = load_function(work.env.folder, step.call, work.path)
    names = [work.need(relation, name, f".columns[{place}]") for place, name in enumerate(step.columns or [])]
    seen = ", ".join(names or [quoted(column) for column in relation.columns])
    table = arrow_table(work.connection, f"SELECT {seen} FROM {relation.sql} ORDER BY {ROW}")
    returned = _as_table(work, step, _called(work, step, function, table), table.schema)
    _refuse_names(work, step, returned)
    numbered = returned.append_column(ROW, _row_numbers(work, relation, step, returned))
    if step.rows == "same":
        unseen = [quoted(column) for column in relation.columns if names and quoted(column) not in names]
        return Applied(work.from_arrow(numbered, relation, unseen))
    made = work.from_arrow(numbered)
    return Applied(made, removed=table.num_rows, added=work.count(f"SELECT count(*) FROM {made.sql}"))


def load_function(folder: Path, call: str, path: str) -> Callable[..., Any]:
    """The function that `call` names, from its file and without a change to the import path.

    Raises:
        StepFailed: there is no such file or function, or the file cannot be imported.
    """
    module_name, name = call.split(":")
    file = folder / f"{module_name}.py"
    if not file.is_file():
        raise Refused(
            f"{path}.call", f"no file {file.name} beside the flow; write it, or name the module that is there"
        )
    spec = importlib.util.spec_from_file_location(f"_flow_{module_name}", file)
    if spec is None or spec.loader is None:
        raise Refused(f"{path}.call", f"{file.name} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - the file is the user's, and so is whatever it raises
        raise Refused(f"{path}.call", f"{file.name} cannot be imported: {_blame(error, file)}") from None
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None or not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value) and not key.startswith("_")]
        raise Refused(f"{path}.call", f"no function {name} in {file.name}; it has {', '.join(known) or 'none'}")
    return function


def _called(work: Work, step: Python, function: Callable[..., Any], table: pa.Table) -> Any:
    given = frame_of(table) if _wants_pandas(function) else table
    try:
        return function(given)
    except Exception as error:  # noqa: BLE001 - the function is the user's, and so is whatever it raises
        file = Path(inspect.getfile(function))
        raise Refused(f"{work.path}.call", f"{step.call} failed: {_blame(error, file)}") from None


def _wants_pandas(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    written = first.annotation if first else None
    name = written if isinstance(written, str) else getattr(written, "__name__", "")
    return name.rpartition(".")[2] == "DataFrame"


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


def _refuse_names(work: Work, step: Python, returned: pa.Table) -> None:
    folded = [name.casefold() for name in returned.column_names]
    if reserved := [name for name in folded if name.startswith(RESERVED)]:
        work.fail(f"{step.call} returned {reserved[0]!r}; names that start with two underscores are reserved", ".call")
    if twice := sorted({name for name in folded if folded.count(name) > 1}):
        work.fail(f"{step.call} returned the column {twice[0]!r} twice; names differ in more than case", ".call")


def _row_numbers(work: Work, relation: Relation, step: Python, returned: pa.Table) -> pa.ChunkedArray[Any]:
    import numpy as np
    import pyarrow as pa

    if step.rows == "may_change":
        return pa.chunked_array([pa.array(np.arange(returned.num_rows, dtype=np.int64))])
    rows = arrow_table(work.connection, f"SELECT {ROW} FROM {relation.sql} ORDER BY {ROW}").column(0)
    if len(rows) != returned.num_rows:
        work.fail(
            f"{step.call} returned {returned.num_rows} rows for {len(rows)}; return as many, or say `rows: may_change`",
            ".call",
        )
    return rows


def _blame(error: BaseException, file: Path) -> str:
    """The kind of error, the line of the user's file, and the message, without the data around it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    where = f"line {lines[-1]} of {file.name}: " if lines else ""
    message = str(error).splitlines()[0][:200] if str(error) else ""
    return f"{where}{type(error).__name__}: {message}"
