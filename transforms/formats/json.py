"""JSON in: one array of objects, read as JSON lines once it is taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.encodings import detected_encoding, in_utf_8
from transforms.formats.jsonl import json_reader
from transforms.json_array import lines_of_array
from transforms.json_lines import stage_json_lines
from transforms.unpack import chunks_of, refuse_other_formats

if TYPE_CHECKING:
    from transforms.formats.jsonl import JsonReader
    from transforms.formats.opening import Opening


def open_json(opening: Opening) -> JsonReader:
    """One JSON array is staged and ready to be read.

    Raises:
        UnreadableUpload: no array, one that does not end, packed badly, or with keys that cannot be columns.
        UploadTooLarge: it does not fit into the room.
    """
    first_bytes = next(chunks_of(opening.upload))
    refuse_other_formats(first_bytes, opening.upload.name)
    encoding = opening.options.encoding or detected_encoding(first_bytes)
    lines = lines_of_array(in_utf_8(chunks_of(opening.upload), encoding), opening.upload.name)
    return json_reader(opening, stage_json_lines(opening, lines, is_plain=False), encoding)
