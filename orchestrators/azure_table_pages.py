"""Pages of a table whose row keys start with a time turned round: newest first, from a key on.

A page ends at a key, not at a number of records, so that what comes in between moves nothing. The key is all that
a table can search by: what else is asked for is looked at record by record, by the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrators.errors import RequestRefused
from orchestrators.ledger import Query

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_INVERTED = str.maketrans("0123456789", "9876543210")
_PLACE = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12,24}")
_MOST_AT_ONCE = 1000
CLOCK_SKEW = timedelta(hours=1)
"""By how much an upload may seem younger than the run over it."""


def turned_round(moment: str) -> str:
    """A time as row keys start with it: the newest first.

    Example:
        >>> turned_round("20130131T060000Z")
        '79869868T939999Z'
    """
    return moment.translate(_INVERTED)


def entities_of(
    table: TableClient, partition: str, query: Query, *, key: str | None = None
) -> Iterator[dict[str, Any]]:
    """Every entity of a partition that the query finds, from its place on, newest first; or the one with a key."""
    wanted: dict[str, Any] = {"partition": partition}
    filters = ["PartitionKey eq @partition"]
    if key is not None:
        filters.append("RowKey eq @key")
        wanted["key"] = key
    if query.next is not None:
        filters.append("RowKey gt @after")
        wanted["after"] = _place(query.next)
    if query.until is not None:
        # A run starts after its uploads are there, so the newer keys need not be looked at.
        filters += ["at lt @until", "RowKey ge @first"]
        wanted["until"] = query.until.isoformat()
        wanted["first"] = turned_round(f"{_with_skew(query.until):%Y%m%dT%H%M%SZ}")
    if query.since is not None:
        filters.append("at ge @since")
        wanted["since"] = query.since.isoformat()
    for name, value in (("flow", query.flow), ("status", query.status), ("is_open", query.is_open)):
        if value is not None:
            filters.append(f"{name} eq @{name}")
            wanted[name] = value
    found = table.query_entities(
        " and ".join(filters), parameters=wanted, results_per_page=min(query.limit + 1, _MOST_AT_ONCE)
    )
    return (dict(entity) for entity in found)


def keys_of(table: TableClient, partition: str) -> set[str]:
    """The row key of every entity of a partition, and of each no more than that."""
    wanted = {"partition": partition}
    found = table.query_entities("PartitionKey eq @partition", parameters=wanted, select=["RowKey"])
    return {str(entity["RowKey"]) for entity in found}


def page_of(entities: Iterator[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` entities, and the place to go on from where there are more."""
    found = list(islice(entities, limit + 1))
    return found[:limit], str(found[limit - 1]["RowKey"]) if len(found) > limit else None


def _with_skew(moment: datetime) -> datetime:
    return moment + min(CLOCK_SKEW, datetime.max.replace(tzinfo=UTC) - moment)


def _place(token: str) -> str:
    if not _PLACE.fullmatch(token):
        raise RequestRefused(400, "Query invalid", "next: not a page of this listing; start without it")
    return token
