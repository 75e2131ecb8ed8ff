"""The flow `flights` on real flights: what is planted is quarantined, and a model learns from the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.flights import Month, fetched_archive, lookups, months
from demo.installation import ROOT
from demo.training import FEATURES, LABEL, train_and_score
from transforms.draft import Draft, Limits, LocalUpload
from transforms.flow.load import load_flow
from transforms.transform import transform

LIMITS = Limits(memory_bytes=512 << 20, threads=2, scratch_bytes=1 << 30)


@pytest.fixture(scope="module")
def january() -> Month:
    [month] = months(fetched_archive(), 1)
    return month


@pytest.fixture(scope="module")
def draft(january: Month, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    folder = tmp_path_factory.mktemp("flights")
    files = {"01.csv": january.content, **lookups(fetched_archive())}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "scratch").mkdir()
    flow = load_flow(ROOT / "flows/flights.yaml")
    return transform(
        flow,
        [LocalUpload(january.name, folder / "01.csv")],
        {name: folder / lookup.path for name, lookup in flow.flow.lookups.items()},
        {},
        scratch=folder / "scratch",
        limits=LIMITS,
        flows_folder=ROOT / "flows",
    )


@pytest.fixture(scope="module")
def splits(draft: Draft) -> dict[str, pa.Table]:
    return {str(file.split): pq.read_table(Path(file.path)) for file in draft.files}


def test_every_damaged_row_is_quarantined_and_no_other(draft: Draft, january: Month) -> None:
    assert draft.rejection is None
    assert (draft.counts.read, draft.counts.quarantined) == (january.rows, january.damaged)


def test_no_aircraft_is_in_two_splits(splits: Mapping[str, pa.Table]) -> None:
    aircraft = [{tail for tail in table["tailnum"].to_pylist() if tail} for table in splits.values()]
    assert sorted(splits) == ["test", "train", "validation"]
    assert sum(map(len, aircraft)) == len(set().union(*aircraft))


def test_every_feature_is_there_and_known(splits: Mapping[str, pa.Table]) -> None:
    for table in splits.values():
        assert {name: table[name].null_count for name in FEATURES} == dict.fromkeys(FEATURES, 0)


def test_lookups_found_their_rows(splits: Mapping[str, pa.Table]) -> None:
    train = splits["train"].to_pandas()
    assert train["airline"].notna().all()
    assert train["wind_speed"].nunique() > 20
    assert (train["manufacturer"] == "BOEING").mean() > 0.1


def test_the_model_beats_chance_by_far(splits: Mapping[str, pa.Table]) -> None:
    scores = train_and_score(splits)
    assert scores.auc > 0.6
    assert 0.1 < scores.base_rate < 0.4


def test_shuffled_labels_teach_nothing(splits: Mapping[str, pa.Table]) -> None:
    shuffled = {split: with_shuffled_labels(table) for split, table in splits.items()}
    assert train_and_score(shuffled).auc == pytest.approx(0.5, abs=0.05)


def with_shuffled_labels(table: pa.Table) -> pa.Table:
    labels = np.random.default_rng(2013).permutation(table[LABEL].to_numpy())
    return table.set_column(table.column_names.index(LABEL), LABEL, pa.array(labels))
