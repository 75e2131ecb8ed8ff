"""The plan, driven by the SDK's real replay code; its activities are played by a cast."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devhost.clock import Clock
from devhost.host import LocalHost, running_in_thread
from devhost.invoker import Invocation, Invoke
from orchestrators import names
from orchestrators.messages import (
    CallbackRound,
    Ended,
    Message,
    Outcome,
    PartDone,
    PipelineState,
    Planned,
    Published,
    Reason,
    Rows,
    RunRecord,
    RunRequest,
    Transformed,
    Upload,
)
from orchestrators.services import now, services
from tests.devhost.visitor import Visitor

ROOT = Path(__file__).parents[2]
UPLOAD = Upload(account="a", container="landing", name="a.csv", etag="0x1", size_bytes=1, last_modified=now())
REQUEST = RunRequest(run_id="20130131T060000Z-0123456789ab", flow="readings", revision="r", uploads=(UPLOAD,))
BAD_ROWS = Ended(status="rejected", uploads="rejected", reason=Reason(code="contract_broken", message="bad rows"))
RUNNING = PipelineState(status="running", run_id="7")
SUCCEEDED = PipelineState(status="succeeded", run_id="7")

Answer = Message | Exception | Callable[[Any], Message]


class Cast:
    """Plays every activity: answers in turn, the last one again and again."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Answer]] = {
            names.PLAN_RUN: [Planned(has_pipeline=True, wait_s=7200)],
            names.TRANSFORM_UPLOADS: [Transformed(draft="draft.json", rows=Rows(read=3, published=2, quarantined=1))],
            names.TRANSFORM_PART: [lambda part: PartDone(document=f"part-{part['number']}.json")],
            names.REDUCE_PARTS: [Transformed(draft="draft.json", rows=Rows(read=3, published=3))],
            names.PUBLISH_DATASET: [Published(output_url="https://a/d/", manifest_url="https://a/d/manifest.json")],
            names.START_PIPELINE: [RUNNING],
            names.CHECK_PIPELINE: [SUCCEEDED],
            names.CANCEL_PIPELINE: [RUNNING],
            names.CALL_BACK: [CallbackRound(run_id=REQUEST.run_id, keys=())],
        }
        self.callbacks: tuple[str, ...] = ()
        self.meanwhile: dict[str, Callable[[], Awaitable[None] | None]] = {}
        self.called: list[str] = []
        self.given: list[Any] = []
        self.under_way = self.most_under_way = 0
        self.reported: Outcome | None = None

    def will(self, activity: str, *answers: Answer) -> None:
        self.lines[activity] = list(answers)

    def meanwhile_cancelled(self, host: LocalHost, activity: str) -> None:
        """A caller cancels the run while this activity is under way for the first time."""
        self.meanwhile[activity] = lambda: host.operations.raise_event(REQUEST.run_id, names.CANCEL, "null")

    def __call__(self, invoke: Invoke) -> Invoke:
        async def playing(invocation: Invocation) -> Any:
            if invocation.function.kind != "activityTrigger":
                return await invoke(invocation)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                await asyncio.sleep(0)  # whoever was called at the same moment comes on as well
                if (happens := self.meanwhile.pop(invocation.function.name, None)) and (waits := happens()):
                    await waits
                return json.dumps(self._answer(invocation.function.name, json.loads(str(invocation.data.value))))
            finally:
                self.under_way -= 1

        return playing

    def _answer(self, activity: str, message: Any) -> dict[str, Any]:
        self.called.append(activity)
        self.given.append(message)
        if activity == names.REPORT_RUN and activity not in self.lines:
            self.reported = Outcome.from_dict(message)
            return RunRecord(**vars(self.reported), started_at=now(), callbacks=self.callbacks).to_dict()
        lines = self.lines[activity]
        answer = lines.pop(0) if len(lines) > 1 else lines[0]
        if isinstance(answer, Exception):
            raise answer
        return (answer if isinstance(answer, Message) else answer(message)).to_dict()

    def told(self, activity: str) -> list[Any]:
        """What each call of an activity was told."""
        return [message for called, message in zip(self.called, self.given, strict=True) if called == activity]

    def count(self, activity: str) -> int:
        return self.called.count(activity)


@contextmanager
def stage(cast: Cast, environment: dict[str, str], state: Path, clock: Clock) -> Iterator[LocalHost]:
    """The local host with the app, whose activities are the cast's."""
    settings = environment | {
        "AzureWebJobsStorage": environment["LakeStorage"],
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "BLOB_TRIGGER_SOURCE": "EventGrid",
    }
    host = LocalHost(ROOT, settings, state, clock=clock, invoke=cast)
    try:
        with running_in_thread(host):
            yield host
    finally:
        services.cache_clear()


def begin(visitor: Visitor, request: RunRequest = REQUEST) -> str:
    """The plan has begun; its id."""
    return visitor.start(names.INGEST, request.to_dict(), request.run_id)


def play(visitor: Visitor, cast: Cast, request: RunRequest = REQUEST) -> Outcome:
    """Run the plan to its end, and give what it reported."""
    return play_on(visitor, cast, begin(visitor, request))


def play_on(visitor: Visitor, cast: Cast, instance_id: str) -> Outcome:
    """What the plan reported at its end."""
    ended = visitor.finished(instance_id)
    assert ended["runtimeStatus"] == "Completed", ended["output"]
    assert cast.reported
    return cast.reported
