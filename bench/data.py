"""The data of a bench: files made when they are first asked for, and the blob that a case reads."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.environments import BENCH
from demo.installation import ROOT, say

DATA = BENCH / "data"
CONTAINER = "landing"


@dataclass(frozen=True)
class DataFile:
    """One file, how many rows it has, and how many of them are bad."""

    path: Path
    rows: int
    bad: int


def data_file(data: str, size_mb: int, folder: Path = DATA) -> DataFile:
    """`damaged.csv` of that size, say, is there.

    It is made by another process, so that this one stays small: see `measuring`.
    """
    state, _, kind = data.partition(".")
    path = folder / f"{state}-{size_mb}.{kind}"
    facts = path.with_name(f"{path.name}.json")
    if not facts.exists():
        say(f"making {path.name}")
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "bench.data_files", kind, state, str(size_mb), str(path)]
        made = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
        facts.write_text(made.stdout, encoding="utf-8")
    known = json.loads(facts.read_text(encoding="utf-8"))
    return DataFile(path, known["rows"], known["bad"])


def put_blob(connection_string: str, file: DataFile) -> str:
    """The file is a blob that the flow `taxi` matches; its container and name."""
    name = f"taxi/{file.path.name}"
    code = (
        "import sys; from azure.storage.blob import BlobServiceClient\n"
        "client = BlobServiceClient.from_connection_string(sys.argv[1], max_block_size=8 << 20)\n"
        "client.create_container(sys.argv[2])\n"
        "with open(sys.argv[4], 'rb') as file:\n"
        "    client.get_blob_client(sys.argv[2], sys.argv[3]).upload_blob(file, max_concurrency=2)\n"
    )
    subprocess.run([sys.executable, "-c", code, connection_string, CONTAINER, name, str(file.path)], check=True)
    return f"{CONTAINER}/{name}"
