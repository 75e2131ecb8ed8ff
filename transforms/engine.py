"""The engine: one DuckDB connection that can reach its own scratch folder and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import Limits
from transforms.errors import UploadTooLarge
from transforms.relation import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

COUNTED_SHARE = 0.85
"""Of the memory that a transform may use, what DuckDB is given to count; writers and readers take more beside it.

Source:
    Observed with DuckDB 2.0: 1 GB of CSV peaked at 220 MB above DuckDB's own limit, 120 of them Python and libraries.
"""


@contextmanager
def open_engine(scratch: Path, limits: Limits) -> Iterator[DuckDBPyConnection]:
    """A locked-down connection is open; it is closed, and its files are gone, afterwards.

    Shape:
        The database is a file in `scratch`, so that tables larger than memory live on disk.
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

    database = scratch / "engine.duckdb"
    connection = duckdb.connect(str(database))
    try:
        for statement in _settings(scratch, limits):
            connection.execute(statement)
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise UploadTooLarge(
            f"the data needs more than the {limits.memory_bytes:,} bytes of memory and {limits.scratch_bytes:,} bytes "
            "of scratch space that one transform may use; split the upload or raise the limits"
        ) from error
    finally:
        connection.close()
        for leftover in scratch.glob("engine.duckdb*"):
            leftover.unlink(missing_ok=True)


def count(connection: DuckDBPyConnection, query: str) -> int:
    """The one number that a query gives."""
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _settings(scratch: Path, limits: Limits) -> list[str]:
    folder = scratch.as_posix()
    return [
        "PRAGMA disable_checkpoint_on_shutdown",  # nobody opens the file again
        f"SET memory_limit = '{int(limits.memory_bytes * COUNTED_SHARE)}B'",
        f"SET threads = {limits.threads}",
        f"SET temp_directory = {text(f'{folder}/spill')}",
        f"SET max_temp_directory_size = '{limits.scratch_bytes}B'",
        "SET preserve_insertion_order = true",
        "SET TimeZone = 'UTC'",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET python_enable_replacements = false",
        f"SET allowed_directories = [{text(f'{folder}/')}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ]
