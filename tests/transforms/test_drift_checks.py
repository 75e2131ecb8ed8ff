"""The drift check: warn or reject, against the dataset before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transforms.drafting import Drafted, drafted, flow_with
from transforms.profile.column import without_sketches

COLUMNS = {"km": "float64", "kind": "string"}


def data(first: int, kinds: str = "ab") -> bytes:
    rows = "".join(f"{first + number},{kinds[number % len(kinds)]}\n" for number in range(100))
    return f"km,kind\n{rows}".encode()


def run(check: dict[str, Any], upload: bytes, previous: Any) -> Drafted:
    return drafted(flow_with(COLUMNS, checks=["rows > 1", {"drift": check}]), upload, previous=previous)


@pytest.fixture(scope="module")
def earlier() -> dict[str, Any]:
    return drafted(flow_with(COLUMNS), data(0)).draft.profile


def verdicts(result: Drafted) -> list[tuple[str, bool, str]]:
    return [(check.check, check.passed, check.then) for check in result.draft.checks[1:]]


def test_the_same_data_passes(earlier: dict[str, Any]) -> None:
    result = run({"max_psi": 0.2, "max_ks": 0.1}, data(0), earlier)
    assert verdicts(result) == [("drift: psi <= 0.2", True, "warn"), ("drift: ks <= 0.1", True, "warn")]
    assert result.draft.notes == ()
    assert result.draft.drift["km"] == {"psi": 0.0, "ks": 0.0, "new": [], "vanished": []}


def test_other_data_is_published_with_a_warning(earlier: dict[str, Any]) -> None:
    result = run({"max_psi": 0.2, "max_ks": 0.1}, data(50, "ac"), earlier)
    assert verdicts(result) == [("drift: psi <= 0.2", False, "warn"), ("drift: ks <= 0.1", False, "warn")]
    assert result.draft.rejection is None
    assert len(result.rows) == 100
    psi, ks = result.draft.notes
    assert psi.startswith("checks[1]: drift: psi <= 0.2: ")
    assert "(new c; gone b)" in psi
    assert ks == "checks[1]: drift: ks <= 0.1: km 0.5."


def test_or_rejected(earlier: dict[str, Any]) -> None:
    result = run({"max_ks": 0.1, "then": "reject"}, data(50), earlier)
    rejection = result.draft.rejection
    assert rejection is not None
    assert rejection.code == "check_failed"
    assert rejection.message.startswith("drift: ks <= 0.1 (found 0.5: km 0.5): nothing is published")
    assert (result.rows, result.draft.counts.published) == ([], 0)


def test_only_the_columns_that_are_named_count(earlier: dict[str, Any]) -> None:
    result = run({"max_psi": 0.2, "columns": ["kind"], "then": "reject"}, data(50), earlier)
    assert result.draft.rejection is None
    assert list(result.draft.drift) == ["kind"]


def test_without_an_earlier_dataset_nothing_is_compared() -> None:
    result = run({"max_psi": 0.2, "then": "reject"}, data(0), None)
    assert [(check.value, check.passed) for check in result.draft.checks[1:]] == [(None, True)]
    assert result.draft.notes == ("checks[1]: there is no earlier dataset, so nothing was compared.",)


def test_an_earlier_dataset_without_sketches_is_not_compared(earlier: dict[str, Any]) -> None:
    result = run({"max_psi": 0.2, "then": "reject"}, data(50), without_sketches(earlier))
    assert result.draft.rejection is None
    assert "without sketches" in result.draft.notes[0]


def test_columns_that_the_earlier_dataset_lacks_are_told(earlier: dict[str, Any]) -> None:
    columns = {name: column for name, column in earlier["columns"].items() if name != "kind"}
    result = run({"max_psi": 0.2}, data(0), earlier | {"columns": columns})
    assert result.draft.notes == ("checks[1]: kind cannot be compared with the earlier dataset.",)


def test_a_column_that_is_not_there_rejects_the_run(earlier: dict[str, Any]) -> None:
    rejection = run({"max_psi": 0.2, "columns": ["miles"]}, data(0), earlier).draft.rejection
    assert rejection is not None
    assert rejection.message == "checks[1].drift.columns: no column 'miles'; the columns are km, kind"
