"""How the dataset is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from transforms.flow.declared import Declared

OutputFormat = Literal["parquet", "csv", "jsonl", "arrow"]
Compression = Literal["zstd", "snappy", "gzip", "lz4", "none"]

FolderColumn = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""A column whose name every reader of folders takes as it is."""

COMPRESSIONS: dict[OutputFormat, tuple[Compression, ...]] = {
    "parquet": ("zstd", "snappy", "gzip", "none"),
    "csv": ("none", "gzip", "zstd"),
    "jsonl": ("none", "gzip", "zstd"),
    "arrow": ("zstd", "lz4", "none"),
}
"""What each format can be compressed with; the first is meant where nothing is said."""


class Output(Declared):
    """Files of a dataset: their format, compression and size."""

    format: OutputFormat = "parquet"
    compression: Compression | None = Field(
        None, description="without, zstd for parquet and arrow, none for csv and jsonl"
    )
    partition_by: tuple[FolderColumn, ...] = Field(
        (),
        max_length=4,
        description="a folder `column=value` for each value of these columns, which the files lack",
    )
    rows_per_file: int = Field(1_000_000, ge=1)

    @model_validator(mode="after")
    def _format_has_the_compression(self) -> Output:
        known = COMPRESSIONS[self.format]
        if self.compression is not None and self.compression not in known:
            raise ValueError(f"a compression that {self.format} has: {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _names_each_column_once(self) -> Output:
        if len({name.casefold() for name in self.partition_by}) != len(self.partition_by):
            raise ValueError("each column once in `partition_by`")
        return self

    @property
    def packing(self) -> Compression:
        """The compression that is declared, else that of the format."""
        return self.compression or COMPRESSIONS[self.format][0]
