"""What an earlier run learnt, applied again instead of learning: so training and serving agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.steps.step import Work


def earlier(
    work: Work, column: str, at: str, values: Mapping[str, type | tuple[type, ...]], **declared: Any
) -> Mapping[str, Any] | None:
    """What the earlier run recorded of a column, or None where this run learns for itself.

    Shape:
        It has all of `values`, each of its type, and what is `declared` is as the flow says it now.
    Raises:
        StepFailed: the earlier run learnt nothing of the column, or learnt it in another way.
    """
    if work.env.fitted is None:
        return None
    of_verb = work.env.fitted.get(work.verb)
    known = of_verb.get(column) if isinstance(of_verb, Mapping) else None
    if not isinstance(known, Mapping):
        work.fail(f"the earlier run learnt nothing of {column}; name a run that did, or leave out `fitted`", at)
    for name, value in declared.items():
        if known.get(name) != value:
            work.fail(f"the earlier run learnt {column} by {known.get(name)!r}, the flow says {value!r}", at)
    for name, kind in values.items():
        if known.get(name) is None or not isinstance(known[name], kind):
            work.fail(
                f"what the earlier run learnt of {column} has the {name} {known.get(name)!r}; name another run", at
            )
    return known
