"""Excel in: cells as the contract wants them, tables wherever they stand in the sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest

from tests.transforms.drafting import Drafted, drafted, flow_with
from transforms.errors import UnreadableUpload, UploadTooLarge

COLUMNS = {"id": "int32", "note": "string"}


def workbook(rows: Sequence[Sequence[Any]], title: str = "Notes") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("Other").append(["id", "note"])
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


def read(data: bytes, columns: dict[str, Any] | None = None, **options: Any) -> Drafted:
    return drafted(flow_with(columns or COLUMNS, source={"format": "excel", "options": options}), data, name="a.xlsx")


def test_cells_become_what_the_contract_says() -> None:
    columns = {"id": "int8", "km": "float64", "at": "timestamp", "day": "date", "flag": "bool", "code": "string"}
    row = [1, 0.1, datetime(2024, 7, 1, 12, 30), date(2024, 7, 1), True, 7]  # noqa: DTZ001 - Excel knows no zones
    assert read(workbook([list(columns), row]), columns).rows == [
        {
            "id": 1,
            "km": 0.1,
            "at": datetime(2024, 7, 1, 12, 30, tzinfo=UTC),
            "day": date(2024, 7, 1),
            "flag": True,
            "code": "7",
        }
    ]


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        pytest.param([["id", "note"], [1, "x"], [2, None]], {}, id="plain"),
        pytest.param([["Notes of May"], [], ["id", "note"], [1, "x"], [], [2, None]], {}, id="a preamble, blank rows"),
        pytest.param([["id", "note", None], [1, "x"], [2]], {}, id="short rows"),
        pytest.param([[1, "x"], [2, None]], {"header_rows": 0}, id="no header"),
        pytest.param(
            [["Nr.", "Text"], [1, "x"], [2, "-"]], {"column_names": ["id", "note"], "null_values": ["-"]}, id="names"
        ),
        pytest.param([["id", "note"], [1, "x"], [2, None], ["Total", 2]], {"skip_footer": 1}, id="a footer"),
        pytest.param([["a"], ["b"], ["id", "note"], [1, "x"], [2, None]], {"skip_lines": 2}, id="a declared preamble"),
    ],
)
def test_the_table_is_found(rows: list[list[Any]], options: dict[str, Any]) -> None:
    assert read(workbook(rows), **options).rows == [{"id": 1, "note": "x"}, {"id": 2, "note": None}]


def test_bad_rows_have_their_number_and_a_value_beside_the_table_is_damage() -> None:
    result = read(workbook([["id", "note"], [1, "a"], ["two", "b"], [3, "c", "stray"], [4, "d"], ["#N/A", "e"]]))
    assert result.rows == [{"id": 1, "note": "a"}, {"id": 4, "note": "d"}]
    assert result.bad == {
        2: (None, [("id", "type")]),
        3: ('["3", "c", "stray"]', [(None, "columns")]),
        5: (None, [("id", "type")]),
    }
    assert result.draft.counts.read == 5


def test_ragged_rows_reject_where_that_is_declared() -> None:
    rejection = read(workbook([["id", "note"], [1, "a"], [3, "c", "stray"]]), ragged_rows="reject").draft.rejection
    assert rejection is not None
    assert "1 of 2 records have too few or too many fields" in rejection.message


def test_a_sheet_is_chosen_by_its_name() -> None:
    data = workbook([["id", "note"], [1, "x"]], title="May")
    assert read(data, sheet="May").rows == [{"id": 1, "note": "x"}]
    assert read(data, sheet="May").draft.dialects[0]["sheet"] == "May"
    with pytest.raises(UnreadableUpload, match=r"no sheet June; found May, Other"):
        read(data, sheet="June")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: b"id,note\n1,x\n", id="text"),
        pytest.param(lambda data: data[:200], id="cut"),
        pytest.param(lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03"), id="no directory"),
        pytest.param(lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, id="a workbook of before 2007"),
    ],
)
def test_a_damaged_file_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnreadableUpload, match=r"^a\.xlsx: not a whole Excel file"):
        read(spoil(workbook([["id", "note"], [1, "x"]])))


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(UnreadableUpload, match="sheet Notes has no row"):
        read(workbook([]))


def test_a_workbook_that_unpacks_to_far_more_than_others_is_refused() -> None:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b" " * 60 * 2**20)
        data = buffer.getvalue()
    with pytest.raises(UploadTooLarge, match="unpacks to 62,914,560 bytes"):
        read(data)
