"""Leases: one holder of a blob at a time, by the clock of the storage service and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from orchestrators.azure_faults import told_as_unavailable
from orchestrators.errors import Held

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient

LEASE_S = 15
"""The shortest that there is: for so long a holder that died holds on."""

_RENEW_EVERY_S = 5.0


@contextmanager
def held(blob: BlobClient) -> Iterator[None]:
    """Inside, nobody else holds the blob, however long it takes; it can be read all the same.

    Raises:
        LookupError: there is no such blob.
        Held: somebody else holds it.
    """
    lease, is_over = _acquired(blob), Event()
    keeper = Thread(target=_keep, args=(lease, is_over), daemon=True, name="lease")
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()
        _let_go(lease)


def _acquired(blob: BlobClient) -> BlobLeaseClient:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.storage.blob import BlobLeaseClient

    where = f"{blob.container_name}/{blob.blob_name}"
    lease = BlobLeaseClient(blob)
    with told_as_unavailable(f"holding {where}"):
        try:
            lease.acquire(LEASE_S)
        except ResourceNotFoundError:
            raise LookupError(f"{where} is gone") from None
        except HttpResponseError as refusal:
            if refusal.status_code != 409:  # noqa: PLR2004 - Conflict: there is a lease already
                raise
            raise Held(f"somebody else holds {where}", retry_after_s=LEASE_S / 3) from None
    return lease


def _keep(lease: BlobLeaseClient, is_over: Event) -> None:
    from azure.core.exceptions import AzureError

    while not is_over.wait(_RENEW_EVERY_S):
        # Lost, it is not asked for again: whoever has it now is looked up by what it writes.
        with suppress(AzureError):
            lease.renew()


def _let_go(lease: BlobLeaseClient) -> None:
    from azure.core.exceptions import AzureError

    with suppress(AzureError):  # it ends by itself
        lease.release()
