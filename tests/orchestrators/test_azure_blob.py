from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrators.azure_blob import AzureBlobLake
from orchestrators.errors import UploadChanged, UploadGone
from orchestrators.messages import Upload


def landed(lake: AzureBlobLake, content: bytes, name: str = "in/a.csv") -> Upload:
    lake.put("landing", name, content)
    version = lake.version_of("landing", name)
    assert version is not None
    return version


def test_a_version_is_downloaded_with_its_checksum(lake: AzureBlobLake, tmp_path: Path) -> None:
    content = b"id\n" + b"7\n" * 9_000_000  # more than one piece
    checksum = lake.download(landed(lake, content), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == content
    assert checksum == hashlib.sha256(content).hexdigest()


def test_a_replaced_version_is_never_read(lake: AzureBlobLake, tmp_path: Path) -> None:
    old = landed(lake, b"old")
    new = landed(lake, b"new")
    assert old.etag != new.etag
    with pytest.raises(UploadChanged, match="replaced"):
        lake.download(old, tmp_path / "a.csv")


def test_a_deleted_upload_is_told_as_gone(lake: AzureBlobLake, tmp_path: Path) -> None:
    upload = landed(lake, b"old")
    assert lake.delete_under("landing", "in/") == 1
    assert lake.version_of("landing", "in/a.csv") is None
    with pytest.raises(UploadGone, match="deleted"):
        lake.download(upload, tmp_path / "a.csv")


def test_the_same_bytes_again_are_a_new_version(lake: AzureBlobLake) -> None:
    assert landed(lake, b"same").etag != landed(lake, b"same").etag


def test_only_the_first_creates(lake: AzureBlobLake) -> None:
    assert lake.create("datasets", "manifest.json", b"first")
    assert not lake.create("datasets", "manifest.json", b"second")
    found = lake.read("datasets", "manifest.json")
    assert found is not None
    assert found[0] == b"first"


def test_a_swap_needs_the_etag_that_was_read(lake: AzureBlobLake) -> None:
    lake.put("datasets", "latest.json", b"1")
    found = lake.read("datasets", "latest.json")
    assert found is not None
    assert lake.swap("datasets", "latest.json", b"2", found[1])
    assert not lake.swap("datasets", "latest.json", b"3", found[1])
    assert (lake.read("datasets", "latest.json") or (b"", ""))[0] == b"2"


def test_nothing_is_found_where_there_is_no_container(lake: AzureBlobLake) -> None:
    assert lake.version_of("landing", "a.csv") is None
    assert lake.read("landing", "a.csv") is None
    assert list(lake.versions_in("landing")) == []
    assert lake.delete_under("landing", "") == 0


def test_an_address_has_no_key(lake: AzureBlobLake) -> None:
    assert lake.url("datasets", "flights/run/").endswith("/datasets/flights/run/")
