"""A draft in one line: uploads as bytes, a flow as a mapping, quarantine and data back as plain rows."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.dividing import lookups_per_part
from transforms.draft import DataFile, Draft, Limits, LocalUpload
from transforms.flow.flow import Flow
from transforms.gathering import Facts
from transforms.part_files import Part
from transforms.transform import reduce_parts, transform, transform_part

LIMITS = Limits(memory_bytes=200 * 2**20, threads=2, scratch_bytes=2**30)


@dataclass(frozen=True)
class Drafted:
    """A draft, and what its files hold: they are gone when the test looks."""

    draft: Draft
    rows: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    folders: list[str]
    contents: list[bytes]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]

    @property
    def bad(self) -> dict[int, tuple[str | None, list[tuple[str | None, str]]]]:
        """Raw text and (column, rule) of each reason, by record number."""
        return {
            row["record"]: (row["raw"], [(reason["column"], reason["rule"]) for reason in row["reasons"]])
            for row in self.quarantine
        }


def flow_with(columns: Mapping[str, Any], **parts: Any) -> Flow:
    """A flow with this contract; `contract`, `source` and all else may be added to."""
    contract = {"columns": columns} | parts.pop("contract", {})
    source = {"path": "in/{name}", "format": "csv"} | parts.pop("source", {})
    return Flow.model_validate({"flow": "trial", "source": source, "contract": contract} | parts)


def drafted(
    flow: Flow,
    *uploads: bytes,
    name: str = "upload.csv",
    limits: Limits = LIMITS,
    lookups: Mapping[str, bytes] | None = None,
    parameters: Mapping[str, Any] | None = None,
    previous: Mapping[str, Any] | None = None,
    fitted: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    parts: Sequence[int] | None = None,
    meanwhile: Callable[[Sequence[Part]], None] = lambda _: None,
) -> Drafted:
    """What the flow makes of the uploads; the second is `2-upload.csv`, and so on. `files` lie beside the flow.

    `parts` says how many uploads each part has; without it all are transformed at once. `meanwhile` has the parts
    before they are brought together.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        local = [
            LocalUpload(f"{number}-{name}" if number > 1 else name, _written(Path(folder) / f"in-{number}", data))
            for number, data in enumerate(uploads, 1)
        ]
        for beside, written in (files or {}).items():
            (Path(folder) / beside).write_text(written, encoding="utf-8")
        tables = {key: _written(Path(folder) / key, data) for key, data in (lookups or {}).items()}
        said = Said(flow, tables, parameters or {}, limits, Path(folder), meanwhile)
        learnt = {"previous": previous, "fitted": fitted}
        draft = said.at_once(local, scratch, learnt) if parts is None else said.by_parts(local, scratch, learnt, parts)
        return Drafted(
            draft,
            _rows(draft.files),
            _rows(draft.quarantine),
            [file.path.relative_to(scratch.resolve()).parent.as_posix() for file in draft.files],
            [file.path.read_bytes() for file in draft.files],
        )


@dataclass(frozen=True)
class Said:
    """What a transform is told, whichever way it goes."""

    flow: Flow
    lookups: Mapping[str, Path]
    parameters: Mapping[str, Any]
    limits: Limits
    folder: Path
    meanwhile: Callable[[Sequence[Part]], None]

    def at_once(self, uploads: Sequence[LocalUpload], scratch: Path, learnt: Mapping[str, Any]) -> Draft:
        told: dict[str, Any] = {"scratch": scratch, "limits": self.limits, "flows_folder": self.folder}
        return transform(self.flow, uploads, self.lookups, self.parameters, **told, **learnt)

    def by_parts(
        self, uploads: Sequence[LocalUpload], scratch: Path, learnt: Mapping[str, Any], sizes: Sequence[int]
    ) -> Draft:
        """Each part in a folder of its own, with what travels from part to reduce gone through JSON."""
        left, arrived = iter(uploads), []
        needed = {name: path for name, path in self.lookups.items() if name in lookups_per_part(self.flow)}
        for place, size in enumerate(sizes):
            folder = self.folder / f"part-{place}"
            folder.mkdir()
            part = transform_part(
                self.flow,
                list(islice(left, size)),
                needed,
                self.parameters,
                scratch=folder,
                limits=self.limits,
                flows_folder=self.folder,
            )
            path = part.path.rename(scratch / f"part-{place}.duckdb")
            arrived.append(Part(path, Facts.from_dict(json.loads(json.dumps(part.facts.to_dict())))))
        self.meanwhile(arrived)
        told: dict[str, Any] = {"scratch": scratch, "limits": self.limits, "flows_folder": self.folder}
        return reduce_parts(self.flow, arrived, self.lookups, self.parameters, **told, **learnt)


def parquet(columns: Mapping[str, Any], **options: Any) -> bytes:
    """The bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer, **options)
    return buffer.getvalue()


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _rows(files: Sequence[DataFile]) -> list[dict[str, Any]]:
    """The rows of Parquet files; of files in another format none."""
    tables = [pq.read_table(file.path, partitioning=None) for file in files if file.path.suffix == ".parquet"]
    return [row for table in tables for row in table.to_pylist()]
