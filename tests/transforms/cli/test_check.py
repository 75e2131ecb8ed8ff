"""`check` tells every mistake of every flow file."""

from __future__ import annotations

from pathlib import Path

from tests.transforms.cli.conftest import Call

FLOW = """
flow: {name}
source: {{path: "{name}/{{day}}.csv", format: csv}}
contract: {{columns: {{a: int32}}}}
steps:
  - filter: {filter}
"""


def declare(folder: Path, name: str, text: str) -> None:
    (folder / "flows").mkdir(exist_ok=True)
    (folder / f"flows/{name}.yaml").write_text(text, encoding="utf-8")


def test_flows_in_order_are_named(call: Call, folder: Path) -> None:
    declare(folder, "good", FLOW.format(name="good", filter="a > 1"))
    called = call("check trips.yaml flows/good.yaml")
    assert (called.code, called.out) == (0, "in order: good, trips; broken: 0\n")


def test_mistakes_of_structure_and_of_sql_are_all_found(call: Call, folder: Path) -> None:
    declare(folder, "good", FLOW.format(name="good", filter="a > 1"))
    declare(folder, "sql", FLOW.format(name="sql", filter="a > random()"))
    declare(folder, "structure", "flow: structure\n")
    called = call("check --json")
    assert called.code == 2
    assert called.document["flows"] == ["good"]
    assert {(mistake["file"], mistake["path"]) for mistake in called.document["mistakes"]} == {
        ("sql.yaml", "steps[0].filter"),
        ("structure.yaml", "source"),
        ("structure.yaml", "contract"),
    }


def test_flows_that_take_each_others_uploads_are_both_at_fault(call: Call, folder: Path) -> None:
    declare(folder, "one", FLOW.format(name="one", filter="a > 1"))
    declare(folder, "other", FLOW.format(name="one", filter="a > 1"))
    called = call("check flows/*.yaml")
    assert called.code == 2
    assert "expected a name of its own" in called.err
    assert "in order: none; broken: 2" in called.err


def test_a_folder_stands_for_all_its_flows(call: Call, folder: Path) -> None:
    declare(folder, "good", FLOW.format(name="good", filter="a > 1"))
    (folder / "flows/short.yml").write_text(FLOW.format(name="short", filter="a > 1"), encoding="utf-8")
    assert call("check flows").out == "in order: good, short; broken: 0\n"


def test_no_flow_file_is_a_mistake_of_the_call(call: Call) -> None:
    called = call("check no*.yaml")
    assert (called.code, called.err) == (2, "no flow file: no*.yaml\n")
