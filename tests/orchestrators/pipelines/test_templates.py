"""The templates of `then.parameters`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.pipelines.templates import render_parameters
from transforms.errors import FlowBroken

WORDS: dict[str, Any] = {"rows": 123, "share": 0.5, "late": True, "flow": "flights", "caller_run_id": None}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        pytest.param("{rows}", 123, id="a number stays a number"),
        pytest.param("{late}", True, id="a truth stays a truth"),
        pytest.param("{caller_run_id}", None, id="nothing stays null"),
        pytest.param("{flow}", "flights", id="text stays text"),
        pytest.param(" {rows}", " 123", id="a space makes it text"),
        pytest.param("{rows}{rows}", "123123", id="two words are text"),
        pytest.param("{flow}: {late}, {share}", "flights: true, 0.5", id="json inside text"),
        pytest.param("by {caller_run_id}", "by ", id="nothing inside text is empty"),
        pytest.param("plain", "plain", id="no word"),
        pytest.param(["{rows}", ["{flow}"], 3], [123, ["flights"], 3], id="lists"),
        pytest.param({"{flow}": {"rows": "{rows}"}}, {"{flow}": {"rows": 123}}, id="values of a mapping, not its keys"),
        pytest.param("", "", id="empty"),
        pytest.param('{"a": {Rows}} {}', '{"a": {Rows}} {}', id="braces without a word"),
    ],
)
def test_fills_in_words(template: object, rendered: object) -> None:
    assert render_parameters({"p": template}, WORDS) == {"p": rendered}


@given(captured=st.text())
def test_what_is_filled_in_is_never_read_as_a_template(captured: str) -> None:
    words = {"year": captured, "secret": "s3cret"}
    rendered = render_parameters({"whole": "{year}", "inside": "a {year} b"}, words)
    assert rendered == {"whole": captured, "inside": f"a {captured} b"}


def test_names_every_unknown_word_and_where_it_is() -> None:
    with pytest.raises(FlowBroken) as raised:
        render_parameters({"a": "{row}", "b": [{"c": "{flow} {url}"}]}, WORDS)
    assert [(mistake.path, mistake.found) for mistake in raised.value.mistakes] == [
        ("then.parameters.a", "{row}"),
        ("then.parameters.b", "{url}"),
    ]
    assert "rows" in raised.value.mistakes[0].expected
