"""Which uploads are transformed together: as many as the settings let be, in their order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrators.dividing import part_sizes
from orchestrators.messages import RunRequest, Upload
from orchestrators.settings import Settings
from transforms.flow.flow import Flow

MB = 1 << 20


def upload(size_bytes: int) -> Upload:
    at = datetime(2013, 1, 31, tzinfo=UTC)
    return Upload(account="a", container="c", name="n", etag="0x1", size_bytes=size_bytes, last_modified=at)


def over(*sizes: int, parent: str | None = None) -> RunRequest:
    return RunRequest(run_id="r", flow="f", revision="1", uploads=tuple(map(upload, sizes)), parent=parent)


def flow(**contract: object) -> Flow:
    columns = {"columns": {"id": "int64"}, **contract}
    return Flow.model_validate({"flow": "f", "source": {"path": "{day}.csv", "format": "csv"}, "contract": columns})


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        pytest.param([1], (1,), id="one upload"),
        pytest.param([1, 1, 1], (3,), id="few small ones"),
        pytest.param([1] * 7, (3, 3, 1), id="more than may be together"),
        pytest.param([6 * MB, 4 * MB, 1, 1], (2, 2), id="as many bytes as may be together"),
        pytest.param([1, 99 * MB, 99 * MB, 1], (1, 1, 1, 1), id="large ones by themselves"),
        pytest.param([0, 0, 10 * MB, 0], (3, 1), id="empty ones count"),
    ],
)
def test_uploads_are_divided_by_bytes_and_number(settings: Settings, sizes: list[int], parts: tuple[int, ...]) -> None:
    settings = settings.model_copy(update={"part_uploads": 3, "part_size_mb": 10})
    assert part_sizes(settings, flow(), over(*sizes)) == parts


def test_a_contract_over_all_rows_keeps_the_uploads_together(settings: Settings) -> None:
    settings = settings.model_copy(update={"part_uploads": 3})
    assert part_sizes(settings, flow(columns={"id": {"type": "int64", "unique": True}}), over(*[1] * 7)) == (7,)


def test_the_rows_of_a_replay_are_not_divided(settings: Settings) -> None:
    settings = settings.model_copy(update={"part_uploads": 3})
    assert part_sizes(settings, flow(), over(*[1] * 7, parent="an earlier run")) == (7,)
