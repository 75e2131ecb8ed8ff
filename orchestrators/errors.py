"""What can go wrong around a transform.

    SluiceError
    |-- SettingsInvalid       settings are missing or malformed; all of them are named
    |-- RequestRefused        a caller asked for something that cannot be done
    |-- UploadChanged         the pinned version is no longer there: a newer one replaced it
    |-- UploadGone            the upload was deleted before it was read
    |-- SweepIncomplete       a sweep could not do all; the next one tries again
    `-- Unavailable           storage or a service is in trouble: raised, and retried by the plan
        `-- Held              somebody else is at the same work, or died at it a moment ago

A final failure is a value (`messages.Reason`), a transient one an exception.
"""

from __future__ import annotations

import re

_RETRY_AFTER = re.compile(r"\(retry after (\d+(?:\.\d+)?) s\)")


class SluiceError(Exception):
    """Base of the shell's errors."""


class SettingsInvalid(SluiceError):
    """Settings are missing or malformed."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = dict(problems)
        listed = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(f"app settings to mend: {listed}. See local.settings.sample.json for every setting")


class RequestRefused(SluiceError):
    """A caller asked for something that cannot be done; `status` is the HTTP answer."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        self.status = status
        self.title = title
        super().__init__(detail)


class UploadChanged(SluiceError):
    """The pinned version of an upload is no longer there: a newer one replaced it."""


class UploadGone(SluiceError):
    """An upload was deleted before it was read."""


class SweepIncomplete(SluiceError):
    """A sweep failed for some of what it looked at; the log says why, and the next sweep tries again."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__(f"the sweep failed for {len(troubles)}: {', '.join(troubles[:20])}; the log says why of each")


class Unavailable(SluiceError):
    """Storage or a service is in trouble for now; `retry_after_s` is what it asked for.

    Only an exception's text crosses the border between an activity and its plan, so the wait is part of the text.

    Example:
        >>> retry_after_in(str(Unavailable("storage is busy", retry_after_s=30)))
        30.0
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        asked = f" (retry after {retry_after_s:g} s)" if retry_after_s else ""
        super().__init__(f"{message}{asked}")


class Held(Unavailable):
    """Somebody else is at the same work, or died at it a moment ago."""


def retry_after_in(text: str) -> float | None:
    """The wait that an `Unavailable` put at the end of its text, in seconds; its message may quote another."""
    found = _RETRY_AFTER.findall(text)
    return float(found[-1]) if found else None
