"""How the dataset is written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared


class Output(Declared):
    """Files of a dataset: their format, compression and size."""

    format: Literal["parquet"] = "parquet"
    compression: Literal["zstd", "snappy", "gzip", "none"] = "zstd"
    rows_per_file: int = Field(1_000_000, ge=1)
