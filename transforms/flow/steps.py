"""The steps of a flow, as its file lists them: mappings of one verb each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Discriminator, Tag, create_model

from transforms.flow.declared import Declared
from transforms.steps.catalog import VERBS
from transforms.steps.declarations import Fitted


class OneStep(Declared):
    """One verb and what it says."""

    @property
    def verb(self) -> str:
        """The verb, as the flow file has it."""
        return next(iter(type(self).model_fields))

    @property
    def says(self) -> Any:
        """What the flow file says under the verb: the model that the verb's module declares."""
        return getattr(self, self.verb)

    @property
    def learns(self) -> bool:
        """True for a fitted step: it takes values from the data."""
        return isinstance(self.says, Fitted) and self.says.learns()


def _model_of(verb: str, says: type[BaseModel]) -> type[OneStep]:
    return create_model(f"Step_{verb}", __base__=OneStep, __doc__=says.__doc__, **{verb: (says, ...)})  # type: ignore[call-overload,no-any-return]  # field names come from the catalog


def _verb_of(step: Any) -> str | None:
    if isinstance(step, OneStep):
        return step.verb
    return str(next(iter(step))) if isinstance(step, Mapping) and len(step) == 1 else None


if TYPE_CHECKING:
    Step = OneStep
else:
    Step = Annotated[
        reduce(or_, [Annotated[_model_of(verb, known.model), Tag(verb)] for verb, known in VERBS.items()]),
        Discriminator(_verb_of),
    ]
