"""sample keeps a share of the keys, always the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import StepFailed
from transforms.steps.trial import try_step

Run = Callable[..., Any]


def _place_by_hand(key: str | None, seed: int) -> float:
    """The rule of the docstring, in Python."""
    part = "-;" if key is None else f"{len(key.encode())}:{key};"
    return int(hashlib.md5(f"sample|{seed}|{part}".encode(), usedforsecurity=False).hexdigest()[:13], 16) / 16**13


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), TEXTS), min_size=1), st.floats(0.01, 1))
def test_a_key_is_kept_by_the_published_rule(keys: list[str | None], share: float) -> None:
    found = try_step({"id": pa.array(keys, pa.string())}, {"sample": {"share": share, "by": "id", "seed": 7}})
    assert found["id"] == [key for key in keys if _place_by_hand(key, 7) < share]


def test_rows_of_one_key_stay_together_and_the_share_holds(run: Run, count_of: Callable[..., Any]) -> None:
    rows = {"id": [number // 3 for number in range(30_000)]}
    outcome = run(rows, {"sample": {"share": 0.2, "by": "id"}})
    kept = outcome.columns["id"]
    assert kept[0::3] == kept[1::3] == kept[2::3]
    assert kept == sorted(kept)
    assert len(kept) / 30_000 == pytest.approx(0.2, abs=0.02)
    assert count_of(outcome) == (30_000, 30_000 - len(kept), 0, len(kept))


def test_a_larger_share_keeps_all_that_a_smaller_one_keeps() -> None:
    rows = {"id": list(range(1000))}
    small, large = (try_step(rows, {"sample": {"share": share, "by": "id"}})["id"] for share in (0.1, 0.4))
    assert set(small) < set(large)


def test_a_sample_is_spread_over_the_splits(run: Run) -> None:
    steps = [{"sample": {"share": 0.1, "by": "id"}}, {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}]
    split = run({"id": list(range(10_000))}, *steps).columns["split"]
    assert split.count("train") / len(split) == pytest.approx(0.5, abs=0.1)


def test_another_seed_keeps_others() -> None:
    rows = {"id": list(range(100))}
    one, other = (try_step(rows, {"sample": {"share": 0.5, "by": "id", "seed": seed}}) for seed in (1, 2))
    assert one != other


def test_a_share_of_one_keeps_every_row(run: Run, count_of: Callable[..., Any]) -> None:
    assert count_of(run({"id": [1, None]}, {"sample": {"share": 1, "by": "id"}})) == (2, 0, 0, 2)


def test_a_key_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"steps\[0\]\.sample\.by\[0\]: no column 'no'"):
        run({"id": [1]}, {"sample": {"share": 0.5, "by": "no"}})
