"""What is to be done about a set, from what is known of it at one moment. No I/O.

nothing of it is open                            ──► over
complete, and quiet for as long as declared      ──► run
past the deadline                                ──► run, or reject: as declared
otherwise                                        ──► wait, until one of these can come true
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from transforms.flow.collect import Collect


@dataclass(frozen=True)
class Known:
    """What is known of a set: `open_since` is its oldest upload that nothing was decided about.

    `was_short` where uploads of it were rejected because it was not complete in time.
    """

    has_uploads: bool
    missing: tuple[str, ...]
    newest_at: datetime | None = None
    open_since: datetime | None = None
    was_short: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is to be done, and when to look again; `why` says for people why a set is rejected."""

    kind: Literal["over", "run", "reject", "wait"]
    look_at: datetime | None = None
    why: str = ""


def judge(collect: Collect, known: Known, at: datetime) -> Verdict:
    """What is to be done about a set at this moment.

    Example:
        >>> from datetime import datetime, timedelta, UTC
        >>> collect = Collect.model_validate({"by": ["date"], "quiet": "5m"})
        >>> noon = datetime(2024, 1, 31, 12, tzinfo=UTC)
        >>> known = Known(has_uploads=True, missing=(), newest_at=noon, open_since=noon)
        >>> judge(collect, known, noon).look_at.isoformat()
        '2024-01-31T12:05:00+00:00'
        >>> judge(collect, known, noon + timedelta(minutes=5)).kind
        'run'
    """
    is_complete = known.has_uploads and not known.missing
    if known.open_since is None and not (known.was_short and is_complete):
        return Verdict("over")
    quiet_at = known.newest_at + collect.quiet if collect.quiet and known.newest_at else None
    if is_complete and (quiet_at is None or at >= quiet_at):
        return Verdict("run")
    deadline = collect.deadline
    ends_at = known.open_since + deadline.after if deadline and known.open_since else None
    if deadline and ends_at is not None and at >= ends_at:
        if deadline.then == "run" and known.has_uploads:
            return Verdict("run")
        lacks = ", ".join(known.missing) or ("an end of its uploads" if known.has_uploads else "uploads of its source")
        return Verdict("reject", why=f"not complete {deadline.after} after its first upload: it lacks {lacks}")
    moments = [moment for moment in (ends_at, quiet_at if is_complete else None) if moment is not None]
    return Verdict("wait", look_at=min(moments, default=None))
