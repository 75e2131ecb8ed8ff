from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.blob_trigger import BlobPattern
from devhost.host import LocalHost
from devhost.invoker import Invocation, Invoke
from tests.azurite import StorageAccount
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.storage import upload
from tests.devhost.visitor import Visitor
from tests.waiting import wait_for


def test_a_new_blob_fires_its_function_once(start_host: StartHost, storage_account: StorageAccount) -> None:
    recorder = Recorder()
    start_host(invoke=recorder)
    upload(storage_account, "landing", "trips/2024/a.csv", b"1")
    wait_for(lambda: recorder.count("on_upload"), "the first blob")
    upload(storage_account, "landing", "b.csv", b"2")
    wait_for(lambda: recorder.count("on_upload") == 2, "the second blob, and not the first again")
    assert [call.metadata["name"].value for call in recorder.calls] == ["trips/2024/a.csv", "b.csv"]


def test_a_new_version_fires_again_and_a_restart_does_not(
    start_host: StartHost, storage_account: StorageAccount
) -> None:
    first, second = Recorder(), Recorder()
    start_host(invoke=first)
    upload(storage_account, "landing", "a.csv", b"1")
    wait_for(lambda: first.count("on_upload") == 1, "the first version")
    upload(storage_account, "landing", "a.csv", b"1")
    wait_for(lambda: first.count("on_upload") == 2, "the second version, of the same bytes")
    start_host(invoke=second)
    upload(storage_account, "landing", "b.csv", b"2")
    wait_for(lambda: second.count("on_upload"), "the new blob")
    assert [call.metadata["name"].value for call in second.calls] == ["b.csv"]


def test_a_blob_that_keeps_failing_goes_to_the_poison_queue(
    start_host: StartHost, storage_account: StorageAccount
) -> None:
    recorder = Recorder()
    start_host(invoke=recorder)
    etag = upload(storage_account, "landing", "bad.csv", b"bad")
    wait_for(lambda: recorder.count("on_poison"), "the poison message")
    message = next(call.data.value for call in recorder.calls if call.function.name == "on_poison")
    assert recorder.count("on_upload") == 5
    assert message == (
        '{"FunctionId": "Host.Functions.on_upload", "BlobType": "BlockBlob", "ContainerName": "landing", '
        f'"BlobName": "bad.csv", "ETag": "{etag}"}}'
    )


def test_a_poisoned_blob_is_not_tried_by_the_next_host(start_host: StartHost, storage_account: StorageAccount) -> None:
    first, second = Recorder(), Recorder()
    start_host(invoke=first)
    upload(storage_account, "landing", "bad.csv", b"bad")
    wait_for(lambda: first.count("on_poison"), "the poison message")
    start_host(invoke=second)
    upload(storage_account, "landing", "good.csv", b"good")
    wait_for(lambda: second.count("on_upload"), "the good blob")
    assert [call.metadata["name"].value for call in second.calls] == ["good.csv"]


def test_attempts_are_counted_across_restarts(start_host: StartHost, storage_account: StorageAccount) -> None:
    before, after = FailingUntilStopped(attempts=3), Recorder()
    host = start_host(invoke=before)
    upload(storage_account, "landing", "bad.csv", b"bad")
    wait_for(lambda: before.is_stuck, "the third attempt")
    start_host(invoke=after)
    wait_for(lambda: after.count("on_poison"), "the poison message")
    assert after.count("on_upload") == 5 - (3 - 1)
    assert isinstance(host, LocalHost)


class FailingUntilStopped:
    """Lets attempts fail, and leaves the last of them unfinished."""

    def __init__(self, attempts: int) -> None:
        self.left, self.is_stuck = attempts, False

    def __call__(self, invoke: Invoke) -> Invoke:
        async def failing(invocation: Invocation) -> Any:
            self.left -= 1
            if not self.left:
                self.is_stuck = True
                await _for_ever()
            return await invoke(invocation)

        return failing


async def _for_ever() -> None:
    await asyncio.Event().wait()


def test_runs_no_more_attempts_at_once_than_host_json_allows(
    start_host: StartHost, storage_account: StorageAccount
) -> None:
    crowd = Crowd()
    for number in range(6):
        upload(storage_account, "landing", f"{number}.csv", b"1")
    start_host(invoke=crowd)
    wait_for(lambda: crowd.ended == 6, "all blobs")
    assert crowd.most == 2


class Crowd:
    """Counts how many calls run at once."""

    def __init__(self) -> None:
        self.running = self.most = self.ended = 0

    def __call__(self, invoke: Invoke) -> Invoke:
        async def counting(invocation: Invocation) -> Any:
            self.running += 1
            self.most = max(self.most, self.running)
            result = await invoke(invocation)
            self.running -= 1
            self.ended += 1
            return result

        return counting


def test_a_missing_container_is_waited_for(
    start_host: StartHost, storage_account: StorageAccount, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    with caplog.at_level(logging.WARNING):
        start_host(invoke=recorder)
        upload(storage_account, "landing", "late.csv", b"1")
        wait_for(lambda: recorder.count("on_upload"), "the blob of the new container")
    assert [record for record in caplog.records if record.name == "devhost"] == []


def test_is_fired_by_hand_for_a_path(start_host: StartHost, storage_account: StorageAccount) -> None:
    recorder = Recorder()
    host = start_host(invoke=recorder)
    upload(storage_account, "events", "a.csv", b"1")
    answer = Visitor.of(host).call("POST", "/admin/functions/on_event", {"input": "events/a.csv"})
    assert answer.status == 202
    wait_for(lambda: recorder.count("on_event"), "the call by hand")


@pytest.mark.parametrize(
    ("path", "blob", "captures"),
    [
        pytest.param("landing/{name}", "a/b.csv", {"name": "a/b.csv"}, id="a capture takes slashes"),
        pytest.param("landing", "a.csv", {"name": "a.csv"}, id="a container alone"),
        pytest.param("landing/in/{name}.csv", "in/a.csv", {"name": "a"}, id="literals around"),
        pytest.param("landing/in/{name}.csv", "out/a.csv", None, id="other folder"),
        pytest.param("landing/{name}.csv", "aXcsv", None, id="a dot is a dot"),
        pytest.param("landing/{flow}/{name}", "x/y", {"flow": "x", "name": "y"}, id="two captures"),
    ],
)
def test_a_path_means_these_blobs(path: str, blob: str, captures: dict[str, str] | None) -> None:
    pattern = BlobPattern.from_path(path)
    assert (pattern.container, pattern.captures(blob)) == ("landing", captures)


@given(st.text(min_size=1))
def test_a_capture_takes_every_name(name: str) -> None:
    assert BlobPattern.from_path("landing/{name}").captures(name) == {"name": name}
