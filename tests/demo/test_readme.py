"""The README's example is a flow that works, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

from demo.installation import ROOT
from transforms.cli.check import checked

README = (ROOT / "README.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_flow_of_the_readme_is_in_order_with_and_without_a_pipeline(tmp_path: Path) -> None:
    flow, then = YAML
    for name, text in {"alone": flow, "starting": flow + then}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "meters.yaml").write_text(text, encoding="utf-8")
        assert checked([folder / "meters.yaml"]) == (["meters"], [])


def test_what_the_readme_says_to_open_is_there() -> None:
    named = re.findall(r"`([\w/]+(?:/|\.py))[^`]*`", README.split("## To change X")[1])
    assert len(named) > 9
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_gate_of_the_readme_is_the_one_that_ci_runs() -> None:
    assert "python3 dev.py test" in README
    assert "python3 dev.py test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
