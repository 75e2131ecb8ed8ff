"""A preview: a flow tried out on the first records of one upload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.draft import DataFile, Draft, Limits, LocalUpload
from transforms.errors import UploadTooLarge
from transforms.flow.contract import RowLimit
from transforms.flow.output import Output
from transforms.sampling import SAMPLE_ROWS, Sample, first_records

if TYPE_CHECKING:
    from transforms.flow.flow import Flow
    from transforms.flow.load import LoadedFlow


@dataclass(frozen=True)
class Previewed:
    """What came of it: the draft of a run over the sample, and what it left as plain values.

    `draft.rejection` says why such a run would publish nothing; rows are shown all the same where there are any.
    """

    sample_is_whole: bool
    draft: Draft
    rows: tuple[dict[str, Any], ...]
    rejections: tuple[dict[str, Any], ...]


def preview(
    flow: LoadedFlow,
    upload: LocalUpload,
    lookups: Mapping[str, Path],
    parameters: Mapping[str, Any],
    *,
    folder: Path,
    limits: Limits,
    is_whole: bool = True,
) -> Previewed:
    """What the flow would make of the first records of an upload; everything is written below `folder`.

    `is_whole` is False where only the start of the upload was brought here.

    Raises:
        TransformError: nothing could be made of them, or of the flow.
    """
    sample = first_records(upload, flow.flow.source, folder, is_whole=is_whole)
    trial = _Trial(sample, lookups, parameters, folder, limits, flow.path.parent)
    draft = trial.run(flow.flow, "strict")
    if draft.counts.read > SAMPLE_ROWS:
        raise UploadTooLarge(f"{upload.name}: of this format a preview takes up to {SAMPLE_ROWS:,} records")
    shown = trial.run(_lenient(flow.flow), "lenient") if draft.rejection else draft
    return Previewed(
        sample_is_whole=sample.is_whole,
        draft=replace(shown, rejection=draft.rejection, checks=draft.checks or shown.checks),
        rows=tuple(_rows(shown.files)),
        rejections=tuple(_rows(shown.quarantine)),
    )


@dataclass(frozen=True)
class _Trial:
    sample: Sample
    lookups: Mapping[str, Path]
    parameters: Mapping[str, Any]
    folder: Path
    limits: Limits
    flows_folder: Path

    def run(self, flow: Flow, name: str) -> Draft:
        from transforms.transform import transform

        scratch = self.folder / name
        scratch.mkdir()
        return transform(
            flow.model_copy(update={"output": Output()}),
            [self.sample.upload],
            self.lookups,
            self.parameters,
            scratch=scratch,
            limits=self.limits,
            flows_folder=self.flows_folder,
        )


def _lenient(flow: Flow) -> Flow:
    """The same flow without what is about whole datasets, so that a sample that breaks it shows its rows."""
    tolerant = {"bad_rows": "quarantine", "max_bad_rows": RowLimit(share=1.0)}
    return flow.model_copy(update={"checks": (), "contract": flow.contract.model_copy(update=tolerant)})


def _rows(files: tuple[DataFile, ...]) -> Iterator[dict[str, Any]]:
    """The first rows of Parquet files, as Python has them."""
    import pyarrow.parquet as pq

    def every_row() -> Iterator[dict[str, Any]]:
        for file in files:
            yield from pq.read_table(file.path, partitioning=None).to_pylist()

    return islice(every_row(), SAMPLE_ROWS)
