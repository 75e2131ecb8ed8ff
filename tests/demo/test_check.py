"""`dev.py check`: mistakes of structure and of SQL, in every flow file."""

from __future__ import annotations

from pathlib import Path

from demo.check import checked
from demo.installation import ROOT

FLOW = """
flow: {name}
source: {{path: "{name}/{{day}}.csv", format: csv}}
contract: {{columns: {{a: int32}}}}
steps:
  - filter: {filter}
"""


def test_the_flows_of_the_project_are_in_order() -> None:
    assert checked(ROOT / "flows") == (["flights"], [])


def test_mistakes_of_structure_and_of_sql_are_both_found(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(FLOW.format(name="good", filter="a > 1"))
    (tmp_path / "sql.yaml").write_text(FLOW.format(name="sql", filter="a > random()"))
    (tmp_path / "structure.yaml").write_text("flow: structure\n")
    good, broken = checked(tmp_path)
    assert good == ["good"]
    assert sorted(error.mistakes[0].file for error in broken) == ["sql.yaml", "structure.yaml"]
