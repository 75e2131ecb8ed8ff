"""The plan of a set that waits: an alarm clock, which forgets nothing because it knows nothing.

look ─► over, or its run was started ─► done
  ▲       `──► wait until it may be quiet, or the deadline ──┐
  `──────────────── or until something needed arrived ◄──────┘
"""

from __future__ import annotations

from azure.durable_functions import DurableOrchestrationContext

from orchestrators import names, policies
from orchestrators.messages import SetLook, SetState, UploadSet
from orchestrators.policies import Steps, steadily

LOOKS = 50
"""After so many the history begins anew; an event that is lost in that moment is made good by the sweep."""


def collect_uploads(context: DurableOrchestrationContext) -> Steps:
    """The set has its run, or nothing of it is left to wait for."""
    of = UploadSet.from_dict(context.get_input())
    arrived = context.wait_for_external_event(names.ARRIVED)
    for _ in range(LOOKS):
        look = SetLook(of=of, at=context.current_utc_datetime)
        state = SetState.from_dict((yield from steadily(context, names.SETTLE_SET, look, policies.STORAGE)))
        if state.look_at is None:
            return state.to_dict()
        timer = context.create_timer(max(state.look_at, context.current_utc_datetime))
        yield context.task_any([timer, arrived])
        if not timer.is_completed:
            timer.cancel()
        if arrived.is_completed:
            arrived = context.wait_for_external_event(names.ARRIVED)
    context.continue_as_new(of.to_dict())
    return None
