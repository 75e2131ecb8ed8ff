from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrators.identity import run_id_of
from orchestrators.messages import Upload

AT = datetime(2013, 1, 31, 6, 0, tzinfo=UTC)
JANUARY = Upload(account="a", container="c", name="01.csv", etag="0x1", size_bytes=1, last_modified=AT)
FEBRUARY = JANUARY.model_copy(update={"name": "02.csv", "last_modified": AT.replace(hour=7)})
PLANES = JANUARY.model_copy(update={"name": "planes.csv"})
SAME: dict[str, Any] = {
    "flow": "flights",
    "revision": "r1",
    "uploads": [JANUARY, FEBRUARY],
    "lookups": {"planes": PLANES},
    "parameters": {"late_after": 15, "year": 2013},
}


def test_the_newest_upload_dates_the_run() -> None:
    assert run_id_of(**SAME).startswith("20130131T070000Z-")


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"uploads": [FEBRUARY, JANUARY]}, id="uploads in another order"),
        pytest.param({"parameters": {"year": 2013, "late_after": 15}}, id="parameters in another order"),
    ],
)
def test_the_same_run_has_the_same_id(same: dict[str, Any]) -> None:
    assert run_id_of(**{**SAME, **same}) == run_id_of(**SAME)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"flow": "flights2"}, id="flow"),
        pytest.param({"revision": "r2"}, id="revision"),
        pytest.param({"uploads": [JANUARY.model_copy(update={"etag": "0x2"}), FEBRUARY]}, id="version of an upload"),
        pytest.param({"uploads": [FEBRUARY]}, id="fewer uploads"),
        pytest.param({"lookups": {"planes": PLANES.model_copy(update={"etag": "0x2"})}}, id="version of a lookup"),
        pytest.param({"parameters": {"late_after": 20, "year": 2013}}, id="parameter"),
        pytest.param({"fitted_from": "20130130T060000Z-0123456789ab"}, id="run that it is fitted from"),
    ],
)
def test_what_counts_makes_another_run(other: dict[str, Any]) -> None:
    assert run_id_of(**{**SAME, **other}) != run_id_of(**SAME)


def test_a_forced_run_is_another_one_and_always_the_same() -> None:
    forced = run_id_of(**SAME, forced_by="adf-1")
    assert forced == run_id_of(**SAME, forced_by="adf-1")
    assert len({forced, run_id_of(**SAME), run_id_of(**SAME, forced_by="adf-2")}) == 3
