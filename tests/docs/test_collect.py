"""docs/collect.md: every flow that it shows can be copied as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transforms.flow.check import check_flow
from transforms.flow.collect import Collect
from transforms.flow.load import load_flow, load_flows

TEXT = (Path(__file__).parents[2] / "docs" / "collect.md").read_text(encoding="utf-8")
FLOWS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("text", FLOWS, ids=lambda text: text.split()[1])
def test_every_flow_is_without_a_mistake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(text, encoding="utf-8")
    flow = load_flow(path)
    check_flow(flow)
    assert flow.flow.collect


def test_all_of_them_can_stand_beside_each_other(tmp_path: Path) -> None:
    for number, text in enumerate(FLOWS):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    flows = load_flows(tmp_path)
    assert (len(flows.good), flows.broken) == (len(FLOWS), {})


def test_every_word_is_explained() -> None:
    table = TEXT[TEXT.index("| in `collect` |") :]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(Collect.model_fields)
