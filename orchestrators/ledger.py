"""The ledger, as the app sees it: one outcome for every run, one status for every upload.

    open_run ──► amend_run ──► close_run        the first to close a run wins; a closed run never changes
    note_upload ──► amend_upload                the first to note an upload wins; only `amend_upload` changes it

The adapter is `azure_table.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from orchestrators.messages import RunRecord, Upload, UploadRecord

Record = TypeVar("Record")


@dataclass(frozen=True)
class Page(Generic[Record]):
    """Some records, newest first, and where the next page starts."""

    items: tuple[Record, ...]
    next: str | None = None


@dataclass(frozen=True)
class Query:
    """What to list; None is any. `upload` is the name of a blob, `since` and `until` are about the start of a run.

    `next` is where the page before ended. It names a place among the records, so that what is new moves nothing.
    """

    flow: str | None = None
    status: str | None = None
    upload: str | None = None
    is_open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    next: str | None = None


class Ledger(Protocol):
    """Records of runs and uploads, each written conditionally."""

    def open_run(self, record: RunRecord) -> RunRecord:
        """The run is in the ledger; answers what is there: `record`, or what somebody wrote before."""

    def run(self, run_id: str) -> RunRecord | None:
        """The record of a run, or None."""

    def amend_run(self, run_id: str, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
        """An open run is changed; a closed one is answered as it is."""

    def runs(self, query: Query) -> Page[RunRecord]:
        """Runs, newest upload first."""

    def note_upload(self, record: UploadRecord) -> UploadRecord:
        """The upload is in the ledger; answers what is there: `record`, or what somebody wrote before."""

    def upload(self, upload: Upload) -> UploadRecord | None:
        """The record of this version of an upload, or None."""

    def amend_upload(self, upload: Upload, change: Callable[[UploadRecord], UploadRecord]) -> UploadRecord:
        """The record of an upload is changed."""

    def uploads(self, query: Query) -> Page[UploadRecord]:
        """Uploads, newest first."""

    def off_record(self, uploads: Iterable[Upload]) -> list[Upload]:
        """Those of the uploads that nobody has noted, in their order; of the others no more than a key is read."""

    def first_deployed_at(self, now: datetime) -> datetime:
        """When the app first looked into this lake: `now`, if it never did."""


def pages_of(listing: Callable[[Query], Page[Record]], query: Query) -> Iterator[Record]:
    """Every record that a query finds, page after page."""
    while True:
        page = listing(query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, next=page.next)
