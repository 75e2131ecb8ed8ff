"""What there is of a set. Storage alone says so: events only tell when to look, however often and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from orchestrators.ledger import Query, pages_of
from orchestrators.messages import Upload, UploadRecord
from orchestrators.services import Services
from orchestrators.set_verdicts import Known
from orchestrators.side_by_side import side_by_side
from transforms.flow.collect import Collect
from transforms.flow.load import LoadedFlow
from transforms.flow.pattern import start_of_names

SHORT = "set_incomplete"
OPEN = frozenset({"collecting", "held"})
"""Statuses of uploads that nothing was decided about."""

RECORDS_AT_ONCE = 8
"""A set may have a thousand of them."""

_PAGE = 1000


@dataclass(frozen=True)
class SetContents:
    """The present versions of a set: its uploads, its lookups, when the newest blob came, and what it lacks."""

    uploads: tuple[Upload, ...]
    lookups: Mapping[str, Upload]
    newest_at: datetime | None
    missing: tuple[str, ...]

    @property
    def members(self) -> tuple[Upload, ...]:
        """Everything that a run of the set would read."""
        return (*self.uploads, *self.lookups.values())


def collect_of(flow: LoadedFlow | None) -> Collect | None:
    """What the flow says about sets, if it still is there and says anything."""
    return flow.flow.collect if flow else None


def first_missing(services: Services, flow: LoadedFlow, collect: Collect, captures: Mapping[str, str]) -> str | None:
    """The first blob that the set still needs, found without a listing."""
    landing = services.settings.landing_container
    names = (*_lookup_names(flow, collect, captures).values(), *_needed_names(collect, captures))
    return next((name for name in names if services.lake.version_of(landing, name) is None), None)


def contents_of(services: Services, flow: LoadedFlow, collect: Collect, captures: Mapping[str, str]) -> SetContents:
    """What there is of the set now; of one that is too large for a run no more than shows that, and what is open."""
    landing, lake = services.settings.landing_container, services.lake
    # What closes a set is looked at first: whatever was written before it is then in the listing.
    needed = {name: lake.version_of(landing, name) for name in _needed_names(collect, captures)}
    named = _lookup_names(flow, collect, captures)
    lookups = {name: lake.version_of(landing, blob) for name, blob in named.items()}
    most = services.settings.max_uploads_per_run
    uploads = tuple(islice(_uploads(services, flow, collect, captures), most + 1))
    if len(uploads) > most:
        uploads = tuple(dict.fromkeys((*uploads, *_left_open(services, flow, collect, captures))))
    there = [*uploads, *filter(None, needed.values()), *filter(None, lookups.values())]
    return SetContents(
        uploads=uploads,
        lookups={name: lookup for name, lookup in lookups.items() if lookup},
        newest_at=max((one.last_modified for one in there), default=None),
        missing=tuple(
            [named[name] for name, lookup in lookups.items() if lookup is None]
            + [name for name, version in needed.items() if version is None]
        ),
    )


def known_of(services: Services, contents: SetContents) -> Known:
    """The set as its verdict needs it: with what the ledger says about its uploads."""
    records = side_by_side(services.ledger.upload, contents.members, RECORDS_AT_ONCE)
    undecided = [
        upload.last_modified
        for upload, record in zip(contents.members, records, strict=True)
        if record is None or record.status in OPEN
    ]
    return Known(
        has_uploads=bool(contents.uploads),
        missing=contents.missing,
        newest_at=contents.newest_at,
        open_since=min(undecided, default=None),
        was_short=any(record is not None and is_short(record) for record in records),
    )


def is_short(record: UploadRecord) -> bool:
    """True for an upload that was rejected because its set was not complete in time."""
    return record.status == "rejected" and record.reason is not None and record.reason.code == SHORT


def _uploads(services: Services, flow: LoadedFlow, collect: Collect, captures: Mapping[str, str]) -> Iterator[Upload]:
    source = flow.flow.source
    for upload in services.lake.versions_in(services.settings.landing_container, start_of_names(source.path, captures)):
        found = source.captures(upload.name)
        if found is not None and all(found[name] == captures[name] for name in collect.by):
            yield upload


def _left_open(services: Services, flow: LoadedFlow, collect: Collect, captures: Mapping[str, str]) -> Iterator[Upload]:
    for status in sorted(OPEN):
        for record in pages_of(services.ledger.uploads, Query(flow=flow.flow.name, status=status, limit=_PAGE)):
            found = flow.flow.source.captures(record.upload.name)
            if found is not None and all(found[name] == captures[name] for name in collect.by):
                yield record.upload


def _lookup_names(flow: LoadedFlow, collect: Collect, captures: Mapping[str, str]) -> dict[str, str]:
    return {name: start_of_names(flow.flow.lookups[name].path, captures) for name in collect.lookups}


def _needed_names(collect: Collect, captures: Mapping[str, str]) -> list[str]:
    return [start_of_names(pattern, captures) for pattern in collect.needs]
