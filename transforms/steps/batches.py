"""A table as Arrow batches, and back: what comes back is kept on disk, never all in memory.

relation ─► batches ─► the flow's own function ─► Arrow stream in scratch ─► table
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from transforms.relation import Relation
from transforms.steps.step import Work

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_BATCH = 65_536
# Files are `Any`: what `tempfile` gives and what pyarrow takes have no type in common.


def batches_of(work: Work, relation: Relation, seen: str) -> pa.RecordBatchReader:
    """The rows of a table in their order; of an empty one a batch without rows, so that its columns can be seen."""
    import pyarrow as pa

    reader = work.connection.sql(f"SELECT {seen} FROM {relation.sql}").to_arrow_reader(_ROWS_PER_BATCH)
    empty = pa.record_batch([pa.array([], kind) for kind in reader.schema.types], schema=reader.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        yield next(reader, empty)
        yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def keep(work: Work, returned: Iterable[Any], file: Any, accept: Callable[[list[str]], None]) -> int:
    """Every batch is in the file, in the order it came, its columns accepted; answers how many rows these are.

    Raises:
        StepFailed: there is no batch, or something else among them, or one that is not like the first.
    """
    first: pa.RecordBatch | None = None
    rows = 0
    writer: Any = None
    for batch in returned:
        if first is None:
            first = _batch(work, batch)
            accept(first.schema.names)
            writer = _stream(file, first)
        elif _batch(work, batch).schema != first.schema:
            told = f"{_told(batch)} after one with {_told(first)}"
            work.fail(f"the function returned a batch with {told}; make them alike", ".call")
        writer.write_batch(batch)
        rows += batch.num_rows
    if first is None:
        work.fail("the function returned no batch; return one, without rows where there are none", ".call")
    writer.close()
    return rows


def read_back(work: Work, file: Any, select: str) -> Relation:
    """A table that holds `select`, in whose place `{}` stand the batches of the file."""
    import pyarrow as pa

    file.seek(0)
    with pa.ipc.open_stream(file) as reader:
        return work.from_stream(reader, select)


def _stream(file: Any, first: pa.RecordBatch) -> Any:
    import pyarrow as pa

    return pa.ipc.new_stream(file, first.schema)


def _batch(work: Work, batch: Any) -> pa.RecordBatch:
    import pyarrow as pa

    if isinstance(batch, pa.RecordBatch):
        return batch
    return work.fail(f"the function returned {type(batch).__name__}; return a pyarrow.RecordBatch each time", ".call")


def _told(batch: pa.RecordBatch) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in batch.schema) or "no column"
