"""A flow: one declared recipe, one YAML file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from transforms.flow.contract import Contract
from transforms.flow.declared import Declared
from transforms.flow.keep import Keep
from transforms.flow.lookup import Lookup
from transforms.flow.names import FlowName, WordName
from transforms.flow.output import Output
from transforms.flow.parameters import Parameter
from transforms.flow.source import Source
from transforms.flow.steps import Step
from transforms.flow.then import Then

Check = Annotated[str, Field(min_length=1)]


class Flow(Declared):
    """Which uploads, what contract, which steps, what output, what then."""

    name: FlowName = Field(alias="flow", description="the name of the flow")
    description: str = ""
    source: Source
    parameters: dict[WordName, Parameter] = Field(default_factory=dict)
    contract: Contract
    lookups: dict[WordName, Lookup] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    output: Output = Output()
    checks: tuple[Check, ...] = Field((), description="aggregates that must be true, such as `rows >= 100`")
    then: Then | None = None
    keep: Keep = Keep()
