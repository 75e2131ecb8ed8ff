"""A folder with a flow and its files, and the command line called in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from transforms.cli.main import main

TRIPS = """
flow: trips
source: {path: "trips/{day}.csv", format: csv}
parameters: {least: {type: int32, default: 1}, kind: {type: string, default: a}}
contract:
  columns: {id: {type: int64, required: true}, km: {type: float64, min: 0}, kind: string}
  max_bad_rows: 50%
lookups: {kinds: {path: kinds.csv, key: kind}}
steps:
  - filter: id >= $least
  - join: {lookup: kinds, on: kind, take: [name]}
  - scale: {km: minmax}
"""
MONDAY = "id,km,kind\n1,2.5,a\n2,-1,b\n3,x,c\n4,8,a\n5,9,b\n"


@dataclass(frozen=True)
class Called:
    """What a call left: its exit code, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Called]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a flow, its upload and its lookup."""
    (tmp_path / "trips.yaml").write_text(TRIPS, encoding="utf-8")
    (tmp_path / "monday.csv").write_text(MONDAY, encoding="utf-8")
    (tmp_path / "kinds.csv").write_text("kind,name\na,Anna\nb,Bert\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command line in the folder, with the words of one line."""

    def called(line: str) -> Called:
        assert Path.cwd() == folder
        try:
            code = main(line.split())
        except SystemExit as left:
            code = int(str(left.code))
        said = capsys.readouterr()
        return Called(code, said.out, said.err)

    return called


@pytest.fixture
def run(call: Call) -> Call:
    """Run the flow over Monday's file; more words may follow."""
    return lambda more="": call(f"run trips.yaml --input monday.csv --lookup kinds=kinds.csv {more}")
