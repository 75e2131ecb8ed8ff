"""The simulated factory works out expressions as the real one does, or says what it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adf.expressions import ExpressionFailed, Sources, evaluate

SOURCES: Sources = {
    "pipeline": lambda: {
        "RunId": "r-1",
        "parameters": {"uploads": ["a b.csv", 'q".csv'], "flow": "flights", "no": None},
    },
    "activity": lambda name: {"output": {"told": f"by {name}"}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("plain", "plain", id="plain text"),
        pytest.param("@pipeline().parameters.uploads", ["a b.csv", 'q".csv'], id="whole value keeps its type"),
        pytest.param("run @{pipeline().RunId}!", "run r-1!", id="part of a text"),
        pytest.param('{"u": @{string(pipeline().parameters.uploads)}}', r'{"u": ["a b.csv", "q\".csv"]}', id="as JSON"),
        pytest.param("@activity('Make it').output.told", "by Make it", id="output"),
        pytest.param("@concat('it''s ', 2)", "it's 2", id="quote and number"),
        pytest.param("@equals(pipeline().parameters.no, null)", True, id="null"),
        pytest.param("@join(skip(split('landing/a/b.csv', '/'), 1), '/')", "a/b.csv", id="without the container"),
        pytest.param("@createArray(formatDateTime('2013-02-01T00:00:00+00:00', 'MM'))", ["02"], id="month"),
        pytest.param({"value": "@pipeline().RunId", "type": "Expression"}, "r-1", id="expression object"),
        pytest.param({"a": [{"b": "@pipeline().RunId"}]}, {"a": [{"b": "r-1"}]}, id="within others"),
    ],
)
def test_an_expression_has_its_value(text: Any, value: Any) -> None:
    assert evaluate(text, SOURCES) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("@pipeline().parameters.colour", "no property colour", id="unknown property"),
        pytest.param("@guess('it')", "no function guess", id="unknown function"),
        pytest.param("@concat('a') 'b'", "nothing was expected", id="too much"),
        pytest.param("@concat('a'", "cannot be read", id="cut short"),
        pytest.param("@{pipeline().RunId", "cannot be read", id="brace left open"),
    ],
)
def test_an_expression_that_makes_no_sense_fails(text: str, told: str) -> None:
    with pytest.raises(ExpressionFailed, match=told):
        evaluate(text, SOURCES)
