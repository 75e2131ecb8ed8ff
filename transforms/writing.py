"""Writing: a query's rows become files that are named by their content."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from transforms.data_formats import DATA_FORMATS, Add, DataFormat, Target
from transforms.draft import DataFile
from transforms.flow.output import Output
from transforms.partitions import Folder, folders_of
from transforms.relation import ROW, Relation, quoted
from transforms.row_groups import ROWS_PER_GROUP, row_groups

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_HASH_DIGITS = 12
_MOST_WAITING = 3
"""Groups that are to be encoded: as many as are watched together, and so held anyway."""


Watch = Callable[["pa.Table"], None]
Reading = Callable[[], AbstractContextManager[None]]


class Take(Protocol):
    """The next rows, at most so many; None after the last one."""

    def __call__(self, most: int = ROWS_PER_GROUP) -> pa.Table | None: ...


def write_dataset(
    connection: DuckDBPyConnection,
    relation: Relation,
    output: Output,
    folder: Path,
    split: str | None,
    *,
    watch: Watch,
    reading: Reading = nullcontext,
) -> tuple[DataFile, ...]:
    """The relation is in files under `folder`, a folder for each value of its column `split`, and of `partition_by`.

    `watch` sees all rows once, group by group, `__row` beside the columns. The relation is read inside `reading`.

    Shape:
        `part-00000-<hash>` and the format's ending, each of at most `rows_per_file` rows, in `__row` order and
        without `__row` and the columns that name the folders.
        The same rows give the same bytes, whatever the number of threads.
    Units:
        Timestamps say that they are UTC (isAdjustedToUTC).
    Raises:
        StepFailed: the columns of `partition_by` have too many different values.
    Example:
        >>> import duckdb, tempfile
        >>> from transforms.flow.output import Output
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i * i AS area FROM range(5) r(i)")
        >>> trips, output = relation_of(connection, "trips"), Output(rows_per_file=3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = write_dataset(connection, trips, output, Path(folder), None, watch=lambda group: None)
        >>> [(file.name[:10], file.rows) for file in files]
        [('part-00000', 3), ('part-00001', 2)]
    """
    rows, folders = folders_of(connection, relation, output.partition_by, split, reading)
    if output.partition_by:
        # Many folders mean many small files, and a profile of each would take longer than the rest.
        with _taking(connection, relation, "true", DATA_FORMATS[output.format], nullcontext) as take:
            for group in iter(take, None):
                watch(group)
        watch, reading = _nobody, nullcontext
    return tuple(
        file
        for number, place in enumerate(folders)
        for file in _write(
            connection,
            rows,
            folder / (str(number) if place.values else place.name),
            output,
            place,
            watch=watch,
            reading=reading,
        )
    )


def write_parquet(
    connection: DuckDBPyConnection, relation: Relation, folder: Path, rows_per_file: int
) -> tuple[DataFile, ...]:
    """The rows of the relation are in Parquet files in `folder`, in order; no row, no file."""
    everything = Folder("", "true")
    return tuple(_write(connection, relation, folder, Output(rows_per_file=rows_per_file), everything, watch=_nobody))


def rows_in_footers(files: Sequence[DataFile]) -> int:
    """The number of rows that the files themselves say they hold, in a footer or record by record."""
    return sum(file.rows for file in files)


def stored_types(columns: Mapping[str, str]) -> dict[str, str]:
    """The types of the columns as they are written and watched: moments say that they are UTC."""
    return {name: "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMP" else kind for name, kind in columns.items()}


def _write(
    connection: DuckDBPyConnection,
    relation: Relation,
    folder: Path,
    output: Output,
    place: Folder,
    *,
    watch: Watch,
    reading: Reading = nullcontext,
) -> Iterator[DataFile]:
    """Files of the rows that belong into one place of the dataset."""
    data_format = DATA_FORMATS[output.format]
    columns = {name: kind for name, kind in stored_types(relation.columns).items() if name not in place.values}
    with (
        closing(connection.cursor()) as beside,
        ThreadPoolExecutor(1) as encoder,
        _taking(connection, relation, place.condition, data_format, reading) as take,
    ):
        for number in count():
            group = take(output.rows_per_file)
            if group is None:
                return
            folder.mkdir(parents=True, exist_ok=True)
            target = Target(folder / f"part-{number:05d}", columns, output.packing, beside)
            with data_format.open(target) as add:
                _fill(encoder, add, watch, _groups_of_file(group, take, output.rows_per_file))
            yield _named(target.path, output, place)


def _groups_of_file(group: pa.Table | None, take: Take, rows_per_file: int) -> Iterator[pa.Table]:
    """The groups of a file: the first one, and those after it that fit."""
    left = rows_per_file
    while group is not None:
        yield group
        left -= group.num_rows
        group = take(left) if left else None


def _fill(encoder: Executor, add: Add, watch: Watch, groups: Iterable[pa.Table]) -> None:
    """All groups are in the file; while some are encoded, they are watched, and the next ones read."""
    encoded = deque[Future[None]]()
    for group in groups:
        if len(encoded) == _MOST_WAITING:
            encoded.popleft().result()
        encoded.append(encoder.submit(add, group))
        watch(group)
    for one in encoded:
        one.result()


@contextmanager
def _taking(
    connection: DuckDBPyConnection, relation: Relation, condition: str, data_format: DataFormat, reading: Reading
) -> Iterator[Take]:
    """Takes the rows that meet the condition off, group by group, each inside `reading`."""
    query = _query(relation, condition, data_format)
    with ExitStack() as stack:
        with reading():
            groups = stack.enter_context(row_groups(connection, query, may_join=relation.may_join))

        def take(most: int = ROWS_PER_GROUP) -> pa.Table | None:
            with reading():
                return groups.take(most)

        yield take


def _query(relation: Relation, condition: str, data_format: DataFormat) -> str:
    columns = [
        f"{data_format.fetched(_in_utc(name, kind), kind)} AS {quoted(name)}" for name, kind in relation.columns.items()
    ]
    return f"SELECT {', '.join([*columns, ROW])} FROM {relation.sql} WHERE {condition}"


def _nobody(group: pa.Table) -> None:
    """Watches nothing."""


def _in_utc(name: str, kind: str) -> str:
    return f"timezone('UTC', {quoted(name)})" if kind == "TIMESTAMP" else quoted(name)


def _named(unnamed: Path, output: Output, place: Folder) -> DataFile:
    data_format = DATA_FORMATS[output.format]
    with unnamed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = data_format.suffix(output.packing)
    path = unnamed.replace(unnamed.with_name(f"{unnamed.name}-{digest[:_HASH_DIGITS]}{suffix}"))
    size_bytes, rows = path.stat().st_size, data_format.rows(path)
    return DataFile(place.name + path.name, path, rows, size_bytes, digest, place.split, place.values)
