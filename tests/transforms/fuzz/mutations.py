"""Seeded damage: bytes turned, cut, moved and planted, the same for the same seed."""

from __future__ import annotations

import io
import random
import zipfile

_WORDS = [b'"', b"'", b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"[", b"]", b"{"]
_WORDS += [b"}", b":", b"\\", b'""', b"nan", b"1e999", b"-", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x80" * 9]
_CHANGES = (1, 1, 1, 2, 3, 6)


def mutated(data: bytes, seed: int) -> bytes:
    """The bytes with a few changes, most often one; a ZIP archive is changed inside as often as outside."""
    chance = random.Random(seed)  # noqa: S311 - damage that can be had again
    if data.startswith(b"PK") and chance.random() < 0.5:
        return _mutated_inside(data, chance)
    return _changed(data, chance)


def _changed(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice(_CHANGES)):
        _change(found, chance)
    return bytes(found)


def _mutated_inside(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    victim = chance.choice(sorted(parts))
    parts[victim] = _changed(parts[victim], chance)
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
        return buffer.getvalue()


def _change(found: bytearray, chance: random.Random) -> None:
    place = _place(len(found), chance)
    other = _place(len(found), chance)
    size = min(chance.randint(1, 1 + len(found) // 8), 200)
    kind = chance.randrange(8)
    if kind == 0:
        found[place : place + 1] = bytes([chance.randrange(256)])
    elif kind == 1:
        found[place : place + 1] = bytes(byte ^ 1 << chance.randrange(8) for byte in found[place : place + 1])
    elif kind == 2:
        del found[place : place + size]
    elif kind == 3:
        found[place:place] = chance.choice(_WORDS)
    elif kind == 4:
        word = chance.choice(_WORDS)
        found[place : place + len(word)] = word
    elif kind == 5:
        found[place:place] = found[other : other + size]
    elif kind == 6:
        found[place : place + size] = bytes(min(size, max(0, len(found) - place)))
    else:
        del found[max(place, 1) :]


def _place(size: int, chance: random.Random) -> int:
    """Anywhere; near the end as often as elsewhere, because footers stand there."""
    if chance.random() < 0.3:
        return max(0, size - 1 - min(size, int(chance.expovariate(1 / 100))))
    return chance.randrange(size + 1)
