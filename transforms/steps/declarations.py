"""What the model of a step may tell about itself, beside what the flow file says."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Fitted(Protocol):
    """A step that may take values from the data."""

    def learns(self) -> bool:
        """True when it does, as it is declared here."""
        ...


@runtime_checkable
class HasExpressions(Protocol):
    """A step with SQL expressions over one row."""

    def expressions(self) -> dict[str, str]:
        """Each expression, by its place in the step."""
        ...


@runtime_checkable
class HasTotals(Protocol):
    """A step with SQL expressions that sum up the rows of a group."""

    def totals(self) -> dict[str, str]:
        """Each expression, by its place in the step."""
        ...


@runtime_checkable
class HasOrders(Protocol):
    """A step with an ORDER BY."""

    def orders(self) -> dict[str, str]:
        """Each order, by its place in the step."""
        ...


@runtime_checkable
class HasSelects(Protocol):
    """A step with a whole SELECT."""

    def selects(self) -> dict[str, str]:
        """Each statement, by its place in the step."""
        ...
