"""Every format that an upload may come in, and what opens it. A new one is a module, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from transforms.formats.arrow import open_arrow
from transforms.formats.avro import open_avro
from transforms.formats.csv import open_csv
from transforms.formats.excel import open_excel
from transforms.formats.json import open_json
from transforms.formats.jsonl import open_jsonl
from transforms.formats.orc import open_orc
from transforms.formats.parquet import open_parquet
from transforms.formats.quarantined import open_quarantined

if TYPE_CHECKING:
    from transforms.flow.source import Format
    from transforms.formats.opening import Opening
    from transforms.formats.reader import Reader

FORMATS: dict[Format, Callable[[Opening], Reader]] = {
    "csv": open_csv,
    "tsv": open_csv,
    "jsonl": open_jsonl,
    "json": open_json,
    "parquet": open_parquet,
    "arrow": open_arrow,
    "feather": open_arrow,
    "orc": open_orc,
    "avro": open_avro,
    "excel": open_excel,
}


def open_upload(opening: Opening) -> Reader:
    """One upload is staged in a folder of its own, and ready to be read.

    Raises:
        UnreadableUpload: its bytes are not in the declared format.
        UploadTooLarge: it does not fit into the room.
    """
    opening.folder.mkdir()
    if opening.upload.quarantined is not None:
        return open_quarantined(opening)
    return FORMATS[opening.format](opening)
