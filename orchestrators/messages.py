"""What crosses a durable boundary: small frozen JSON. Data never travels here, locations do.

New fields need defaults: a history written by an older deployment must still be readable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

RunStatus = Literal["running", "published", "rejected", "failed", "cancelled"]
UploadStatus = Literal["collecting", "running", "published", "rejected", "failed", "ignored", "superseded", "held"]
PipelineStatus = Literal["not_started", "running", "succeeded", "failed", "cancelled", "timed_out", "unknown"]


class Message(BaseModel):
    """Frozen, and plain JSON on the wire."""

    model_config = ConfigDict(frozen=True)

    def to_dict(self) -> dict[str, Any]:
        """The message as the JSON object that a durable history keeps."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, document: Any) -> Self:
        """The message that `to_dict` wrote."""
        return cls.model_validate(document)


LONGEST_REASON = 8000
"""Characters: it may quote an upload, and a record of the ledger that is too large cannot be written at all."""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"


class Reason(Message):
    """Why something did not go well: a code for machines, a sentence for people."""

    code: str
    message: Annotated[str, AfterValidator(_cut)]


class Upload(Message):
    """One version of one blob. `etag` is unquoted."""

    account: str
    container: str
    name: str
    etag: str
    size_bytes: int
    last_modified: datetime

    @property
    def version(self) -> tuple[str, str, str, str]:
        """What makes this upload this very version."""
        return (self.account, self.container, self.name, self.etag)


class UploadSet(Message):
    """The uploads of a flow that are one run: those with the same captures."""

    flow: str
    captures: dict[str, str] = Field(default_factory=dict)

    def __str__(self) -> str:
        """The set, as people know it."""
        named = ", ".join(f"{name}={value}" for name, value in sorted(self.captures.items()))
        return f"set {named or 'of all uploads'} of flow {self.flow}"


class RunRequest(Message):
    """One execution of one flow revision over one set of uploads; everything that its identity covers.

    Beside it `previous`, the run whose dataset the drift checks compare with. A replay has a `parent`: of its uploads
    it reads the rows that are in the quarantine of that run, and no others. The run of a set says how that was
    `collected`, what it lacks, and why it is `refused` for it.
    """

    run_id: str
    flow: str
    revision: str
    uploads: tuple[Upload, ...]
    lookups: dict[str, Upload] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    caller_run_id: str | None = None
    fitted_from: str | None = None
    previous: str | None = None
    parent: str | None = None
    collected: UploadSet | None = None
    missing: tuple[str, ...] = ()
    refused: Reason | None = None

    @property
    def taken(self) -> tuple[Upload, ...]:
        """The uploads that the run decides about: beside its own those that are its lookups; none for a replay."""
        if self.parent is not None:
            return ()
        landing = self.uploads[0].container
        return (*self.uploads, *(lookup for lookup in self.lookups.values() if lookup.container == landing))


class Arrival(Message):
    """An upload of a set was seen; `is_needed` where the set may wait for this very one."""

    of: UploadSet
    is_needed: bool


class SetLook(Message):
    """A set to look at, and the moment that its plan lives in."""

    of: UploadSet
    at: datetime


class SetState(Message):
    """How a set stands: when to look at it again, or that there is nothing to wait for."""

    look_at: datetime | None = None
    run_id: str | None = None


class Rows(Message):
    """Rows at the stations that people ask about."""

    read: int = 0
    published: int = 0
    quarantined: int = 0
    dropped: int = 0


class Ended(Message):
    """A final end short of publishing, as a value; `uploads` is what becomes of the run's uploads."""

    status: Literal["rejected", "failed", "cancelled"]
    uploads: Literal["rejected", "failed", "superseded", "held"]
    reason: Reason


class Transformed(Message):
    """What a transform left in staging, or how the run ended there."""

    draft: str | None = None
    rows: Rows = Rows()
    ended: Ended | None = None


class PartRequest(Message):
    """Some uploads of a run that are transformed together: those of `request`. Parts are numbered from 0."""

    request: RunRequest
    number: int


class PartDone(Message):
    """What a part left in staging, or how the run ended there."""

    document: str | None = None
    ended: Ended | None = None


class PartBatch(Message):
    """Parts of a run that follow each other: the uploads of `request`, and how many of them each part has."""

    request: RunRequest
    sizes: tuple[int, ...]
    first: int = 0
    at_once: int = 1
    deadline: datetime | None = None


class BatchDone(Message):
    """What each part of a batch left in staging, or how the run ended there: at its deadline, or by a caller."""

    documents: tuple[str, ...] = ()
    ended: Ended | None = None
    stopped: Literal["overdue", "cancelled"] | None = None


class Reduction(Message):
    """The parts of a run, in the order of its uploads, to be brought together."""

    request: RunRequest
    parts: tuple[str, ...]


class Published(Message):
    """Where the dataset is."""

    output_url: str
    manifest_url: str


class Publication(Message):
    """What is to be published, and what the pipeline is told about it; a direct run has no draft in staging."""

    request: RunRequest
    draft: str | None = None
    rows: Rows


class PipelineState(Message):
    """What is known of the started pipeline."""

    status: PipelineStatus = "not_started"
    run_id: str | None = None
    message: str | None = None
    link: str | None = None
    answer: dict[str, Any] | None = None
    retry_after_s: float | None = None


class Outcome(Message):
    """How a run ended: what the report writes into the ledger."""

    request: RunRequest
    status: RunStatus
    uploads: UploadStatus
    rows: Rows = Rows()
    reason: Reason | None = None
    published: Published | None = None
    pipeline: PipelineState = PipelineState()


class RunRecord(Outcome):
    """A run in the ledger. Once `finished_at` is set it is the outcome record, and never changes again.

    `callbacks` are keys: the addresses behind them may hold secrets, and stay in staging.
    """

    started_at: datetime
    finished_at: datetime | None = None
    callbacks: tuple[str, ...] = ()


class CallbackRound(Message):
    """Who is still to be told about the end of a run."""

    run_id: str
    keys: tuple[str, ...]


class Planned(Message):
    """The plan of a run: what is still to be done, and what follows publishing.

    `parts` has how many uploads each part has; one part alone, or none, is one transform of all uploads.
    """

    finished: RunRecord | None = None
    ended: Ended | None = None
    has_pipeline: bool = False
    wait_s: float = 0.0
    deadline_s: float = 0.0
    parts: tuple[int, ...] = ()
    parts_at_once: int = 1


class UploadRecord(Message):
    """An upload in the ledger: what became of it, and in which run."""

    upload: Upload
    status: UploadStatus
    at: datetime
    flow: str | None = None
    run_id: str | None = None
    reason: Reason | None = None
