from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from orchestrators.publishing import publish_dataset
from orchestrators.services import Services
from tests.orchestrators.carrying_out import landed, transformed


def document(services: Services, name: str) -> Any:
    found = services.lake.read("datasets", name)
    assert found is not None
    return json.loads(found[0])


def test_publishing_again_changes_nothing(services: Services) -> None:
    publication = transformed(services, landed(services, "monday"))
    published = publish_dataset(services, publication)
    before = {blob.name: blob.etag for blob in services.lake.versions_in("datasets")}
    assert publish_dataset(services, publication) == published
    assert {blob.name: blob.etag for blob in services.lake.versions_in("datasets")} == before


def test_a_late_second_draft_never_replaces_what_is_published(services: Services) -> None:
    upload = landed(services, "monday")
    first = transformed(services, upload)
    publish_dataset(services, first)
    folder = f"readings/{first.request.run_id}/"
    manifest = document(services, folder + "manifest.json")
    late = transformed(services, upload)  # a duplicate of the activity, which ends after everything
    assert late.request.run_id == first.request.run_id
    publish_dataset(services, late)
    assert document(services, folder + "manifest.json") == manifest


def test_many_publishers_at_once_leave_one_whole_dataset(services: Services) -> None:
    publication = transformed(services, landed(services, "monday"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: publish_dataset(services, publication), range(8)))
    assert len(set(answers)) == 1
    manifest = document(services, f"readings/{publication.request.run_id}/manifest.json")
    there = {blob.name for blob in services.lake.versions_in("datasets")}
    assert {f"readings/{publication.request.run_id}/{file['name']}" for file in manifest["files"]} <= there


def test_latest_moves_forward_and_never_back(services: Services) -> None:
    older, newer = landed(services, "monday"), landed(services, "tuesday")
    runs = sorted(
        (transformed(services, upload) for upload in (older, newer)),
        key=lambda run: (run.request.uploads[0].last_modified, run.request.run_id),
    )
    for run in (runs[1], runs[0]):
        publish_dataset(services, run)
    assert document(services, "readings/latest.json")["run_id"] == runs[1].request.run_id
    services.lake.delete_under("datasets", "readings/latest.json")
    for run in runs:
        publish_dataset(services, run)
        assert document(services, "readings/latest.json")["run_id"] == run.request.run_id
