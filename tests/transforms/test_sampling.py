"""Sampling: the first records of an upload, whole, in the format that they had."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.orc as po
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.draft import LocalUpload
from transforms.errors import UploadTooLarge
from transforms.flow.source import Source
from transforms.sampling import SAMPLE_BYTES, SAMPLE_ROWS, cut_text, first_records

LINES = b"id,note\n" + b"".join(b'%d,"two\nlines"\n' % number for number in range(SAMPLE_ROWS + 5))


def upload(folder: Path, name: str, content: bytes) -> LocalUpload:
    path = folder / "upload"
    path.write_bytes(content)
    return LocalUpload(name, path)


def source(kind: str = "csv") -> Source:
    return Source.model_validate({"path": "{name}", "format": kind})


def test_text_is_cut_at_the_end_of_a_record(tmp_path: Path) -> None:
    sample = first_records(upload(tmp_path, "a.csv", LINES), source(), tmp_path, is_whole=True)
    assert not sample.is_whole
    assert sample.upload.path.read_bytes() == b"".join(LINES.splitlines(keepends=True)[: 1 + 2 * SAMPLE_ROWS])


def test_a_small_upload_is_its_own_sample(tmp_path: Path) -> None:
    sample = first_records(upload(tmp_path, "a.csv", b"id\n1\n2"), source(), tmp_path, is_whole=True)
    assert (sample.is_whole, sample.upload.path.read_bytes()) == (True, b"id\n1\n2")


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    sample = first_records(upload(tmp_path, "a.csv", b"id,note\n1,a\n2,cut he"), source(), tmp_path, is_whole=False)
    assert (sample.is_whole, sample.upload.path.read_bytes()) == (False, b"id,note\n1,a\n")


def test_a_packed_upload_is_unpacked(tmp_path: Path) -> None:
    sample = first_records(upload(tmp_path, "a.csv.gz", gzip.compress(LINES)), source(), tmp_path, is_whole=True)
    assert (sample.upload.name, sample.upload.path.read_bytes().count(b"two")) == ("a.csv", SAMPLE_ROWS)


def test_a_bomb_is_unpacked_no_further_than_needed(tmp_path: Path) -> None:
    bomb = gzip.compress(b"id\n" + b"1\n" * (20 * SAMPLE_BYTES))
    sample = first_records(upload(tmp_path, "a.csv.gz", bomb), source(), tmp_path, is_whole=True)
    assert sample.upload.path.stat().st_size == len("id\n") + SAMPLE_ROWS * len("1\n")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("a.csv.gz", "csv", id="packed"),
        pytest.param("a.parquet", "parquet", id="columnar"),
    ],
)
def test_what_needs_its_end_is_refused_without_it(tmp_path: Path, name: str, kind: str) -> None:
    with pytest.raises(UploadTooLarge, match="preview a smaller upload"):
        first_records(upload(tmp_path, name, b"start"), source(kind), tmp_path, is_whole=False)


@pytest.mark.parametrize(
    ("kind", "write", "read"),
    [
        pytest.param("parquet", pq.write_table, pq.read_table, id="parquet"),
        pytest.param("arrow", pf.write_feather, pf.read_table, id="arrow"),
        pytest.param("feather", pf.write_feather, pf.read_table, id="feather"),
        pytest.param("orc", po.write_table, po.read_table, id="orc"),
    ],
)
def test_columnar_uploads_keep_their_format(tmp_path: Path, kind: str, write: Any, read: Any) -> None:
    table = pa.table({"id": range(SAMPLE_ROWS + 5)})
    path = tmp_path / "upload"
    write(table, str(path))
    sample = first_records(LocalUpload("a", path), source(kind), tmp_path, is_whole=True)
    assert (sample.is_whole, read(str(sample.upload.path))) == (False, table.slice(0, SAMPLE_ROWS))


def test_damage_is_left_to_the_reader(tmp_path: Path) -> None:
    sample = first_records(upload(tmp_path, "a", b"PAR1 no more"), source("parquet"), tmp_path, is_whole=True)
    assert sample.upload.path.read_bytes() == b"PAR1 no more"


def test_text_of_wide_letters_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    wide = upload(tmp_path, "a.csv", "id\n1\n".encode("utf-16"))
    assert first_records(wide, source(), tmp_path, is_whole=True).upload == wide
    with pytest.raises(UploadTooLarge, match="encoding"):
        first_records(wide, source(), tmp_path, is_whole=False)


@given(st.binary(max_size=60), st.integers(0, 5))
def test_a_cut_is_a_start_of_the_text_with_closed_quotes(text: bytes, rows: int) -> None:
    kept = cut_text(text, rows, b'"', is_whole=False)
    assert text.startswith(kept)
    assert not kept or kept.endswith(b"\n")
    assert kept.count(b'"') % 2 == 0
