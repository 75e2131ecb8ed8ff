from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrators.set_verdicts import Known, Verdict, judge
from transforms.flow.collect import Collect

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OPEN: dict[str, Any] = {"has_uploads": True, "missing": (), "newest_at": NOON, "open_since": NOON}


def verdict(collect: dict[str, Any], at: datetime, **known: Any) -> Verdict:
    return judge(Collect.model_validate({"by": [], **collect}), Known(**(OPEN | known)), at)


MARKER = {"needs": ["done"], "deadline": {"after": "6h", "then": "reject"}}
MARKER_OR_RUN = {"needs": ["done"], "deadline": {"after": "6h", "then": "run"}}
QUIET = {"quiet": "5m"}
QUIET_IN_TIME = {"quiet": "5m", "deadline": {"after": "1h", "then": "run"}}
LACKS = {"missing": ("done",)}


@pytest.mark.parametrize(
    ("collect", "after", "known", "kind", "look_after"),
    [
        pytest.param(MARKER, 0 * HOUR, {}, "run", None, id="all is there"),
        pytest.param(MARKER, 0 * HOUR, LACKS, "wait", 6 * HOUR, id="the marker is not there"),
        pytest.param(MARKER, 6 * HOUR, LACKS, "reject", None, id="the deadline has come"),
        pytest.param(MARKER_OR_RUN, 6 * HOUR, LACKS, "run", None, id="the deadline has come, and it runs"),
        pytest.param(
            MARKER_OR_RUN, 6 * HOUR, LACKS | {"has_uploads": False}, "reject", None, id="there is nothing to run over"
        ),
        pytest.param(MARKER, 9 * HOUR, {"open_since": None}, "over", None, id="a run has taken all"),
        pytest.param(MARKER, 9 * HOUR, LACKS | {"open_since": None}, "over", None, id="and lacks nothing by now"),
        pytest.param(
            MARKER, 9 * HOUR, {"open_since": None, "was_short": True}, "run", None, id="late, but complete after all"
        ),
        pytest.param(
            MARKER, 9 * HOUR, LACKS | {"open_since": None, "was_short": True}, "over", None, id="rejected only once"
        ),
        pytest.param(QUIET, 4 * MINUTE, {}, "wait", 5 * MINUTE, id="not quiet for long enough"),
        pytest.param(QUIET, 5 * MINUTE, {}, "run", None, id="quiet"),
        pytest.param(
            QUIET, 5 * MINUTE, {"newest_at": NOON + 3 * MINUTE}, "wait", 8 * MINUTE, id="one more has come meanwhile"
        ),
        pytest.param(
            QUIET_IN_TIME, 59 * MINUTE, {"newest_at": NOON + 58 * MINUTE}, "wait", HOUR, id="the deadline is nearer"
        ),
        pytest.param(QUIET_IN_TIME, HOUR, {"newest_at": NOON + 58 * MINUTE}, "run", None, id="never quiet"),
        pytest.param(MARKER | QUIET, 5 * MINUTE, LACKS, "wait", 6 * HOUR, id="quiet, but without the marker"),
        pytest.param(MARKER | QUIET, MINUTE, {}, "wait", 5 * MINUTE, id="the marker is there, but it is not quiet"),
    ],
)
def test_what_is_to_be_done_about_a_set(
    collect: dict[str, Any], after: timedelta, known: dict[str, Any], kind: str, look_after: timedelta | None
) -> None:
    found = verdict(collect, NOON + after, **known)
    assert (found.kind, found.look_at) == (kind, NOON + look_after if look_after else None)


def test_a_rejection_says_what_is_lacking_and_since_when() -> None:
    assert verdict(MARKER, NOON + 6 * HOUR, **LACKS).why == "not complete 6:00:00 after its first upload: it lacks done"
