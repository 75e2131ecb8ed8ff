"""A flow: one declared recipe, one YAML file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.checks import Check, Drift, DriftCheck
from transforms.flow.collect import Collect
from transforms.flow.contract import Contract
from transforms.flow.declared import Declared
from transforms.flow.fitted import FittedFrom
from transforms.flow.keep import Keep
from transforms.flow.lookup import Lookup
from transforms.flow.names import FlowName, WordName
from transforms.flow.output import Output
from transforms.flow.parameters import Parameter
from transforms.flow.pattern import captures_of
from transforms.flow.source import Source
from transforms.flow.steps import Step
from transforms.flow.then import Then


class Flow(Declared):
    """Which uploads, what contract, which steps, what output, what then."""

    name: FlowName = Field(alias="flow", description="the name of the flow")
    description: str = ""
    run: Literal["durable", "direct"] = Field(
        "durable", description="direct: small uploads, carried out by the blob-triggered function itself"
    )
    source: Source
    collect: Collect | None = Field(None, description="several uploads are one run; without, each upload is one")
    parameters: dict[WordName, Parameter] = Field(default_factory=dict)
    contract: Contract
    lookups: dict[WordName, Lookup] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    fitted: FittedFrom | None = Field(None, description="apply what an earlier dataset learnt instead of learning")
    output: Output = Output()
    checks: tuple[Check, ...] = Field((), description="what must hold: aggregates such as `rows >= 100`, and `drift`")
    then: Then | None = None
    keep: Keep = Keep()

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns of every upload that is this flow's: of its source, and of what it collects beside it."""
        if self.collect is None:
            return (self.source.path,)
        lookups = (self.lookups[name].path for name in self.collect.lookups)
        return (self.source.path, *lookups, *self.collect.needs)

    def captures(self, name: str) -> dict[str, str] | None:
        """The captures of an upload that is this flow's, or None."""
        found = (captures_of(path, name) for path in self.paths)
        return next((captures for captures in found if captures is not None), None)

    @property
    def sql_checks(self) -> dict[int, str]:
        """The checks that are SQL, by their place."""
        return {place: check for place, check in enumerate(self.checks) if isinstance(check, str)}

    @property
    def drift_checks(self) -> dict[int, Drift]:
        """The checks that compare with an earlier dataset, by their place."""
        return {place: check.drift for place, check in enumerate(self.checks) if isinstance(check, DriftCheck)}
