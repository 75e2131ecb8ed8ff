"""Staging links what is well-formed, and writes anew what is not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest

from transforms import records, unpack
from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.flow.read_options import ReadOptions
from transforms.staging import StagedText, stage_text
from transforms.unpack import Room

TEXT = b"a;b\n" + b"".join(b"%d;%d\n" % (number, number * number) for number in range(3000))


def staged(folder: Path, data: bytes, name: str = "a.csv") -> StagedText:
    (folder / "upload").write_bytes(data)
    (folder / "staged").mkdir()
    return stage_text(LocalUpload(name, folder / "upload"), folder / "staged", ReadOptions(), Room(2**20))


@pytest.mark.parametrize("line_break", [pytest.param("\n", id="LF"), pytest.param("\r\n", id="CRLF")])
def test_a_well_formed_file_is_linked(tmp_path: Path, line_break: str) -> None:
    data = line_break.join(["a;b", '1;"x\ny"', "2;z", ""]).encode()
    text = staged(tmp_path, data)
    assert text.path.samefile(tmp_path / "upload")
    assert (text.columns, text.records, text.damaged, text.line_break) == (("a", "b"), 2, 0, line_break)


@pytest.mark.parametrize(
    ("data", "written"),
    [
        pytest.param(b"a;b\n\n1;2\n", b"0;1\n1;2\n", id="blank lines"),
        pytest.param(b"a;b\n1;2\r\n3;4", b"0;1\n1;2\n3;4\n", id="mixed line breaks"),
        pytest.param(b"a;b\r1;2\r", b"0;1\n1;2\n", id="CR alone"),
        pytest.param(b'a;b\n1;"\n3;4\n', b"0;1\n3;4\n", id="damage"),
        pytest.param(b'a;"b\n"\n1;2\n', b"0;1\n1;2\n", id="a line break in the header"),
        pytest.param(b'a;b\r\n1;"x\r\n\ny"\n', b'0;1\n1;"x\r\n\ny"\n', id="quoted line breaks stay as they are"),
    ],
)
def test_any_other_file_is_written_anew(tmp_path: Path, data: bytes, written: bytes) -> None:
    assert staged(tmp_path, data).path.read_bytes() == written
    assert (tmp_path / "upload").read_bytes() == data


def test_several_gzip_members_are_one_text(tmp_path: Path) -> None:
    text = staged(tmp_path, gzip.compress(b"a;b\n1;") + gzip.compress(b"2\n"), name="a.CSV.GZ")
    assert text.path.read_bytes() == b"0;1\n1;2\n"


@pytest.mark.parametrize("packing", ["gzip", "bz2", "zstd"])
@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        pytest.param(lambda packed: packed, None, id="whole"),
        pytest.param(lambda packed: packed + packed, None, id="twice"),
        pytest.param(lambda packed: packed[:-6], "cut or damaged near byte", id="cut"),
        pytest.param(lambda packed: packed + b"a;b", "cut or damaged near byte", id="something behind"),
        pytest.param(lambda _: TEXT, "cut or damaged near byte", id="not packed"),
    ],
)
def test_what_is_packed_is_unpacked_whole_or_refused(
    tmp_path: Path, packing: Literal["gzip", "bz2", "zstd"], spoil: Callable[[bytes], bytes], refusal: str | None
) -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, packing) as stream:
        stream.write(TEXT)
    packed, name = sink.getvalue().to_pybytes(), {"gzip": "a.gz", "bz2": "a.bz2", "zstd": "a.csv.zst"}[packing]
    if refusal:
        with pytest.raises(UnreadableUpload, match=refusal):
            staged(tmp_path, spoil(packed), name=name)
    else:
        rows = TEXT.removeprefix(b"a;b\n")
        assert staged(tmp_path, spoil(packed), name=name).path.read_bytes() in {b"0;1\n" + rows, b"0;1\n" + rows + TEXT}


def test_damage_is_counted_and_logged_apart(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    text = staged(tmp_path, b'a;b\n1;2\n3;"4\n\xff;\n5;6\n')
    assert (text.records, text.damaged) == (4, 2)
    assert pq.read_table(text.damage).to_pylist() == [
        {"record": 2, "rule": "quote", "raw": '3;"4'},
        {"record": 3, "rule": "encoding", "raw": "\\xff;"},
    ]


def test_a_block_without_a_record_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 4)
    monkeypatch.setattr(unpack, "BLOCK_BYTES", 4)
    assert staged(tmp_path, b"a;b\n1;2\n\n\n\n\n\n\n\n\n3;4\n").path.read_bytes() == b"0;1\n1;2\n3;4\n"
