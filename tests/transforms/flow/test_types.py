"""A type is read as it is written, or the mistake says what types there are."""

from __future__ import annotations

import pytest

from transforms.flow.types import PLAIN_TYPES, parse_type


@pytest.mark.parametrize("written", [*PLAIN_TYPES, "decimal( 38 , 38 )", "list< struct<a:int8 , b :list<json>> >"])
def test_a_type_is_known(written: str) -> None:
    assert parse_type(written).name in written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("int", "did you mean int8", id="a near miss"),
        pytest.param("", "'decimal(10,2)'", id="nothing"),
        pytest.param("list", "'list<int32>'", id="a list of nothing"),
        pytest.param("list<>", "'list<int32>'", id="an empty list"),
        pytest.param("list<int8", "'list<int32>'", id="an open list"),
        pytest.param("list<int8>>", "'list<int32>'", id="too many brackets"),
        pytest.param("list<int8; int8>", "'list<int32>'", id="a stray letter"),
        pytest.param("struct<int8>", "'struct<id: int32>'", id="a field without a name"),
        pytest.param("struct<a: int8, A: int8>", "'struct<id: int32>'", id="fields that differ in case alone"),
        pytest.param("struct<>", "'struct<id: int32>'", id="no field"),
        pytest.param("decimal(a,b)", "'decimal(10,2)'", id="no digits"),
        pytest.param("decimal(39,2)", "1 to 38 digits", id="too many digits"),
        pytest.param("decimal(2,3)", "no more decimals", id="more decimals than digits"),
        pytest.param("list<list<list<list<list<int8>>>>>", "4 deep", id="too deep"),
    ],
)
def test_another_one_is_a_mistake(written: str, expected: str) -> None:
    with pytest.raises(ValueError, match=r".") as mistake:
        parse_type(written)
    assert expected in str(mistake.value)
