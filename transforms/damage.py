"""Damaged records: text that no reader could take apart, kept with its record number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    import pyarrow.parquet as pq

    from transforms.records import Block

DAMAGE = {
    "quote": "a quote is open, or stands inside a field; quotes go around a whole field and are doubled inside",
    "encoding": "not UTF-8",
    "nul": "a NUL byte",
    "length": "longer than 2,000,000 bytes",
    "columns": "a value beside the columns of the header",
    "json": "not one JSON object with each of its keys once",
    "depth": "nested more than 500 deep",
}
"""What each rule of a damaged record says to people."""


class DamageLog:
    """Damaged records on disk, in order; the file is there only if there was one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, block: Block, first_record: int) -> None:
        """The damaged records of a block are kept; `first_record` is the number of its first record."""
        order = sorted(block.damaged)
        rules = [block.damaged[index] for index in order]
        raws = [readable(block.raw(index), rule) for index, rule in zip(order, rules, strict=True)]
        self.add_records([first_record + index for index in order], rules, raws)

    def add_records(self, numbers: Sequence[int], rules: Sequence[str], raws: Sequence[str]) -> None:
        """Damaged records are kept, each with its number, its rule and its text."""
        if not numbers:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({"record": pa.array(numbers, pa.int64()), "rule": list(rules), "raw": list(raws)})
        self._writer = self._writer or pq.ParquetWriter(self.path, table.schema)
        self._writer.write_table(table)
        self.records += len(numbers)

    def __enter__(self) -> DamageLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer:
            self._writer.close()


def readable(raw: bytes, rule: str) -> str:
    r"""Text from which the bytes can be had back: as they are, or escaped where they are not text.

    Example:
        >>> print(readable(b'caf\xe9 \\ x', "encoding"))
        caf\xe9 \\ x
    """
    if rule in {"quote", "json", "depth"} or (rule == "length" and _is_text(raw)):
        return raw.decode()
    doubled = raw.replace(b"\\", b"\\\\")
    return doubled.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _is_text(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False
