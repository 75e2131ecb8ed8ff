"""The demo's model: will this flight arrive late, judged by what is known when it departs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LABEL = "is_late"
NUMBERS = (
    "dep_delay",
    "distance",
    "hour",
    "minute",
    "seats",
    "sun_elevation_deg",
    "wind_speed",
    "precip",
    "visib",
    "origin_EWR",
    "origin_JFK",
    "origin_LGA",
)
WORDS = ("carrier", "dest", "manufacturer")
FEATURES = NUMBERS + WORDS
"""Everything the model may look at. `arr_delay`, `air_time` and what is derived from them come after the departure."""

TREES = 80
SEED = 20130101


class NotTrainable(RuntimeError):
    """The dataset lacks a split or a column, or the labels are all the same."""


@dataclass(frozen=True)
class Scores:
    """ROC AUC on the test split, and the share of late flights there."""

    auc: float
    base_rate: float


def train_and_score(splits: Mapping[str, pa.Table]) -> Scores:
    """Fit on `train`, score on `test`; the same dataset gives the same scores."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]  # ships no types
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # ships no types

    train, test = _frame(splits, "train"), _frame(splits, "test")
    words = {word: train[word].astype("category").cat.categories for word in WORDS}
    model = HistGradientBoostingClassifier(max_iter=TREES, categorical_features="from_dtype", random_state=SEED)
    model.fit(_features(train, words), train[LABEL])
    chances = model.predict_proba(_features(test, words))[:, 1]
    auc = float(roc_auc_score(test[LABEL], chances))
    return Scores(auc=round(auc, 4), base_rate=round(float(test[LABEL].mean()), 4))


def _frame(splits: Mapping[str, pa.Table], split: str) -> pd.DataFrame:
    if split not in splits:
        raise NotTrainable(f"found the splits {sorted(map(str, splits))}; expected {split!r} among them")
    table = splits[split]
    missing = sorted({*FEATURES, LABEL} - set(table.column_names))
    if missing:
        raise NotTrainable(f"the dataset has no column {', '.join(missing)}; it has {', '.join(table.column_names)}")
    frame: pd.DataFrame = table.select([*FEATURES, LABEL]).to_pandas()
    if frame[LABEL].nunique() < 2:  # noqa: PLR2004 - two classes is what a classifier is
        raise NotTrainable(f"every flight of {split!r} has the same {LABEL}: there is nothing to learn")
    return frame


def _features(frame: pd.DataFrame, words: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    # A word that training never saw counts as missing.
    seen = {word: frame[word].where(frame[word].isin(words[word])) for word in WORDS}
    known = {word: pd.Categorical(seen[word], categories=words[word]) for word in WORDS}
    return frame[list(NUMBERS)].astype("float64").assign(**known)
