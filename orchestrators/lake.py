"""The lake, as the app sees it: a role with one adapter, `azure_blob.py`.

Every write is either content-named or conditional, because every effect can happen twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from orchestrators.messages import Upload


class Lake(Protocol):
    """Versioned blobs in containers."""

    def version_of(self, container: str, name: str) -> Upload | None:
        """The version that is there now, or None."""

    def versions_in(self, container: str, prefix: str = "") -> Iterator[Upload]:
        """The present version of every blob of a container whose name starts so, in the order of their names."""

    def download(self, upload: Upload, to: Path) -> str:
        """`to` holds this very version; answers the SHA-256 of its bytes.

        Raises:
            UploadChanged: another version has replaced it.
            UploadGone: it was deleted.
        """

    def read_range(self, upload: Upload, start: int, size_bytes: int) -> bytes:
        """At most `size_bytes` of this very version, from `start` on.

        Raises:
            UploadChanged: it is no longer there.
        """

    def put_file(self, container: str, name: str, path: Path) -> None:
        """A content-named file is there; writing it again changes nothing."""

    def put(self, container: str, name: str, content: bytes) -> None:
        """The blob holds `content`, whatever it held before."""

    def create(self, container: str, name: str, content: bytes) -> bool:
        """The blob exists; False if it did before, and then it is untouched."""

    def read(self, container: str, name: str) -> tuple[bytes, str] | None:
        """Content and ETag, or None where there is no such blob."""

    def swap(self, container: str, name: str, content: bytes, etag: str) -> bool:
        """The blob holds `content` if it was still at `etag`; False otherwise."""

    def amend(self, container: str, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """The blob holds what `change` made of its present content (None: there is none); None leaves it alone."""

    def delete(self, container: str, name: str) -> None:
        """There is no such blob."""

    def hold(self, container: str, name: str) -> AbstractContextManager[None]:
        """Inside, nobody else holds the blob; one that died while it did holds it for some seconds more.

        Raises:
            LookupError: there is no such blob.
            Unavailable: somebody else holds it.
        """

    def delete_under(self, container: str, prefix: str) -> int:
        """No blob is left under `prefix`; answers how many there were."""

    def url(self, container: str, name: str) -> str:
        """The address of a blob or folder, without any key."""
