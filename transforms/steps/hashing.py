"""The place of a key between 0 and 1, by hash: the same in every file, every run and every version."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.relation import text

_DIGITS = 13
"""Hexadecimal digits of the hash that count: 52 bits, exact in every number type."""

WHOLE = 16**_DIGITS
"""The number of places."""


def place_of(salt: str, keys: Sequence[str]) -> str:
    """SQL for the place of a row's key, a whole number from 0 to `WHOLE` - 1.

    Source:
        The first 52 bits of md5 over `{salt}|` and, for each column of the key, `{length}:{text};` (`-;` for a null).
    """
    texts = [f"coalesce(strlen({key}::VARCHAR)::VARCHAR || ':' || {key}::VARCHAR, '-') || ';'" for key in keys]
    return f"('0x' || left(md5({' || '.join([text(f'{salt}|'), *texts])}), {_DIGITS}))::BIGINT"
