"""Invented flights with the columns of the dataset, where a late departure makes a late arrival likely."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from demo.training import LABEL, NUMBERS, WORDS

ROWS = {"train": 4000, "validation": 400, "test": 2000}


def flights(rows: int, seed: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    numbers = {name: chance.normal(size=rows) for name in NUMBERS}
    words = {name: chance.choice(["a", "b", "c"], size=rows) for name in WORDS}
    label = numbers["dep_delay"] + chance.normal(size=rows) > 0.7
    return pd.DataFrame({**numbers, **words, LABEL: label, "arr_delay": label.astype("float64")})


def dataset(change: Any = None) -> dict[str, pa.Table]:
    frames = {split: flights(rows, seed) for seed, (split, rows) in enumerate(ROWS.items())}
    return {split: pa.Table.from_pandas(change(frame) if change else frame) for split, frame in frames.items()}
