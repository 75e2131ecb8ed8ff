"""A draft: everything that a transform leaves behind, before anything is published.

Draft
|-- files          the dataset's data files, local
|-- quarantine     the rows that broke the contract, local
|-- counts         rows at each station, from independent counts
|-- schema, profile, fitted, checks, drift, notes
|-- dialects       how each upload is written, declared or detected
`-- rejection      why nothing may be published, or None
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Quarantined:
    """What is kept of uploads that were read before: files of quarantined rows, and how this one was written.

    `written` is what the manifest of the earlier run says of its dialect.
    """

    files: tuple[Path, ...]
    written: Mapping[str, Any]


@dataclass(frozen=True)
class LocalUpload:
    """One upload, downloaded: `name` is how people and quarantine know it, `path` where its bytes are.

    Where `quarantined` is given, only the rows of the upload that are there are read, and not its bytes.
    """

    name: str
    path: Path
    quarantined: Quarantined | None = None


@dataclass(frozen=True)
class Limits:
    """What one transform may use of this instance; `quarantine_rows` is how many it may quarantine, None any number."""

    memory_bytes: int
    threads: int
    scratch_bytes: int
    quarantine_rows: int | None = None


@dataclass(frozen=True)
class DataFile:
    """One written file. Its name holds a hash of its content, so no later file can replace it.

    `partition` has the values that its folders are named after, which are not in the file.
    """

    name: str
    path: Path
    rows: int
    size_bytes: int
    sha256: str
    split: str | None = None
    partition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepCount:
    """Rows around one step, each counted by itself: rows_out = rows_in - removed + added."""

    step: str
    rows_in: int
    removed: int
    added: int
    rows_out: int


@dataclass(frozen=True)
class RowCounts:
    """Rows at each station: read = good + quarantined + dropped; the last step's output = published."""

    read: int
    good: int
    quarantined: int
    dropped: int
    steps: tuple[StepCount, ...]
    published: int


@dataclass(frozen=True)
class CheckResult:
    """One check of the finished dataset; one that did not pass rejects it, or warns. `detail` is for people."""

    check: str
    value: float | bool | None
    passed: bool
    then: Literal["warn", "reject"] = "reject"
    detail: str = ""


@dataclass(frozen=True)
class Rejection:
    """Why nothing may be published: a code for machines, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Draft:
    """Everything that a transform leaves behind."""

    files: tuple[DataFile, ...]
    quarantine: tuple[DataFile, ...]
    counts: RowCounts
    dialects: tuple[dict[str, Any], ...] = ()
    schema: tuple[dict[str, Any], ...] = ()
    profile: dict[str, Any] = field(default_factory=dict)
    fitted: dict[str, Any] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    drift: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rejection: Rejection | None = None
