"""A preview: a flow tried out on the first records of one upload; nothing is written but scratch, which goes again.

by name ──► the start of the present version ─┐
inline ──► the content ───────────────────────┴─► sample ─► transform ─► rows, rejections, schema, profile
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrators.messages import Upload
from orchestrators.requests import present_lookups
from orchestrators.services import Services
from orchestrators.transforming import SCRATCH_PREFIX, download, endings, limits
from transforms.draft import DataFile, Draft, LocalUpload
from transforms.errors import UploadTooLarge
from transforms.flow.check import check_flow
from transforms.flow.contract import RowLimit
from transforms.flow.load import LoadedFlow
from transforms.flow.output import Output
from transforms.sampling import SAMPLE_BYTES, SAMPLE_ROWS, Sample, first_records

if TYPE_CHECKING:
    from transforms.flow.flow import Flow

MEMORY_BYTES = 256 << 20
"""Enough for a sample; previews run beside whatever else this instance does."""


@dataclass(frozen=True)
class Content:
    """What to try the flow on: the bytes, and whether they are all there is."""

    name: str
    data: bytes
    is_whole: bool


@dataclass(frozen=True)
class Tried:
    """What came of it: the draft of a run over the sample, and what it left as plain values.

    `draft.rejection` says why such a run would publish nothing; rows are shown all the same where there are any.
    """

    sample_is_whole: bool
    draft: Draft
    rows: tuple[dict[str, Any], ...]
    rejections: tuple[dict[str, Any], ...]


def start_of(services: Services, upload: Upload) -> Content:
    """The start of an upload."""
    data = services.lake.read_start(upload, SAMPLE_BYTES)
    return Content(upload.name, data, is_whole=len(data) == upload.size_bytes)


def try_flow(services: Services, flow: LoadedFlow, content: Content, parameters: Mapping[str, Any]) -> Tried:
    """What the flow would make of the first records.

    Raises:
        TransformError: nothing could be made of them, or of the flow.
        RequestRefused: a lookup is missing.
    """
    check_flow(flow)
    with _scratch(services) as folder:
        inbox = folder / "inbox"
        inbox.mkdir()
        path = inbox / f"content{endings(content.name)}"
        path.write_bytes(content.data)
        sample = first_records(LocalUpload(content.name, path), flow.flow.source, inbox, is_whole=content.is_whole)
        versions = present_lookups(services, flow)
        local, _ = download(services, tuple(versions.values()), inbox, "lookup")
        lookups = {name: lookup.path for name, lookup in zip(versions, local, strict=True)}
        trial = _Trial(services, sample, lookups, parameters, folder)
        draft = trial.run(flow.flow, "strict")
        if draft.counts.read > SAMPLE_ROWS:
            raise UploadTooLarge(f"{content.name}: of this format a preview takes up to {SAMPLE_ROWS:,} records")
        shown = trial.run(_lenient(flow.flow), "lenient") if draft.rejection else draft
        return Tried(
            sample_is_whole=sample.is_whole,
            draft=replace(shown, rejection=draft.rejection, checks=draft.checks or shown.checks),
            rows=tuple(_rows(shown.files)),
            rejections=tuple(_rows(shown.quarantine)),
        )


@dataclass(frozen=True)
class _Trial:
    services: Services
    sample: Sample
    lookups: Mapping[str, Path]
    parameters: Mapping[str, Any]
    folder: Path

    def run(self, flow: Flow, name: str) -> Draft:
        from transforms.transform import transform

        scratch = self.folder / name
        scratch.mkdir()
        allowed = limits(self.services)
        return transform(
            flow.model_copy(update={"output": Output()}),
            [self.sample.upload],
            self.lookups,
            self.parameters,
            scratch=scratch,
            limits=replace(allowed, memory_bytes=min(allowed.memory_bytes, MEMORY_BYTES)),
            flows_folder=self.services.settings.flows_folder,
        )


def _lenient(flow: Flow) -> Flow:
    """The same flow without what is about whole datasets, so that a sample that breaks it shows its rows."""
    tolerant = {"bad_rows": "quarantine", "max_bad_rows": RowLimit(share=1.0)}
    return flow.model_copy(update={"checks": (), "contract": flow.contract.model_copy(update=tolerant)})


@contextmanager
def _scratch(services: Services) -> Iterator[Path]:
    parent = services.settings.scratch_folder
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{SCRATCH_PREFIX}preview-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _rows(files: tuple[DataFile, ...]) -> Iterator[dict[str, Any]]:
    """The first rows of Parquet files, as Python has them."""
    import pyarrow.parquet as pq

    def every_row() -> Iterator[dict[str, Any]]:
        for file in files:
            yield from pq.read_table(file.path, partitioning=None).to_pylist()

    return islice(every_row(), SAMPLE_ROWS)
