"""docs/contract.md is true: every contract on the page is run over the records below it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.transforms.drafting import drafted, flow_with
from transforms.flow.contract import Column, Contract
from transforms.flow.types import PLAIN_TYPES, ScalarType
from transforms.flow.yaml_text import read_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(
    r"```yaml\n(?P<yaml>[^`]*)```\n\n\| record \| breaks \|\n\|---\|---\|\n(?P<rows>(?:\|[^\n]*\|\n)+)", re.DOTALL
)
_ROW = re.compile(r"^\| `(?P<record>.*)` \| ?(?P<breaks>.*?) ?\|$", re.MULTILINE)
_BREACH = re.compile(r"(?:`([^`]+)`|\(record\)) `([^`]+)`")


@dataclass(frozen=True)
class Example:
    """A contract, records, and what each of them breaks."""

    contract: dict[str, Any]
    records: list[str]
    breaks: dict[int, list[tuple[str | None, str]]]


def contract_of(text: str) -> dict[str, Any]:
    said: dict[str, Any] = read_yaml(text)[0]
    return said if "columns" in said else {"columns": said}


def examples() -> list[Any]:
    found = []
    for match in _EXAMPLE.finditer(PAGE):
        rows = _ROW.findall(match["rows"])
        assert len(rows) == match["rows"].count("\n"), match["rows"]
        breaks = {
            number: [(column or None, rule) for column, rule in _BREACH.findall(told)]
            for number, (_, told) in enumerate(rows, 1)
            if told
        }
        heading = PAGE[: match.start()].rpartition("\n### ")[2].partition("\n")[0]
        example = Example(contract_of(match["yaml"]), [record for record, _ in rows], breaks)
        found.append(pytest.param(example, id=re.sub(r"[`:].*", "", heading.strip("`"))))
    return found


@pytest.mark.parametrize("example", examples())
def test_an_example_breaks_what_the_page_says(example: Example) -> None:
    columns = example.contract.pop("columns")
    header = ",".join(columns)
    result = drafted(flow_with(columns, contract=example.contract), "\n".join([header, *example.records, ""]).encode())
    assert {record: reasons for record, (_, reasons) in result.bad.items()} == example.breaks


def test_the_quarantined_row_on_the_page_is_what_one_gets() -> None:
    said = re.search(r"```yaml\n(.*?)```\n\n[^`]*`(.*?)`[^`]*`(.*?)`[^`]*```json\n(.*?)```", PAGE, re.DOTALL)
    assert said
    contract, first, second, shown = said.groups()
    header = ",".join(contract_of(contract)["columns"])
    result = drafted(flow_with(contract_of(contract)["columns"]), f"{header}\n{first}\n{second}\n".encode())
    assert result.quarantine == [json.loads(shown)]


def test_every_type_and_constraint_is_on_the_page() -> None:
    told = {type_name for example in examples() for type_name in declared_types(example.values[0])}
    integers = {name for name in get_args(ScalarType) if "int" in name}
    assert set(PLAIN_TYPES) - integers - {"float32"} <= told
    assert all(name in PAGE for name in (*integers, "float32", "decimal(", "list<", "struct<"))
    options = {*Column.model_fields, *Contract.model_fields} - {"type", "columns"}
    assert {option for option in options if f"`{option}`" not in PAGE and f"{option}:" not in PAGE} == set()


def declared_types(example: Example) -> set[str]:
    contract = Contract.model_validate(example.contract)
    return {column.spec.name for column in contract.columns.values()}
