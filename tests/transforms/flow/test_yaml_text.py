"""YAML is read as people mean it."""

from __future__ import annotations

import pytest

from transforms.flow.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("on", "on", id="on is a word"),
        pytest.param("NO", "NO", id="Norway is a word"),
        pytest.param("true", True, id="true"),
        pytest.param("12:30", "12:30", id="a time is a text"),
        pytest.param("2013-01-31", "2013-01-31", id="a date is a text"),
        pytest.param("010", "010", id="leading zeros are a text"),
        pytest.param("1_000_000", 1_000_000, id="digits in groups"),
        pytest.param("-7", -7, id="a negative number"),
        pytest.param("0", 0, id="zero"),
        pytest.param("0.8", 0.8, id="a fraction"),
        pytest.param("1e3", 1000.0, id="an exponent"),
        pytest.param("9E", "9E", id="a carrier is a text"),
        pytest.param("~", None, id="a null"),
        pytest.param("NA", "NA", id="NA is a text"),
        pytest.param("<<", "<<", id="a merge sign is a text"),
    ],
)
def test_a_scalar_has_the_type_that_people_expect(text: str, value: object) -> None:
    read, _ = read_yaml(f"key: {text}")
    assert read == {"key": value}
    assert type(read["key"]) is type(value)


def test_repeated_keys_are_found_at_any_depth() -> None:
    _, repeated = read_yaml("a:\n  - b: 1\n    b: 2\n")
    assert [(key.path, key.first_line, key.line) for key in repeated] == [(("a", 0, "b"), 2, 3)]
