"""flows/schema.json says what the model says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from transforms.flow.schema import SCHEMA_FILE, flow_schema, schema_text
from transforms.flow.yaml_text import read_yaml
from transforms.steps.catalog import VERBS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / SCHEMA_FILE).read_text(encoding="utf-8")))


def test_the_file_is_current() -> None:
    written = (ROOT / SCHEMA_FILE).read_text(encoding="utf-8")
    assert written == schema_text(), "run `python -m transforms.flow.schema`"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(flow_schema())


def test_the_flow_of_the_design_is_valid(validator: Draft202012Validator, flights: str) -> None:
    assert [error.message for error in validator.iter_errors(read_yaml(flights)[0])] == []


@pytest.mark.parametrize("file", sorted((ROOT / "flows").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_flow_of_this_repository_is_valid(validator: Draft202012Validator, file: Path) -> None:
    assert [error.message for error in validator.iter_errors(read_yaml(file.read_text(encoding="utf-8"))[0])] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("year: int16", "year: int", id="an unknown type"),
        pytest.param("max_bad_rows: 1%", "max_bad_rows: some", id="an unreadable limit"),
        pytest.param("- filter:", "- filtr:", id="an unknown verb"),
        pytest.param("seats: median", "seats: medium", id="an unknown statistic"),
        pytest.param("wait: 2h", "wait: soon", id="an unreadable duration"),
        pytest.param("format: csv", "format: cvs", id="an unknown format"),
        pytest.param("  path:", "  pth:", id="an unknown key"),
    ],
)
def test_an_editor_sees_a_mistake(validator: Draft202012Validator, flights: str, old: str, new: str) -> None:
    assert old in flights
    assert not validator.is_valid(read_yaml(flights.replace(old, new))[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("max_bad_rows: 1%", "max_bad_rows: 100", id="a number of rows"),
        pytest.param("wait: 2h", "wait: 0", id="no wait"),
        pytest.param("by: tailnum", "by: [tailnum, day]", id="several keys"),
        pytest.param("take: [manufacturer, seats]", "take: {maker: manufacturer}", id="other names"),
        pytest.param("year: int16", "year: {type: int16}", id="the long form"),
    ],
)
def test_other_forms_are_valid(validator: Draft202012Validator, flights: str, old: str, new: str) -> None:
    assert old in flights
    assert validator.is_valid(read_yaml(flights.replace(old, new))[0])


def test_a_step_is_one_of_the_verbs_and_each_says_what_it_does() -> None:
    schema: dict[str, Any] = flow_schema()
    names = [choice["$ref"].rpartition("/")[2] for choice in schema["properties"]["steps"]["items"]["oneOf"]]
    steps = [schema["$defs"][name] for name in names]
    assert [step["required"] for step in steps] == [[verb] for verb in VERBS]
    assert all(step["description"] for step in steps)
