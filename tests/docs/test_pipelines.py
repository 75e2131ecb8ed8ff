"""docs/pipelines.md: what it shows to copy is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from orchestrators.pipelines.choose import SERVICES
from transforms.flow.load import read_flow
from transforms.flow.then import Then
from transforms.flow.then.pipeline_start import ALWAYS_KNOWN

TEXT = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")
SECTIONS: dict[str, str] = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
KINDS = {kind.model_fields["pipeline"].annotation.__args__[0] for kind in get_args(get_args(Then)[0])}
FLOW = "flow: flights\nsource: {path: flights.csv, format: csv}\ncontract: {columns: {distance: int32}}\n"


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTIONS[section], re.DOTALL)


def test_every_kind_has_its_section() -> None:
    assert {heading for heading in SECTIONS if heading in KINDS} == KINDS == {"http", *SERVICES}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_then_is_a_flow_without_a_mistake(kind: str) -> None:
    [block] = blocks(kind, "yaml")
    then = read_flow(FLOW + block, "docs/pipelines.md").then
    assert then
    assert then.pipeline == kind
    assert len(block.strip().splitlines()) <= 12


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_tells_its_role_and_a_call_to_try(kind: str) -> None:
    [call] = blocks(kind, "sh")
    assert "curl -i" in call
    assert re.search(r"^Roles?\b", SECTIONS[kind], re.MULTILINE)


def test_every_word_is_in_the_table() -> None:
    told: set[Any] = set(re.findall(r"`([a-z_]+)`", TEXT[TEXT.index("| word |") : TEXT.index("## http")]))
    assert ALWAYS_KNOWN | {"output_azureml", "data_asset"} <= told
