"""The header of a CSV text: its first records, which name the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from transforms.damage import DAMAGE
from transforms.errors import UnreadableUpload

if TYPE_CHECKING:
    from transforms.records import Block
    from transforms.text_form import TextForm


def header_of(block: Block, upload: str, form: TextForm) -> tuple[str, ...]:
    """The column names: declared, or as they are written in the first records of the first block.

    Raises:
        UnreadableUpload: such a record is damaged or not there; a column has no name, or the name of another one.
    """
    if form.column_names:
        return form.column_names
    if not form.header_rows:
        raise UnreadableUpload(f"{upload}: no header; declare column_names")
    if len(block) < form.header_rows:
        raise UnreadableUpload(f"{upload}: {len(block)} records; expected {form.header_rows} of them as the header")
    rows = []
    for index in range(form.header_rows):
        if rule := block.damaged.get(index):
            raise UnreadableUpload(f"{upload}: the header is not a line of CSV text: {DAMAGE[rule]}")
        rows.append(form.dialect.fields(block.raw(index)))
    return column_names(rows, upload, numbers_odd_names=form.numbers_odd_names)


def column_names(rows: Sequence[Sequence[str]], upload: str, *, numbers_odd_names: bool) -> tuple[str, ...]:
    """One name a column, out of the rows of a header.

    Shape:
        Several rows are joined by a space. In all but the last a blank cell goes on with the one before it.
    Raises:
        UnreadableUpload: a column has no name, or the name of another one, and they are not to be numbered.
    Example:
        >>> column_names([["", "sales", ""], ["day", "net", "gross"]], "a.csv", numbers_odd_names=False)
        ('day', 'sales net', 'sales gross')
        >>> column_names([["id", "", "id"]], "a.csv", numbers_odd_names=True)
        ('id', 'column_2', 'id_2')
    """
    if len(rows) == 1:
        names = list(rows[0])
    else:
        filled = [*(_carried_on(row) for row in rows[:-1]), rows[-1]]
        cells = zip_longest(*filled, fillvalue="")
        names = [" ".join(cell.strip() for cell in column if cell.strip()) for column in cells]
    if numbers_odd_names:
        return _numbered(names)
    nameless = [str(place) for place, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise UnreadableUpload(
            f"{upload}: no column name at place {', '.join(nameless)} of the header; expected one a column "
            "(or declare odd_names: number)"
        )
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise UnreadableUpload(
            f"{upload}: the header has {', '.join(repeated)} more than once; expected each name once "
            "(or declare odd_names: number)"
        )
    return tuple(names)


def _carried_on(row: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        cells.append(cell if cell.strip() or not cells else cells[-1])
    return cells


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """A blank name becomes that of its place; a repeated one gets the first number that makes it another."""
    taken: set[str] = set()
    found: list[str] = []
    given = {name for name in names if name.strip()}
    for place, name in enumerate(names, 1):
        wanted = name if name.strip() else f"column_{place}"
        number = 2
        chosen = wanted
        while chosen in taken or (chosen != name and chosen in given):
            chosen = f"{wanted}_{number}"
            number += 1
        taken.add(chosen)
        found.append(chosen)
    return tuple(found)
