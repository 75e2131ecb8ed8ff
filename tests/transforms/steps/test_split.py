"""split gives the same key to the same split, everywhere and always."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import StepFailed
from transforms.steps.trial import try_step

Run = Callable[..., Any]
THREE = {"train": 0.8, "validation": 0.1, "test": 0.1}


def _by_hand(key: list[str | None], into: dict[str, float], seed: int) -> str:
    """The rule of the docstring, in Python."""
    parts = "".join("-;" if part is None else f"{len(part.encode())}:{part};" for part in key)
    place = int(hashlib.md5(f"{seed}|{parts}".encode(), usedforsecurity=False).hexdigest()[:13], 16) / 16**13
    total = 0.0
    for name, share in into.items():
        total += share
        if place < total:
            return name
    return list(into)[-1]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), TEXTS), min_size=1))
def test_the_split_of_a_key_follows_the_published_rule(keys: list[str | None]) -> None:
    import pyarrow as pa

    found = try_step({"id": pa.array(keys, pa.string())}, {"split": {"into": THREE, "by": "id", "seed": 42}})
    assert found["split"] == [_by_hand([key], THREE, 42) for key in keys]


def test_splits_of_these_keys_never_change(run: Run) -> None:
    outcome = run({"id": [f"N{number}" for number in range(12)]}, {"split": {"into": THREE, "by": "id", "seed": 42}})
    short = {"train": "r", "validation": "v", "test": "t"}
    assert "".join(short[name] for name in outcome.columns["split"]) == "rrrrrrrrrvrr"


def test_rows_of_one_key_stay_together_and_shares_hold(run: Run) -> None:
    rows = {"id": [number // 3 for number in range(30_000)]}
    split = run(rows, {"split": {"into": THREE, "by": "id"}}).columns["split"]
    assert split[0::3] == split[1::3] == split[2::3]
    assert split.count("train") / len(split) == pytest.approx(0.8, abs=0.02)
    assert split.count("test") / len(split) == pytest.approx(0.1, abs=0.02)


def test_columns_of_a_key_do_not_run_into_each_other(run: Run) -> None:
    keys = [("a", "bc"), ("ab", "c"), (None, "abc"), ("abc", None), ("", "abc"), ("1:a;", "")]
    rows = {"x": [x for x, _ in keys], "y": [y for _, y in keys]}
    into = {f"part{number}": 0.01 for number in range(100)}
    split = run(rows, {"split": {"into": into, "by": ["x", "y"]}}).columns["split"]
    assert split == [_by_hand(list(key), into, 0) for key in keys]
    assert len(set(split)) > 3


def test_another_seed_splits_otherwise(run: Run) -> None:
    halves = {"into": {"a": 0.5, "b": 0.5}, "by": "id"}
    first, other = ({"split": halves | {"seed": seed}} for seed in (1, 2))
    rows = {"id": list(range(100))}
    assert run(rows, first).columns != try_step(rows, other)


def test_a_single_split_takes_every_row(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run({"id": [1, None]}, {"split": {"into": {"all": 1}, "by": "id", "column": "part"}})
    assert outcome.columns["part"] == ["all", "all"]
    assert count_of(outcome) == (2, 0, 0, 2)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param({"by": "no"}, "steps[0].split.by[0]: no column 'no'", id="no such key"),
        pytest.param({"by": "id", "column": "ID"}, "split.column: a column 'ID' is there already", id="a name taken"),
    ],
)
def test_a_split_that_does_not_fit_is_refused(run: Run, says: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run({"id": [1]}, {"split": {"into": THREE} | says})
    assert sentence in str(failed.value)
