"""Encodings are told by proof alone, and every byte can be had back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.encodings import detected_encoding, in_utf_8

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [pytest.param(1, id="byte by byte"), pytest.param(7, id="in pieces")])
def test_a_text_is_the_same_whatever_it_was_written_in(encoding: str, size: int) -> None:
    text = "id,note\n1,Zürich\n2,東京\n3,x\n"
    data = text.encode(encoding)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(in_utf_8(chunks, detected_encoding(data))).decode().removeprefix("\ufeff") == text


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0\0\0\0\0\0\0\0", id="zeros"),
        pytest.param("id,note\n1,é\n".encode("cp1252"), id="an 8-bit encoding is never guessed"),
        pytest.param(b"a\0b" * 5, id="some zeros"),
    ],
)
def test_without_proof_it_is_utf_8(data: bytes) -> None:
    assert detected_encoding(data) == "utf-8"


@given(st.binary(max_size=40))
def test_bytes_without_a_letter_are_no_utf_8_afterwards(data: bytes) -> None:
    found = b"".join(in_utf_8([data], "cp1252"))
    undefined = set(data) & {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    if undefined:
        with pytest.raises(UnicodeDecodeError):
            found.decode()
    else:
        assert found.decode() == data.decode("cp1252")
