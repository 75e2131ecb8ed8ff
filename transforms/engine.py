"""The engine: one DuckDB connection that can reach its own scratch folder and nothing else."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import Limits
from transforms.errors import UploadTooLarge
from transforms.relation import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

_DATABASE = "work"
COUNTED_SHARE = 0.78
"""Of the memory that a transform may use, what DuckDB is given to count; writers and readers take more beside it.

Source:
    Observed with DuckDB 2.0: 1 GB of CSV peaked at 270 MB above DuckDB's own limit, 120 of them Python and libraries.
    With a share of 0.76 of 412 MB, a table of 20 columns is filled by one thread instead of two.
"""


SMALL_BYTES = 1 << 20
"""Of uploads and lookups together; starting an engine takes as long as the rest of a small transform."""

_MOST_KEPT = 4
_MOST_USES = 100
"""Of one engine.

Source:
    Observed with DuckDB 2.0: an engine that goes on and on grows by 6 KB with each transform of 500 rows.
"""


@dataclass(frozen=True)
class _Idle:
    engine: DuckDBPyConnection
    uses: int


_kept: OrderedDict[tuple[Path, Limits], _Idle] = OrderedDict()
"""Engines that nobody uses, by the folder they reach and what they may use, both of which are locked."""


@contextmanager
def open_engine(scratch: Path, limits: Limits, *, is_small: bool = False) -> Iterator[DuckDBPyConnection]:
    """A locked-down connection is open; it is closed, and its tables and files are gone, afterwards.

    Where the work `is_small`, the engine of the work before in a folder of the same name is used again, if there was
    one: its locks are the same. Nothing but the locks is left of that work.

    Shape:
        The database is a file in `scratch`, so that tables larger than memory live on disk; where the work `is_small`
        it is in memory, and what turns out not to fit is spilled to `scratch`.
    Raises:
        UploadTooLarge: the work does not fit into the memory or the scratch space of `limits`.
    Source:
        DuckDB, "Securing DuckDB": settings are locked last, in this order.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_engine(Path(folder), Limits(10**8, 1, 10**9)) as connection:
        ...         connection.execute("SELECT current_setting('TimeZone')").fetchone()
        ('UTC',)
    """
    import duckdb

    engine = _small_engine(scratch, limits) if is_small else _engine_on_disk(scratch, limits)
    try:
        with engine as connection:
            yield connection
    except duckdb.OutOfMemoryException as error:
        raise UploadTooLarge(
            f"the data needs more than the {limits.memory_bytes:,} bytes of memory and {limits.scratch_bytes:,} bytes "
            "of scratch space that one transform may use; split the upload or raise the limits"
        ) from error


@contextmanager
def _engine_on_disk(scratch: Path, limits: Limits) -> Iterator[DuckDBPyConnection]:
    connection = _started(str(scratch / "engine.duckdb"), scratch, limits)
    try:
        yield connection
    finally:
        connection.close()
        for leftover in scratch.glob("engine.duckdb*"):
            leftover.unlink(missing_ok=True)


@contextmanager
def _small_engine(scratch: Path, limits: Limits) -> Iterator[DuckDBPyConnection]:
    """A database of its own in an engine that is kept afterwards, unless anything went wrong or was spilled.

    It has one thread: so little work is done before a second one has woken up.
    """
    key = (scratch, replace(limits, threads=1))
    idle = _kept.pop(key, None) or _Idle(_started(":memory:", *key), uses=0)
    engine, uses = idle.engine, idle.uses + 1
    connection = engine.cursor()
    try:
        connection.execute(f"ATTACH ':memory:' AS {_DATABASE}")
        connection.execute(f"USE {_DATABASE}")
        yield connection
        connection.close()  # and with it all that is temporary
        engine.execute(f"DETACH {_DATABASE}")
    except BaseException:
        connection.close()
        engine.close()
        raise
    if uses >= _MOST_USES or _spill(scratch).exists():
        engine.close()
    else:
        _keep(key, _Idle(engine, uses))


def _keep(key: tuple[Path, Limits], idle: _Idle) -> None:
    _kept[key] = idle
    if len(_kept) > _MOST_KEPT:
        with suppress(KeyError):  # another thread was faster
            _kept.popitem(last=False)[1].engine.close()


def _started(database: str, scratch: Path, limits: Limits) -> DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(database)
    try:
        for statement in _settings(scratch, limits):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _spill(scratch: Path) -> Path:
    return scratch / "spill"


def _settings(scratch: Path, limits: Limits) -> list[str]:
    """For all connections of the engine: what is set without GLOBAL may be for the first one alone."""
    folder = scratch.as_posix()
    return [
        "PRAGMA disable_checkpoint_on_shutdown",  # nobody opens the file again
        f"SET memory_limit = '{int(limits.memory_bytes * COUNTED_SHARE)}B'",
        f"SET threads = {limits.threads}",
        f"SET temp_directory = {text(_spill(scratch).as_posix())}",
        f"SET max_temp_directory_size = '{limits.scratch_bytes}B'",
        "SET GLOBAL preserve_insertion_order = true",
        "SET GLOBAL TimeZone = 'UTC'",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET GLOBAL python_enable_replacements = false",
        f"SET allowed_directories = [{text(f'{folder}/')}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ]
