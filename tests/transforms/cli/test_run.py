"""`run` makes a dataset of local files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.transforms.cli.conftest import Call
from transforms import transform as transforming
from transforms.errors import RowsLost


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def document(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_a_dataset_is_in_the_folder_and_its_manifest_lists_it(run: Call, folder: Path) -> None:
    called = run("--output out")
    assert called.code == 0
    assert called.out == "trips: published: 5 read, 3 published, 2 quarantined\ndataset: out\n"
    manifest = document(folder / "out/manifest.json")
    [data], [quarantine] = manifest["files"], manifest["quarantine"]
    assert files_in(folder / "out") == sorted(
        ["MLTable", "fitted.json", "profile.json", "manifest.json", data["name"], f"quarantine/{quarantine['name']}"]
    )
    assert pq.read_table(folder / "out" / data["name"]).column("name").to_pylist() == ["Anna", "Anna", "Bert"]
    assert (data["rows"], quarantine["rows"]) == (3, 2)


def test_the_manifest_holds_checksums_and_nothing_of_a_cloud(run: Call, folder: Path) -> None:
    run("--output out")
    manifest = document(folder / "out/manifest.json")
    content = (folder / "monday.csv").read_bytes()
    assert manifest["uploads"] == [
        {"name": "monday.csv", "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    ]
    assert manifest["lookups"]["kinds"]["name"] == "kinds.csv"
    for name, checksum in manifest["beside"].items():
        assert hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest() == checksum
    assert not {"run_id", "account", "etag"} & set(json.dumps(manifest).replace('"', " ").split())


def test_the_same_files_make_the_same_dataset_wherever_they_lie(run: Call, call: Call, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "monday.csv").rename(folder / "elsewhere/monday.csv")
    call("run trips.yaml --input elsewhere/monday.csv --lookup kinds=kinds.csv --output one --threads 1")
    (folder / "elsewhere/monday.csv").rename(folder / "monday.csv")
    run("--output other --threads 2")
    assert files_in(folder / "one") == files_in(folder / "other")
    for name in files_in(folder / "one"):
        assert (folder / "one" / name).read_bytes() == (folder / "other" / name).read_bytes()


def test_json_is_one_object_on_stdout(run: Call) -> None:
    told = run("--output out --json").document
    assert (told["ok"], told["flow"], told["status"], told["output"]) == (True, "trips", "published", "out")
    assert told["rows"] == {"read": 5, "published": 3, "quarantined": 2, "dropped": 0}
    assert [name[:16] for name in told["files"]] == ["data/part-00000-"]


def test_parameters_have_the_types_of_the_flow(run: Call) -> None:
    assert run("--output out --param least=4 --json").document["rows"]["published"] == 2


def test_uploads_are_taken_in_the_order_of_their_names(call: Call, folder: Path) -> None:
    (folder / "a.csv").write_text("id,km,kind\n9,1,a\n")
    call("run trips.yaml --input monday.csv a.csv --lookup kinds=kinds.csv --output out")
    manifest = document(folder / "out/manifest.json")
    assert [upload["name"] for upload in manifest["uploads"]] == ["a.csv", "monday.csv"]
    ids = pq.read_table(folder / "out" / manifest["files"][0]["name"]).column("id").to_pylist()
    assert ids == [9, 1, 4, 5]


def test_earlier_values_are_applied_again(run: Call, call: Call, folder: Path) -> None:
    run("--output one")
    (folder / "tuesday.csv").write_text("id,km,kind\n7,15.5,a\n")
    call("run trips.yaml --input tuesday.csv --lookup kinds=kinds.csv --output two --fitted one/fitted.json")
    assert (folder / "two/fitted.json").read_bytes() == (folder / "one/fitted.json").read_bytes()
    manifest = document(folder / "two/manifest.json")
    assert pq.read_table(folder / "two" / manifest["files"][0]["name"]).column("km").to_pylist() == [2.0]


def test_a_rejected_run_leaves_its_quarantine_and_no_dataset(call: Call, folder: Path) -> None:
    (folder / "bad.csv").write_text("id,km,kind\n1,x,a\n2,y,b\n3,1,b\n")
    called = call("run trips.yaml --input bad.csv --lookup kinds=kinds.csv --output out")
    assert called.code == 1
    assert "trips: rejected: 3 read, 0 published, 2 quarantined" in called.err
    assert "2 of 3 records break the contract" in called.err
    assert [name.split("/")[0] for name in files_in(folder / "out")] == ["quarantine"]


def test_a_rejection_is_an_error_in_json(call: Call, folder: Path) -> None:
    (folder / "bad.csv").write_text("id,km,kind\n1,x,a\n2,y,b\n3,1,b\n")
    told = call("run trips.yaml --input bad.csv --lookup kinds=kinds.csv --output out --json").document
    assert (told["ok"], told["status"], told["error"]["code"]) == (False, "rejected", "contract_broken")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param("run no.yaml --input monday.csv --output out", "no.yaml", id="no flow"),
        pytest.param("run trips.yaml --input no.csv --output out", "no such file: no.csv", id="no input"),
        pytest.param(
            "run trips.yaml --input monday.csv --output out", "--lookup kinds=FILE is missing", id="no lookup"
        ),
        pytest.param(
            "run trips.yaml --input monday.csv --lookup kinds=no.csv --output out", "no such file: no.csv", id="nowhere"
        ),
        pytest.param(
            "run trips.yaml --input monday.csv --lookup x=kinds.csv --output out", "no such lookup", id="another lookup"
        ),
        pytest.param(
            "run trips.yaml --input monday.csv monday.csv --lookup kinds=kinds.csv --output out",
            "a file is named twice",
            id="a file twice",
        ),
        pytest.param("run trips.yaml --input monday.csv --output out --param x", "expected NAME=VALUE", id="no value"),
        pytest.param(
            "run trips.yaml --input monday.csv --lookup kinds=kinds.csv --output out --param least=many",
            "least: found 'many'; expected a whole number",
            id="a value that does not fit",
        ),
        pytest.param(
            "run trips.yaml --input monday.csv --lookup kinds=kinds.csv --output . ",
            "holds something already",
            id="full",
        ),
        pytest.param(
            "run trips.yaml --input monday.csv --lookup kinds=kinds.csv --output out --fitted monday.csv",
            "monday.csv: Expecting value",
            id="fitted that is no JSON",
        ),
        pytest.param("run trips.yaml --output out", "the following arguments are required: --input", id="no words"),
    ],
)
def test_a_call_that_is_at_fault_reads_nothing(call: Call, folder: Path, line: str, sentence: str) -> None:
    if "--lookup" not in line and "is missing" not in sentence:
        (folder / "trips.yaml").write_text(
            "flow: t\nsource: {path: t.csv, format: csv}\ncontract: {columns: {id: int8}}\n", encoding="utf-8"
        )
    called = call(line)
    assert called.code == 2
    assert sentence in called.err
    assert not (folder / "out").exists()


def test_a_broken_flow_tells_all_its_mistakes(call: Call, folder: Path) -> None:
    (folder / "bad.yaml").write_text("flow: bad\nsource: {path: x, format: csw}\ncontract: {}\n", encoding="utf-8")
    called = call("run bad.yaml --input monday.csv --output out --json")
    assert called.code == 2
    assert {mistake["path"] for mistake in called.document["error"]["mistakes"]} == {
        "source.format",
        "contract.columns",
    }


def test_lost_rows_are_our_fault(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(*_: Any, **__: Any) -> None:
        raise RowsLost("5 records were read, but 4 are told of")

    monkeypatch.setattr(transforming, "transform", losing)
    called = run("--output out --json")
    assert (called.code, called.document["error"]["code"]) == (3, "rows_lost")


def test_what_is_unforeseen_is_our_fault_and_shows_where(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("seven")

    monkeypatch.setattr(transforming, "transform", breaking)
    called = run("--output out")
    assert called.code == 3
    assert "unforeseen ZeroDivisionError: seven; this is our fault, report it" in called.err
    assert "Traceback" in called.err
