"""`partition_by`: folders that every reader of Hive's layout understands, and not a row lost on the way."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest

from tests.transforms.drafting import LIMITS, flow_with, parquet
from transforms.draft import Draft, Limits, LocalUpload
from transforms.errors import FlowBroken
from transforms.flow.check import check_flow
from transforms.flow.flow import Flow
from transforms.flow.load import load_flow, read_flow
from transforms.manifest import ml_table
from transforms.partitions import MOST_FOLDERS, folder_name
from transforms.transform import transform

PAGE = Path(__file__).parents[2] / "docs" / "output.md"
NULL = "__HIVE_DEFAULT_PARTITION__"
HOSTILE = [
    "a/b", "..", ".", "a=b", "100%", "é ü", "tab\t", "x" * 60, "CON", "a.", "A", " ", "\u202e", "a\\b", NULL
]  # fmt: skip
FORMATS: dict[str, Any] = {"csv": "csv", "jsonl": "json", "arrow": "arrow"}
Columns = dict[str, list[Any]]
COLUMNS = {"place": "string", "year": "int16", "id": "int64"}


def partitioned(tmp_path: Path, columns: Columns, flow: Flow, limits: Limits = LIMITS) -> tuple[Draft, Path]:
    """A draft, and a folder with its data files where they would be published."""
    scratch, data = tmp_path / "scratch", tmp_path / "data"
    scratch.mkdir()
    upload = tmp_path / "upload.parquet"
    upload.write_bytes(parquet(columns))
    uploads = [LocalUpload("upload.parquet", upload)]
    draft = transform(flow, uploads, {}, {}, scratch=scratch, limits=limits, flows_folder=tmp_path)
    for file in draft.files:
        (data / file.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.path, data / file.name)
    return draft, data


def flow_by(*partition_by: str, columns: dict[str, str] | None = None, **parts: Any) -> Flow:
    output = {"partition_by": list(partition_by), **parts.pop("output", {})}
    return flow_with(columns or COLUMNS, source={"format": "parquet"}, output=output, **parts)


@pytest.fixture
def hostile() -> Columns:
    """Three rows of each place, one of them null, in two years."""
    places = [*HOSTILE, None] * 3
    return {"place": places, "year": [2013 + n % 2 for n in range(len(places))], "id": list(range(len(places)))}


def test_every_value_comes_back_with_its_rows(hostile: Columns, tmp_path: Path) -> None:
    draft, data = partitioned(tmp_path, hostile, flow_by("place", "year"))
    wanted = Counter(zip(*hostile.values(), strict=True))
    by_arrow = ds.dataset(data, partitioning="hive").to_table().select(list(hostile)).to_pylist()
    # Whatever is done about it, Arrow takes this one text for a null; the folder and the manifest tell them apart.
    taken = Counter((None if place == NULL else place, year, number) for place, year, number in wanted)
    assert Counter(tuple(row.values()) for row in by_arrow) == taken
    files = f"read_parquet('{data.as_posix()}/**/*.parquet', hive_partitioning = true)"
    with duckdb.connect(":memory:") as connection:
        assert Counter(connection.execute(f"SELECT place, year, id FROM {files}").fetchall()) == wanted
    by_manifest = Counter(
        (file.partition["place"], file.partition["year"]) for file in draft.files for _ in range(file.rows)
    )
    assert by_manifest == Counter(zip(hostile["place"], hostile["year"], strict=True))
    assert draft.counts.published == sum(file.rows for file in draft.files) == len(hostile["id"])


def test_no_path_leads_out_of_its_folder(hostile: Columns, tmp_path: Path) -> None:
    draft, _ = partitioned(tmp_path, hostile, flow_by("place"))
    for file in draft.files:
        folder, name = file.name.split("/")
        assert folder.startswith("place=")
        assert not folder.endswith((".", " "))
        assert name.startswith("part-00000-")
    assert len({file.name.partition("/")[0] for file in draft.files}) == len(HOSTILE) + 1


def test_the_files_lack_the_columns_that_the_folders_have_and_the_profile_has_all(
    hostile: Columns, tmp_path: Path
) -> None:
    draft, data = partitioned(tmp_path, hostile, flow_by("year", output={"rows_per_file": 20}))
    assert ds.dataset(data, partitioning=None).schema.names == ["place", "id"]
    assert [column["name"] for column in draft.schema] == list(draft.profile["columns"]) == list(COLUMNS)
    assert draft.profile["columns"]["year"]["distinct"] == 2
    assert [(file.partition, file.rows) for file in draft.files] == [
        ({"year": 2013}, 20), ({"year": 2013}, 4), ({"year": 2014}, 20), ({"year": 2014}, 4),
    ]  # fmt: skip


def test_rows_keep_their_order_within_a_folder(tmp_path: Path) -> None:
    rows: Columns = {"place": ["b", "a"] * 500, "year": [1] * 1000, "id": list(range(1000))}
    _, data = partitioned(tmp_path, rows, flow_by("place"))
    assert ds.dataset(data / "place=a").to_table()["id"].to_pylist() == list(range(1, 1000, 2))


def test_the_folders_of_a_split_come_first(tmp_path: Path) -> None:
    rows: Columns = {"place": ["a", "b"] * 50, "year": [1] * 100, "id": list(range(100))}
    flow = flow_by("place", steps=[{"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}])
    draft, _ = partitioned(tmp_path, rows, flow)
    assert {file.name.rpartition("/")[0] for file in draft.files} == {
        "train/place=a", "train/place=b", "test/place=a", "test/place=b",
    }  # fmt: skip
    assert {(file.split, file.partition["place"]) for file in draft.files} == {
        ("train", "a"), ("train", "b"), ("test", "a"), ("test", "b"),
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_other_formats_have_the_same_folders(form: str, hostile: Columns, tmp_path: Path) -> None:
    draft, data = partitioned(tmp_path, hostile, flow_by("place", output={"format": form}))
    assert draft.counts.published == sum(file.rows for file in draft.files) == len(hostile["id"])
    files = [file for file in data.rglob("*") if file.is_file()]
    assert {file.name.split(".", 1)[1] for file in files} == {form}
    read = ds.dataset(files, format=FORMATS[form]).to_table()
    assert read.schema.names == ["year", "id"]
    assert Counter(read["id"].to_pylist()) == Counter(hostile["id"])


def test_the_same_rows_give_the_same_files_with_any_number_of_threads(hostile: Columns, tmp_path: Path) -> None:
    named = []
    for threads in (1, 4):
        folder = tmp_path / str(threads)
        folder.mkdir()
        draft, _ = partitioned(folder, hostile, flow_by("place", "year"), replace(LIMITS, threads=threads))
        named.append([(file.name, file.sha256) for file in draft.files])
    assert named[0] == named[1]


def test_dates_and_truths_name_folders_too(tmp_path: Path) -> None:
    rows: Columns = {"day": [date(2013, 1, 31), None], "late": [True, False], "id": [1, 2]}
    draft, _ = partitioned(
        tmp_path, rows, flow_by("day", "late", columns={"day": "date", "late": "bool", "id": "int8"})
    )
    assert [(file.name.rpartition("/")[0], dict(file.partition)) for file in draft.files] == [
        ("day=2013-01-31/late=true", {"day": "2013-01-31", "late": True}),
        ("day=__HIVE_DEFAULT_PARTITION__/late=false", {"day": None, "late": False}),
    ]


def test_empty_texts_are_null_and_a_note_says_so(tmp_path: Path) -> None:
    rows: Columns = {"place": ["", "", "a", None], "year": [1] * 4, "id": [1, 2, 3, 4]}
    draft, _ = partitioned(tmp_path, rows, flow_by("place"))
    assert {file.partition["place"]: file.rows for file in draft.files} == {"a": 1, None: 3}
    assert draft.profile["columns"]["place"]["nulls"] == 3
    assert draft.notes == ("Column place: 2 empty texts are null: they name folders.",)


@pytest.mark.parametrize(
    ("flow", "told"),
    [
        pytest.param(flow_by("id"), f"found {MOST_FOLDERS + 1:,} folders for the values of id", id="too many values"),
        pytest.param(flow_by("month"), "found month, which is no column; expected one of", id="no such column"),
        pytest.param(
            flow_by("km", columns={"km": "float64", "id": "int64"}), "found km, a column of DOUBLE", id="a fraction"
        ),
        pytest.param(flow_by("id", columns={"id": "int64"}), "at least one column that is left", id="nothing left"),
    ],
)
def test_what_cannot_name_folders_rejects_the_run(flow: Flow, told: str, tmp_path: Path) -> None:
    count = MOST_FOLDERS + 1
    rows: Columns = {
        "place": ["a"] * count,
        "year": [1] * count,
        "km": [0.5] * count,
        "id": list(range(count)),
    }
    known = {name: values for name, values in rows.items() if name in flow.contract.columns}
    draft, _ = partitioned(tmp_path, known, flow)
    assert draft.rejection
    assert (draft.rejection.code, draft.files) == ("step_failed", ())
    assert draft.rejection.message.startswith("output.partition_by: ")
    assert told in draft.rejection.message


def test_values_too_long_for_folders_reject_the_run(tmp_path: Path) -> None:
    rows: Columns = {"place": ["a", "é" * 130], "year": [1, 2], "id": [1, 2]}
    draft, _ = partitioned(tmp_path, rows, flow_by("place"))
    assert draft.rejection
    assert (draft.rejection.code, draft.files) == ("step_failed", ())
    assert "folders of 267 bytes; expected at most 255" in draft.rejection.message


def test_the_page_shows_what_too_many_values_get(tmp_path: Path) -> None:
    count = MOST_FOLDERS + 1
    rows: Columns = {"id": list(range(count)), "year": [1] * count}
    draft, _ = partitioned(tmp_path, rows, flow_by("id", columns={"id": "int64", "year": "int16"}))
    assert draft.rejection
    shown = draft.rejection.message.replace(f"{count:,}", "1,204").replace("values of id", "values of tailnum")
    assert f"{draft.rejection.code}: {shown}\n" in PAGE.read_text(encoding="utf-8")


FLOW = """
flow: trips
source: {path: trips.csv, format: csv}
contract: {columns: {place: string, km: float64}, unknown_columns: drop}
"""


@pytest.mark.parametrize(
    ("output", "told"),
    [
        pytest.param("{partition_by: [town]}", "town, which is no column", id="no such column"),
        pytest.param("{partition_by: [km]}", "km, a column of DOUBLE", id="a fraction"),
    ],
)
def test_the_check_finds_what_the_run_would(output: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "trips.yaml"
    path.write_text(f"{FLOW}output: {output}\n")
    with pytest.raises(FlowBroken, match=told):
        check_flow(load_flow(path))


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        pytest.param("output: {partition_by: [a b]}", "output.partition_by[0]", id="a name with a blank"),
        pytest.param("output: {partition_by: [place, Place]}", "output", id="a column twice"),
        pytest.param(
            "steps: [{split: {into: {train: 1}, by: place}}]\noutput: {partition_by: [split]}",
            "output.partition_by[0]",
            id="the column of the split",
        ),
    ],
)
def test_a_flow_that_can_never_be_partitioned_is_a_mistake(rest: str, path: str) -> None:
    with pytest.raises(FlowBroken) as broken:
        read_flow(FLOW + rest, "trips.yaml")
    assert [mistake.path for mistake in broken.value.mistakes] == [path]


def test_mltable_takes_the_columns_from_the_folders_before_it_reads() -> None:
    told = ml_table(["data/place=a/year=1/part-0.parquet"], partition_by=["place", "year"]).decode()
    assert told.index("partition_format: '/place={place}/year={year}/*'") < told.index("read_parquet")


def test_a_text_that_looks_like_hives_null_is_not_null() -> None:
    assert folder_name("place", "__HIVE_DEFAULT_PARTITION__") != folder_name("place", None)
