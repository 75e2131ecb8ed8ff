"""The model: it learns from what is known at departure, and from nothing that comes later."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from demo.installation import ROOT
from demo.training import FEATURES, LABEL, NotTrainable, train_and_score
from tests.demo.flight_tables import dataset

AFTER_DEPARTURE = {"arr_delay", "air_time"}


def test_scores_are_better_than_chance_and_repeatable() -> None:
    scores = train_and_score(dataset())
    assert scores.auc > 0.6
    assert 0.2 < scores.base_rate < 0.4
    assert train_and_score(dataset()) == scores


def test_shuffled_labels_teach_nothing() -> None:
    def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{LABEL: np.random.default_rng(7).permutation(frame[LABEL])})

    assert train_and_score(dataset(shuffled)).auc == pytest.approx(0.5, abs=0.05)


def test_what_comes_after_the_departure_changes_no_score() -> None:
    def without(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.drop(columns="arr_delay")

    assert train_and_score(dataset(without)) == train_and_score(dataset())


def test_no_feature_of_the_model_is_derived_from_the_arrival() -> None:
    flow = yaml.safe_load((ROOT / "flows/flights.yaml").read_text(encoding="utf-8"))
    late = set(AFTER_DEPARTURE)
    for step in flow["steps"]:
        for column, expression in step.get("derive", {}).items():
            if late & set(re.findall(r"\w+", expression)):
                late.add(column)
    assert late == {*AFTER_DEPARTURE, LABEL, "speed_mph"}
    assert not late & set(FEATURES)


def test_an_unknown_word_in_test_is_taken_as_missing() -> None:
    splits = dataset()
    strange = splits["test"].to_pandas().assign(carrier="never seen")
    assert train_and_score({**splits, "test": pa.Table.from_pandas(strange)}).auc > 0.6


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda splits: {"train": splits["train"]}, "expected 'test'", id="no test split"),
        pytest.param(
            lambda splits: {**splits, "train": splits["train"].drop_columns(["seats"])},
            "no column seats",
            id="no seats",
        ),
        pytest.param(
            lambda splits: {**splits, "test": splits["test"].filter(splits["test"][LABEL])}, "same", id="one label"
        ),
    ],
)
def test_a_dataset_that_cannot_be_learnt_from_says_why(change: Any, told: str) -> None:
    with pytest.raises(NotTrainable, match=told):
        train_and_score(change(dataset()))
