"""What ingest asks of a format: rows to parse, a count of its own, and the source of rows that turn out bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column


class Reader(Protocol):
    """One upload, staged. Ordinals number the rows that DuckDB is given, from 1."""

    @property
    def name(self) -> str:
        """How people know the upload."""

    @property
    def records(self) -> int:
        """All records, counted without DuckDB."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Column names as they are written, and the type each has in the source."""

    @property
    def dialect(self) -> Mapping[str, Any]:
        """How the upload is written, for the manifest."""

    @property
    def damage(self) -> Path | None:
        """Parquet of (record, rule, raw): the records that DuckDB is not given."""

    def parsed_type(self, name: str, column: Column) -> str:
        """The type in which `rows` delivers a declared column."""

    def rows(self, types: Sequence[str]) -> str:
        """SQL after FROM: the rows that parse, in order; columns are named c0, c1, … and have these types."""

    def rejected(self, connection: DuckDBPyConnection) -> str | None:
        """SQL after FROM: (ordinal, whole, reasons) of the rows that do not parse, once `rows` was read.

        `whole`: each of its fields belongs to a column. None where every row parses.
        """

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        """A table `target` holds ordinal, raw and the columns c0, c1, … of the rows in `suspects`.

        `suspects` is a table with ordinal and whole; of a row that is not whole the columns are null.
        """
