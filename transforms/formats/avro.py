"""Avro in: the container block by block, its records decoded by fastavro."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.avro_blocks import AvroBlock, Container, NotAvro, blocks_of_container, container_of
from transforms.avro_schemas import arrow_schema, as_arrow
from transforms.formats.columnar import BATCH_ROWS, brought, staged_batches

if TYPE_CHECKING:
    import pyarrow as pa

    from transforms.formats.columnar import ColumnarReader
    from transforms.formats.opening import Opening


def open_avro(opening: Opening) -> ColumnarReader:
    """One Avro upload is in scratch and ready to be read; each block has as many records as it says.

    Raises:
        UnreadableUpload: the container, a block or a record is damaged, or there is no Avro at all.
        UploadTooLarge: it does not fit into the room, or a block not into memory.
    """
    path = brought(opening, "rows.avro")
    return staged_batches(opening, "Avro", lambda: _batches(path))


def _batches(path: Path) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    from fastavro import parse_schema

    with path.open("rb") as file, _told_by_us():
        container = container_of(file)
        parse_schema(container.schema)
        schema = arrow_schema(container.schema)
        return schema, _decoded(path, file.tell(), container, schema)


def _decoded(path: Path, first: int, container: Container, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with path.open("rb") as file, _told_by_us():
        file.seek(first)
        rows: list[dict[str, Any]] = []
        for block in blocks_of_container(file, container, path.stat().st_size):
            for record in _records(block, container):
                rows.append({field.name: as_arrow(field.type, record[field.name]) for field in schema})
                if len(rows) == BATCH_ROWS:
                    yield pa.RecordBatch.from_pylist(rows, schema)
                    rows = []
        yield pa.RecordBatch.from_pylist(rows, schema)


def _records(block: AvroBlock, container: Container) -> Iterator[Any]:
    from fastavro import parse_schema, schemaless_reader

    schema, data = parse_schema(container.schema), io.BytesIO(block.data)
    for _ in range(block.records):
        yield schemaless_reader(data, schema, None)
    if data.read(1):
        raise NotAvro(f"the block at byte {block.offset:,} goes on after its last record")


@contextmanager
def _told_by_us() -> Iterator[None]:
    """fastavro's own exceptions are no ValueError."""
    from fastavro.schema import SchemaParseException, UnknownType

    try:
        yield
    except (SchemaParseException, UnknownType) as error:
        raise NotAvro(str(error)) from error
