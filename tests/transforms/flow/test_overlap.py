"""Two patterns meet when one name matches both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.flow.overlap import can_meet
from transforms.flow.source import Source


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param("a/{x}.csv", "a/{y}.csv", True, id="captures of other names"),
        pytest.param("a/{x}.csv", "a/2013.csv", True, id="a capture and a text"),
        pytest.param("a/{x}.csv", "b/{x}.csv", False, id="other folders"),
        pytest.param("a/{x}.csv", "a/b/{x}.csv", False, id="another depth"),
        pytest.param("{x}-a.csv", "b-{y}.csv", True, id="captures at both ends"),
        pytest.param("{x}.csv", ".csv", False, id="a capture is never empty"),
        pytest.param("a{x}b", "a{y}c", False, id="other ends"),
        pytest.param("{x}a{y}", "b{z}", True, id="a text in the middle"),
        pytest.param("{x}{y}", "a", False, id="two captures need two characters"),
        pytest.param("{x}{y}{z}-{w}", "{a}-{b}{c}", True, id="many captures"),
    ],
)
def test_patterns_meet_or_do_not(one: str, other: str, meet: bool) -> None:
    assert can_meet(one, other) is meet
    assert can_meet(other, one) is meet


SEGMENT = st.lists(st.sampled_from(["a", "b", "{c}"]), min_size=1, max_size=4)


def _pattern(tokens: list[str]) -> str:
    return "".join(token.replace("c", f"c{place}") for place, token in enumerate(tokens))


@given(SEGMENT, SEGMENT, st.text("ab", min_size=1, max_size=6))
def test_what_both_take_is_never_called_apart(left: list[str], right: list[str], name: str) -> None:
    one, other = _pattern(left), _pattern(right)
    both = all(Source(path=path, format="csv").captures(name) is not None for path in (one, other))
    assert can_meet(one, other) or not both
