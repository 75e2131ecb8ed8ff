"""docs/steps.md says what the steps say of themselves."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from transforms.steps.catalog import VERBS
from transforms.steps.docs import DOCS_FILE, docs_text, sections_of

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    kept = (ROOT / DOCS_FILE).read_text(encoding="utf-8")
    assert kept == docs_text(), "make it anew: python -m transforms.steps.docs"


@pytest.mark.parametrize("verb", VERBS)
def test_every_step_says_what_becomes_of_rows_and_shows_an_example(verb: str) -> None:
    sections = sections_of(inspect.getdoc(VERBS[verb].apply) or "")
    assert len(sections[""].splitlines()[0]) <= 80
    assert "->" in sections["Shape"]
    assert ">>>" in sections["Example"]
    assert "_row" not in "".join(sections.values())
