"""A flow file is read, or all of its mistakes are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transforms.errors import FlowBroken
from transforms.flow.load import load_flow, load_flows, read_flow
from transforms.flow.yaml_text import read_yaml

SPLIT = "split: {into: {train: 1}, by: a}"
MISTAKES: dict[str, dict[str, str]] = read_yaml((Path(__file__).parent / "mistakes.yaml").read_text(encoding="utf-8"))[
    0
]


def _mistakes(text: str) -> dict[str, tuple[str, str]]:
    with pytest.raises(FlowBroken) as broken:
        read_flow(text, "flights.yaml")
    return {mistake.path: (mistake.found, mistake.expected) for mistake in broken.value.mistakes}


def test_the_flow_of_the_design_is_read(flights: str) -> None:
    flow = read_flow(flights, "flights.yaml")
    assert flow.name == "flights"
    assert flow.contract.columns["year"].type == "int16"
    assert [step.verb for step in flow.steps] == (
        ["filter", "join", "derive", "dedupe", "split", "impute", "encode", "python"]
    )


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_place(flights: str, case: dict[str, str]) -> None:
    assert case["old"] in flights
    told = _mistakes(flights.replace(case["old"], case["new"], 1))
    assert case["path"] in told, told
    found, expected = told[case["path"]]
    assert case["found"] in found
    assert case["expected"] in expected


def test_all_mistakes_of_a_file_are_told_at_once(flights: str) -> None:
    broken = (
        flights.replace("format: csv", "format: cvs").replace("- filter:", "- filtr:").replace("wait: 2h", "wait: x")
    )
    broken += "flow: again\n"
    assert set(_mistakes(broken)) == {"flow", "source.format", "steps[0]", "then.wait"}


def test_a_key_given_twice_is_told_with_both_lines() -> None:
    told = _mistakes("flow: a\nsource: {path: a.csv, format: csv}\ncontract:\n  columns: {a: int8, a: int16}\n")
    assert told == {"contract.columns.a": ("the key again in line 4, first in line 4", "each key once")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("flow: [a", "line 1, column 9", id="an open bracket"),
        pytest.param("flow: a\n\tsource: b", "line 2, column 1", id="a tab"),
        pytest.param("a: 1\n---\nb: 2", "another document", id="two documents"),
        pytest.param("flow: !!python/object:os.system x", "could not determine a constructor", id="a Python object"),
    ],
)
def test_text_that_is_not_yaml_is_told_with_line_and_column(text: str, found: str) -> None:
    assert found in _mistakes(text)[""][0]


@pytest.mark.parametrize("text", ["", "- a", "a"], ids=["empty", "a list", "a word"])
def test_text_that_is_no_mapping_is_a_mistake_of_the_file(text: str) -> None:
    assert _mistakes(text)[""][1] == "a mapping of keys and values"


@pytest.mark.parametrize(
    ("steps", "path", "expected"),
    [
        pytest.param(["impute: {b: mean}", SPLIT], "steps[0].impute", "leak", id="a statistic"),
        pytest.param(["encode: {b: one_hot}", SPLIT], "steps[0].encode", "leak", id="categories"),
        pytest.param([SPLIT, SPLIT], "steps[1].split", "one `split`", id="two splits"),
    ],
)
def test_steps_out_of_order_are_mistakes(steps: list[str], path: str, expected: str) -> None:
    listed = "".join(f"  - {step}\n" for step in steps)
    text = (
        f"flow: a\nsource: {{path: a.csv, format: csv}}\ncontract: {{columns: {{a: int8, b: int8}}}}\nsteps:\n{listed}"
    )
    assert expected in _mistakes(text)[path][1]


def test_a_given_value_may_be_imputed_before_the_split() -> None:
    read_flow(
        "flow: a\nsource: {path: a.csv, format: csv}\ncontract: {columns: {a: int8}}\n"
        "steps:\n  - impute: {a: {value: 1}}\n  - split: {into: {all: 1}, by: a}\n",
        "a.yaml",
    )


def test_a_dollar_inside_a_text_is_no_parameter() -> None:
    read_flow(
        "flow: a\nsource: {path: a.csv, format: csv}\ncontract: {columns: {a: string}}\n"
        """steps:\n  - filter: "a <> 'costs $late' AND a <> $$x $y$$ -- $z"\n""",
        "a.yaml",
    )


def test_a_broken_flow_leaves_the_others_alone_and_keeps_its_source(tmp_path: Path, flights: str) -> None:
    (tmp_path / "good.yaml").write_text(flights, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(
        flights.replace("flow: flights", "flow: late")
        .replace("flights/{year}", "late/{year}")
        .replace("- filter", "- x"),
        encoding="utf-8",
    )
    flows = load_flows(tmp_path)
    assert list(flows.good) == ["flights"]
    broken = flows.broken["late"]
    assert broken.path.name == "bad.yaml"
    assert broken.source is not None
    assert broken.source.captures("late/2013/1.csv") == {"year": "2013", "month": "1"}


def test_a_broken_flow_without_a_readable_name_is_called_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "mystery.yaml").write_text("flow: [", encoding="utf-8")
    flows = load_flows(tmp_path)
    assert flows.broken["mystery"].source is None


def test_bytes_that_are_no_text_break_one_flow_alone(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "a text file in UTF-8" in str(load_flows(tmp_path).broken["binary"].error)


def test_two_flows_of_one_name_are_both_broken(tmp_path: Path, flights: str) -> None:
    (tmp_path / "one.yaml").write_text(flights, encoding="utf-8")
    (tmp_path / "two.yaml").write_text(flights.replace("flights/{year}", "other/{year}"), encoding="utf-8")
    flows = load_flows(tmp_path)
    assert not flows.good
    assert {broken.path.name for broken in flows.broken.values()} == {"one.yaml", "two.yaml"}


def test_two_flows_that_could_take_the_same_upload_are_both_broken(tmp_path: Path, flights: str) -> None:
    (tmp_path / "one.yaml").write_text(flights, encoding="utf-8")
    (tmp_path / "two.yaml").write_text(
        flights.replace("flow: flights", "flow: other").replace("{year}/{month}", "2013/{month}"), encoding="utf-8"
    )
    flows = load_flows(tmp_path)
    assert not flows.good
    assert "two.yaml" in str(flows.broken["flights"].error)
    assert flows.broken["other"].error.mistakes[0].path == "source.path"


def test_reading_flows_loads_no_engine() -> None:
    program = (
        "import sys; from pathlib import Path; from transforms.flow.load import load_flow; "
        "load_flow(Path(sys.argv[1])); "
        "print([m for m in ('duckdb', 'pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    flights = Path(__file__).parent / "flights.yaml"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program, str(flights)], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_loaded_flow_knows_its_text_and_revision(tmp_path: Path, flights: str) -> None:
    file = tmp_path / "flights.yaml"
    file.write_text(flights, encoding="utf-8")
    loaded = load_flow(file)
    assert loaded.source_text == flights
    assert len(loaded.revision) == 12
    assert len(loaded.digest) == 64
