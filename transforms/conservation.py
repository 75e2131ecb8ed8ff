"""Conservation: no row comes or goes without being counted, by counts that know nothing of each other.

read (record counter) = good (table) + quarantined (table) + dropped (bad records)
what the parts of a run left = what arrived where they are brought together (files of the engine, counted there)
good = in of the first step;  out = in - removed + added;  out of a step = in of the next
out of the last step = rows in the footers of the published files
"""

from __future__ import annotations

from itertools import pairwise

from transforms.draft import RowCounts
from transforms.errors import RowsLost


def confirm_ingest(counts: RowCounts) -> None:
    """Every record that was read is in exactly one place.

    Raises:
        RowsLost: the counts disagree.
    Example:
        >>> confirm_ingest(RowCounts(read=10, good=8, quarantined=1, dropped=0, steps=(), published=8))
        Traceback (most recent call last):
        transforms.errors.RowsLost: 10 records were read, but 8 good + 1 quarantined + 0 dropped are 9; nothing is ...
    """
    kept = counts.good + counts.quarantined + counts.dropped
    if counts.read != kept:
        raise RowsLost(
            f"{counts.read:,} records were read, but {counts.good:,} good + {counts.quarantined:,} quarantined + "
            f"{counts.dropped:,} dropped are {kept:,}; nothing is published: this is a fault of the app, report it"
        )


def confirm_part(counts: RowCounts, found: int, place: int) -> None:
    """A part's file holds the rows that the part counted when it left it.

    Raises:
        RowsLost: the counts disagree.
    Example:
        >>> confirm_part(RowCounts(read=3, good=2, quarantined=1, dropped=0, steps=(), published=0), 2, place=0)
    """
    left = counts.steps[-1].rows_out if counts.steps else counts.good
    if left != found:
        raise RowsLost(
            f"part {place + 1} left {left:,} rows, but {found:,} arrived; nothing is published: "
            "this is a fault of the app, report it"
        )


def confirm_steps(counts: RowCounts) -> None:
    """Every good row went through the steps into the published files, or was counted out by a step.

    Raises:
        RowsLost: the counts disagree; the message has all of them.
    """
    stations = [("contract", counts.good)]
    for step in counts.steps:
        if step.rows_out != step.rows_in - step.removed + step.added:
            raise RowsLost(f"{step.step}: {step.rows_out:,} rows came out{_told(counts)}")
        stations += [(f"into {step.step}", step.rows_in), (f"out of {step.step}", step.rows_out)]
    stations.append(("files", counts.published))
    for (before, left), (after, arrived) in list(pairwise(stations))[::2]:
        if left != arrived:
            raise RowsLost(f"{before}: {left:,} rows, but {after}: {arrived:,}{_told(counts)}")


def _told(counts: RowCounts) -> str:
    steps = "".join(
        f", {step.step} {step.rows_in:,} - {step.removed:,} + {step.added:,} = {step.rows_out:,}"
        for step in counts.steps
    )
    return (
        f" (read {counts.read:,}, good {counts.good:,}{steps}, published {counts.published:,}); "
        "nothing is published: this is a fault of the app, report it"
    )
