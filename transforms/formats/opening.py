"""Opening: what a format is given to make a reader of an upload."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import LocalUpload

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Contract
    from transforms.flow.read_options import ReadOptions
    from transforms.flow.source import Format
    from transforms.unpack import Room


@dataclass(frozen=True)
class Opening:
    """One upload, the folder that its reader may fill, and what the flow says about it."""

    upload: LocalUpload
    folder: Path
    format: Format
    options: ReadOptions
    contract: Contract | None
    """None for a lookup."""
    room: Room
    connection: DuckDBPyConnection

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the upload should have."""
        return tuple(self.contract.columns) if self.contract else ()
