"""`preview` shows what a flow makes of the first records, and writes nothing."""

from __future__ import annotations

from pathlib import Path

from tests.transforms.cli.conftest import Call

LINE = "preview trips.yaml --input monday.csv --lookup kinds=kinds.csv"


def test_rows_and_rejections_are_shown_and_nothing_is_written(call: Call, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    called = call(LINE)
    assert called.code == 0
    assert called.out.splitlines() == [
        "id | km                 | kind | name",
        "1  | 0.0                | a    | Anna",
        "4  | 0.8461538461538461 | a    | Anna",
        "5  | 1.0                | b    | Bert",
        "3 rows of the 5 records; 2 rejected",
        "record 2: km min -1",
        "record 3: km type x",
    ]
    assert sorted(folder.rglob("*")) == before


def test_json_has_rows_schema_and_rejections(call: Call) -> None:
    told = call(f"{LINE} --json --rows 1").document
    assert told["rows"] == [{"id": 1, "km": 0.0, "kind": "a", "name": "Anna"}]
    assert [column["name"] for column in told["schema"]] == ["id", "km", "kind", "name"]
    assert (told["ok"], told["sample_is_whole"]) == (True, True)
    assert told["rejections"][0]["record"] == 2


def test_what_a_run_would_reject_is_told_with_the_rows(call: Call, folder: Path) -> None:
    (folder / "monday.csv").write_text("id,km,kind\n1,x,a\n2,y,b\n3,1,b\n")
    called = call(LINE)
    assert called.code == 1
    assert "such a run would be rejected: 2 of 3 records break the contract" in called.err
    assert "1 rows of the 3 records; 2 rejected" in called.err


def test_a_long_file_is_tried_by_its_start(call: Call, folder: Path) -> None:
    (folder / "monday.csv").write_text("id,km,kind\n" + "".join(f"{n},1,a\n" for n in range(1, 3001)))
    assert "1,000 rows of the first 1,000 records; 0 rejected" in call(LINE).out


def test_an_input_that_is_not_there_is_a_mistake_of_the_call(call: Call) -> None:
    assert call("preview trips.yaml --input no.csv").code == 2
