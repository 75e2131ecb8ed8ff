"""Replaying: the quarantined rows of an earlier run through the flow of today, as a supplement to its dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transforms.flow.contract import RowLimit
from transforms.formats.quarantined import rows_of_quarantine
from transforms.quarantine import QUARANTINE
from transforms.relation import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.draft import LocalUpload
    from transforms.flow.flow import Flow

NOTE = (
    "A supplement to an earlier dataset, of rows that were quarantined there: `max_bad_rows` and `checks`, which are "
    "about whole datasets, were not asked."
)


def is_replay(uploads: Sequence[LocalUpload]) -> bool:
    """True where only rows are read that an earlier run has quarantined."""
    return any(upload.quarantined for upload in uploads)


def for_supplements(flow: Flow) -> Flow:
    """The flow without what is about whole datasets: a supplement is small, and of rows that were bad before."""
    contract = flow.contract.model_copy(update={"max_bad_rows": RowLimit(share=1.0)})
    return flow.model_copy(update={"contract": contract, "checks": ()})


def restore_records(connection: DuckDBPyConnection, uploads: Sequence[LocalUpload]) -> None:
    """Rows that are in quarantine again have the number that they have in their upload.

    Those that were not read again have their text and reasons as well.
    """
    for order, upload in enumerate(uploads):
        if upload.quarantined:
            connection.execute(f"""
                UPDATE {QUARANTINE} SET record = kept.record, raw = kept.raw,
                    reasons = CASE WHEN kept.is_held THEN kept.reasons ELSE {QUARANTINE}.reasons END
                FROM {quoted(rows_of_quarantine(order))} AS kept
                WHERE {QUARANTINE}.place = {order} AND {QUARANTINE}.record = kept.place""")
