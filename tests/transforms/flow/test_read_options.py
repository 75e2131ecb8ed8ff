"""Read options that cannot be meant are mistakes of the flow, told before any upload comes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from transforms.flow.read_options import ReadOptions


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"delimiter": "\n"}, "no line break", id="a line break between fields"),
        pytest.param({"delimiter": "<--->"}, "at most 4 bytes", id="a long delimiter"),
        pytest.param({"quote": "«"}, "one ASCII character", id="a quote beyond ASCII"),
        pytest.param({"delimiter": ";", "quote": ";"}, "without the quote", id="delimiter and quote the same"),
        pytest.param({"delimiter": "\\", "escape": "\\"}, "without the escape", id="delimiter and escape the same"),
        pytest.param({"quote": "", "escape": "\\"}, "a quote, where there is an escape", id="an escape of nothing"),
        pytest.param({"encoding": "latin-99"}, "the name of an encoding", id="an unknown encoding"),
        pytest.param({"encoding": "base64"}, "the name of an encoding", id="an encoding that is none of text"),
        pytest.param({"decimal": ",", "thousands": ","}, "different letters", id="decimal and thousands the same"),
        pytest.param({"column_names": ["id", " "]}, "a column name", id="a blank name"),
    ],
)
def test_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ReadOptions.model_validate(options)


@pytest.mark.parametrize("delimiter", ["||", "~|~", "¦", "\t", "\x01"])
def test_a_delimiter_is_any_text_of_up_to_four_bytes(delimiter: str) -> None:
    assert ReadOptions(delimiter=delimiter).delimiter == delimiter
