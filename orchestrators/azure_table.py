"""The ledger on Azure Table Storage.

Row keys start with the inverted time of the newest upload, so that a plain listing is newest first and
a record is one point read by its id. A record's JSON is cut into pieces, since a text property ends at 32 K characters.

    runs      all          79869868T939999Z-…   the record
              upload-…     79869868T939999Z-…   no more than that this run is over an upload of that name
    uploads   all          79869868T939999Z-…   the record
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrators import azure_faults
from orchestrators.azure_clients import lake_client
from orchestrators.azure_faults import told_as_unavailable
from orchestrators.azure_table_pages import entities_of, keys_of, page_of, turned_round
from orchestrators.ledger import Page, Query
from orchestrators.messages import Message, RunRecord, Upload, UploadRecord
from orchestrators.recent import Recent
from orchestrators.settings import Settings
from orchestrators.side_by_side import side_by_side

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableServiceClient

Kept = TypeVar("Kept", RunRecord, UploadRecord)

_PIECE_CHARACTERS = 30_000
_PARTITION = "all"
_WRITERS = 8
_RECENT = 512
"""Records that this process may amend without reading them again: more than are under way in it at once."""


class AzureTableLedger:
    """Two tables of one storage account: `…runs` and `…uploads`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recent: Recent[tuple[Any, str]] = Recent(_RECENT)
        self._first_deployed_at: datetime | None = None

    @cached_property
    def _service(self) -> TableServiceClient:
        from azure.data.tables import TableServiceClient

        # A broken connection is tried again here, a refusal by the plan: this client would sleep through `Retry-After`.
        options: dict[str, Any] = {"retry_total": 2, "retry_status": 0, "read_timeout": azure_faults.ANSWER_TIMEOUT_S}
        return lake_client(TableServiceClient, self._settings.lake_table_url, self._settings, **options)

    @cached_property
    def _runs(self) -> TableClient:
        return self._service.create_table_if_not_exists(f"{self._settings.ledger_prefix}runs")

    @cached_property
    def _uploads(self) -> TableClient:
        return self._service.create_table_if_not_exists(f"{self._settings.ledger_prefix}uploads")

    def open_run(self, record: RunRecord) -> RunRecord:
        if len(record.request.uploads) > 1 and (known := self.run(record.request.run_id)):
            return known  # as many entries as it has uploads are not written again
        # Before the record: then there is none that its uploads do not lead to.
        self._index(record)
        return self._insert(lambda: self._runs, run_key(record.request.run_id), record)

    def run(self, run_id: str) -> RunRecord | None:
        found = self._get(lambda: self._runs, run_key(run_id), RunRecord)
        return found[0] if found else None

    def amend_run(self, run_id: str, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
        return self._amend(
            lambda: self._runs, run_key(run_id), RunRecord, lambda run: run if run.finished_at else change(run)
        )

    def runs(self, query: Query) -> Page[RunRecord]:
        if query.upload is None:
            return self._list(lambda: self._runs, query, RunRecord)
        with told_as_unavailable("reading the ledger"):
            items, after = page_of(self._runs_over(query.upload, query), query.limit)
        return Page(tuple(_record(entity, RunRecord) for entity in items), after)

    def note_upload(self, record: UploadRecord) -> UploadRecord:
        return self._insert(lambda: self._uploads, upload_key(record.upload), record)

    def upload(self, upload: Upload) -> UploadRecord | None:
        found = self._get(lambda: self._uploads, upload_key(upload), UploadRecord)
        return found[0] if found else None

    def amend_upload(self, upload: Upload, change: Callable[[UploadRecord], UploadRecord]) -> UploadRecord:
        return self._amend(lambda: self._uploads, upload_key(upload), UploadRecord, change)

    def uploads(self, query: Query) -> Page[UploadRecord]:
        return self._list(lambda: self._uploads, query, UploadRecord)

    def off_record(self, uploads: Iterable[Upload]) -> list[Upload]:
        with told_as_unavailable("reading the ledger"):
            noted = keys_of(self._uploads, _PARTITION)
        return [upload for upload in uploads if upload_key(upload) not in noted]

    def first_deployed_at(self, now: datetime) -> datetime:
        from azure.core.exceptions import ResourceExistsError

        if self._first_deployed_at is not None:
            return self._first_deployed_at  # it never changes
        key = {"PartitionKey": "app", "RowKey": "first_deployed_at"}
        with told_as_unavailable("reading the ledger"):
            with suppress(ResourceExistsError):
                self._uploads.create_entity({**key, "moment": now.isoformat()})
            entity = self._uploads.get_entity(key["PartitionKey"], key["RowKey"])
        noted = datetime.fromisoformat(entity["moment"])
        # By the clock of storage too, which tells when uploads came: this one may be ahead, and then miss some.
        first = min(noted, entity.metadata["timestamp"] or noted)
        self._first_deployed_at = first
        return first

    def _insert(self, table: Callable[[], TableClient], key: str, record: Kept) -> Kept:
        from azure.core.exceptions import ResourceExistsError

        with told_as_unavailable("writing the ledger"):
            try:
                written = table().create_entity(_entity(key, record))
            except ResourceExistsError:
                found = self._get(table, key, type(record))
                if found is None:
                    raise
                return found[0]
        self._recent.remember(key, (record, written["etag"]))
        return record

    def _get(self, table: Callable[[], TableClient], key: str, kind: type[Kept]) -> tuple[Kept, str] | None:
        from azure.core.exceptions import ResourceNotFoundError

        with told_as_unavailable("reading the ledger"):
            try:
                entity = table().get_entity(_PARTITION, key)
            except ResourceNotFoundError:
                return None
        found = _record(entity, kind), str(entity.metadata["etag"])
        self._recent.remember(key, found)
        return found

    def _amend(
        self, table: Callable[[], TableClient], key: str, kind: type[Kept], change: Callable[[Kept], Kept]
    ) -> Kept:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        while True:
            recalled: tuple[Kept, str] | None = self._recent.recall(key)
            found = recalled or self._get(table, key, kind)
            if found is None:
                raise LookupError(f"the ledger has no {kind.__name__} {key}")
            changed = change(found[0])
            if changed == found[0]:
                if recalled is None:
                    return changed
                self._recent.forget(key)  # nothing to write, so nothing would tell that this is outdated
                continue
            with told_as_unavailable("writing the ledger"):
                try:
                    written = table().update_entity(
                        _entity(key, changed),
                        mode=UpdateMode.REPLACE,
                        etag=found[1],
                        match_condition=MatchConditions.IfNotModified,
                    )
                except (ResourceModifiedError, ResourceNotFoundError):
                    self._recent.forget(key)
                    continue  # somebody wrote in between: look again
            self._recent.remember(key, (changed, written["etag"]))
            return changed

    def _list(self, table: Callable[[], TableClient], query: Query, kind: type[Kept]) -> Page[Kept]:
        with told_as_unavailable("reading the ledger"):
            items, after = page_of(entities_of(table(), _PARTITION, query), query.limit)
        return Page(tuple(_record(entity, kind) for entity in items), after)

    def _index(self, record: RunRecord) -> None:
        from azure.core.exceptions import ResourceExistsError

        table, key = self._runs, run_key(record.request.run_id)

        def write(name: str) -> None:
            with told_as_unavailable("writing the ledger"), suppress(ResourceExistsError):
                table.create_entity({"PartitionKey": _partition_of(name), "RowKey": key})

        names = {upload.name for upload in record.request.uploads}
        side_by_side(write, names, _WRITERS)

    def _runs_over(self, name: str, query: Query) -> Iterator[dict[str, Any]]:
        """The records that the index leads to; what else is asked for is asked of each of them."""
        for entry in entities_of(self._runs, _partition_of(name), Query(next=query.next, limit=query.limit)):
            yield from entities_of(self._runs, _PARTITION, replace(query, next=None, limit=1), key=entry["RowKey"])


def run_key(run_id: str) -> str:
    """The row key of a run: its id with the time turned round.

    Example:
        >>> run_key("20130131T060000Z-eccc0e07eed3")
        '79869868T939999Z-eccc0e07eed3'
    """
    moment, _, digest = run_id.partition("-")
    return f"{turned_round(moment)}-{digest}"


def upload_key(upload: Upload) -> str:
    """The row key of an upload: its time turned round, then a digest of its version."""
    digest = hashlib.sha256("\n".join(upload.version).encode()).hexdigest()[:24]
    return turned_round(f"{upload.last_modified:%Y%m%dT%H%M%SZ}") + f"-{digest}"


def _partition_of(name: str) -> str:
    """The partition of the runs over uploads of a name, which a key could not hold as it is."""
    return f"upload-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _entity(key: str, record: Message) -> dict[str, Any]:
    text = record.model_dump_json()
    pieces = [text[start : start + _PIECE_CHARACTERS] for start in range(0, len(text), _PIECE_CHARACTERS)]
    return {
        "PartitionKey": _PARTITION,
        "RowKey": key,
        **_columns(record),
        **{f"document{number:02}": piece for number, piece in enumerate(pieces)},
    }


def _columns(record: Message) -> dict[str, str | bool]:
    """What listings filter by."""
    if isinstance(record, RunRecord):
        return {
            "flow": record.request.flow,
            "status": record.status,
            "at": record.started_at.isoformat(),
            "is_open": record.finished_at is None,
        }
    if isinstance(record, UploadRecord):
        return {"flow": record.flow or "", "status": record.status, "at": record.at.isoformat()}
    raise TypeError(f"the ledger keeps runs and uploads, not {type(record).__name__}")


def _record(entity: Mapping[str, Any], kind: type[Kept]) -> Kept:
    pieces = sorted(name for name in entity if name.startswith("document"))
    return kind.model_validate_json("".join(entity[name] for name in pieces))
