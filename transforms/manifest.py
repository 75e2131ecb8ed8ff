"""The manifest of a dataset and the files beside it: what a draft says of itself, wherever it is published.

{dataset}/data/…  MLTable  fitted.json  profile.json  manifest.json
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from platform import python_version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transforms.draft import DataFile, Draft
    from transforms.flow.load import LoadedFlow

MANIFEST_VERSION = 1
MANIFEST = "manifest.json"
ML_TABLE = "MLTable"
FITTED = "fitted.json"
PROFILE = "profile.json"
DATA = "data/"
_TRANSFORMATIONS = {
    ".parquet": "  - read_parquet\n",
    ".csv": """  - read_delimited:
      delimiter: ','
      encoding: utf8
      header: all_files_same_headers
      support_multi_line: true
""",
    ".jsonl": "  - read_json_lines:\n      encoding: utf8\n",
}
"""How MLTable reads a file, by the ending of its name; it lists Arrow files, and does not read them."""
_ENGINES = ("duckdb", "pyarrow", "pandas")


def described(flow: LoadedFlow, parameters: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Everything that the manifest says of the flow, the data and the engine; nothing of where they lie."""
    return {
        "manifest_version": MANIFEST_VERSION,
        "flow": flow.flow.name,
        "revision": flow.revision,
        "source": flow.source_text,
        "parameters": dict(parameters),
        "files": [_file(file, DATA) for file in draft.files],
        "quarantine": [_file(file, "") for file in draft.quarantine],
        "schema": list(draft.schema),
        "rows": asdict(draft.counts),
        "checks": [asdict(check) for check in draft.checks],
        "drift": draft.drift,
        "profile": draft.profile,
        "fitted": draft.fitted,
        "dialects": list(draft.dialects),
        "notes": list(draft.notes),
        "versions": {"python": python_version()} | _engine_versions(),
    }


@cache
def _engine_versions() -> dict[str, str]:
    return {name: version(name) for name in _ENGINES}


def files_beside(manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The files that stand beside the manifest, by name: parts of it that other programs read by themselves."""
    return {
        ML_TABLE: ml_table(
            [file["name"] for file in manifest["files"]],
            partition_by=[name for file in manifest["files"][:1] for name in file.get("partition", ())],
        ),
        FITTED: json_bytes(manifest["fitted"]),
        PROFILE: json_bytes(manifest["profile"]),
    }


def ml_table(names: Iterable[str], partition_by: Sequence[str] = ()) -> bytes:
    """The file that lets Azure ML read the folder as it is; it lists files by name, as the manifest does.

    Source:
        The MLTable YAML schema of Azure Machine Learning (`MLTable.schema.json`).
    Example:
        >>> print(ml_table(["data/part-00000-0a1b.parquet"]).decode())
        type: mltable
        paths:
          - file: ./data/part-00000-0a1b.parquet
        transformations:
          - read_parquet
        <BLANKLINE>
    """
    listed = list(names)
    paths = "".join(f"  - file: ./{name}\n" for name in listed)
    endings = {ending for ending in _TRANSFORMATIONS for name in listed if ending in name}
    reading = "".join(_TRANSFORMATIONS[ending] for ending in sorted(endings))
    transformations = f"transformations:\n{_from_folders(partition_by)}{reading}" if reading else ""
    return f"type: mltable\npaths:\n{paths}{transformations}".encode()


def _from_folders(partition_by: Sequence[str]) -> str:
    """Columns from the names of the folders, as texts; before the files are read, since then it is too late."""
    folders = "".join(f"/{name}={{{name}}}" for name in partition_by)
    step = f"  - extract_columns_from_partition_format:\n      partition_format: '{folders}/*'\n"
    return step if folders else ""


def json_bytes(document: Any) -> bytes:
    """A document as the files of a dataset hold it: readable, and JSON in the strict sense.

    Example:
        >>> json_bytes({"rows": 2})
        b'{\\n "rows": 2\\n}'
    """
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _file(file: DataFile, folder: str) -> dict[str, Any]:
    return {
        "name": folder + file.name,
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "split": file.split,
        **({"partition": dict(file.partition)} if file.partition else {}),
    }
