from __future__ import annotations

import base64

from tests.azurite import StorageAccount
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.storage import peek, send, send_raw
from tests.devhost.visitor import Visitor
from tests.waiting import wait_for


def test_a_message_fires_its_function_and_is_gone(start_host: StartHost, storage_account: StorageAccount) -> None:
    recorder = Recorder()
    send(storage_account, "work", "good")
    start_host(invoke=recorder)
    wait_for(lambda: recorder.count("on_work"), "the message")
    wait_for(lambda: peek(storage_account, "work") == [], "the empty queue")
    assert recorder.calls[0].data.value == "good"


def test_a_failing_message_goes_to_the_queues_own_poison_queue(
    start_host: StartHost, storage_account: StorageAccount
) -> None:
    recorder = Recorder()
    send(storage_account, "work", "bad")
    start_host(invoke=recorder)
    wait_for(lambda: peek(storage_account, "work-poison"), "the poison message")
    assert [call.metadata["DequeueCount"].value for call in recorder.calls] == [1, 2, 3, 4, 5]
    assert base64.b64decode(peek(storage_account, "work-poison")[0]) == b"bad"


def test_a_message_that_is_not_base64_is_poison_at_once(start_host: StartHost, storage_account: StorageAccount) -> None:
    recorder = Recorder()
    send_raw(storage_account, "work", "{not base64}")
    start_host(invoke=recorder)
    wait_for(lambda: peek(storage_account, "work-poison") == ["{not base64}"], "the poison message")
    assert recorder.calls == []


def test_a_poison_queue_has_no_poison_queue(start_host: StartHost, storage_account: StorageAccount) -> None:
    recorder = Recorder()
    send(storage_account, "webjobs-blobtrigger-poison", "{not JSON}")
    start_host(invoke=recorder)
    wait_for(lambda: recorder.count("on_poison") > 5, "one attempt more than other queues get")
    assert peek(storage_account, "webjobs-blobtrigger-poison-poison") == []


def test_is_fired_by_hand_with_a_text(start_host: StartHost) -> None:
    recorder = Recorder()
    host = start_host(invoke=recorder)
    assert Visitor.of(host).call("POST", "/admin/functions/on_work", {"input": "by hand"}).status == 202
    wait_for(lambda: recorder.count("on_work"), "the call by hand")
    assert recorder.calls[0].data.value == "by hand"
