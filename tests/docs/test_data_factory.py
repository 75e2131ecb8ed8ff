"""docs/data-factory.md and adf/README.md tell of what is shipped, all of it and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.adf.shipped import KINDS, ROOT, resources

SHIPPED = {name for folder in KINDS for name in resources(folder)}
PAGES = {"docs": ROOT.parent / "docs" / "data-factory.md", "adf": ROOT / "README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_nothing_that_is_not_shipped(page: str) -> None:
    named = set(re.findall(r"\bsluice_\w+", PAGES[page].read_text(encoding="utf-8")))
    assert named <= SHIPPED | {"sluice_landing", "sluice_lookups", "sluice_output"}


def test_the_list_of_files_is_whole() -> None:
    listed = set(re.findall(r"^\| `(\w+/\w+\.json)`", PAGES["adf"].read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {f"{folder}/{name}.json" for folder in KINDS for name in resources(folder)}


def test_every_parameter_that_the_pages_tell_to_replace_is_there() -> None:
    defaults = {
        name: str(parameter.get("defaultValue"))
        for properties in resources("pipeline").values()
        for name, parameter in properties["parameters"].items()
    }
    assert "your-app" in defaults["appUrl"]
    assert "your-vault" in defaults["keyUrl"]
    assert "your" in resources("trigger")["sluice_on_upload"]["typeProperties"]["scope"]
