"""Row rules: what a contract demands of several columns of one row, each rule with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.breaches import reason
from transforms.flow.expressions import bound, bracketed, columns_in
from transforms.relation import quoted, text

if TYPE_CHECKING:
    from transforms.flow.contract import Contract


@dataclass(frozen=True)
class RowRule:
    """A rule, the SQL of what must hold, and the columns that the SQL names."""

    name: str
    holds: str
    columns: tuple[str, ...]

    @property
    def broken(self) -> str:
        """SQL that is true for a row that breaks the rule."""
        return f"(NOT {self.holds})"


def row_rules_of(contract: Contract, parameters: Mapping[str, Any]) -> tuple[RowRule, ...]:
    """The rules of a contract with their parameters' values; null is not false, and breaks nothing.

    Source:
        SQL's CHECK passes a null as well; that a value must be there is what `required` says.
    Example:
        >>> from transforms.flow.contract import Contract
        >>> contract = Contract.model_validate({"columns": {"a": "int8", "b": "int8"}, "rules": {"rises": "a < b"}})
        >>> row_rules_of(contract, {})
        (RowRule(name='rises', holds='(a < b\\n)', columns=('a', 'b')),)
    """
    known = {name.casefold(): name for name in contract.columns}
    return tuple(
        RowRule(
            name,
            bracketed(bound(expression, parameters)),
            tuple(known[column] for column in columns_in(expression) if column in known),
        )
        for name, expression in contract.rules.items()
    )


def reasons_of_rows(rules: tuple[RowRule, ...], typed: Mapping[str, str], written: Mapping[str, str], rows: str) -> str:
    """SQL that gives (ordinal, reasons): the rules that each of `rows` breaks, with the values as written.

    Shape:
        `typed` and `written` have the SQL of each column over `rows`, SQL after FROM with a column ordinal.
        A rule that names a column whose value has the wrong type is not asked.
    """
    # Names of our own start with two underscores: the columns beside them have the names of the contract.
    used = dict.fromkeys(name for rule in rules for name in rule.columns)
    inner = ["ordinal AS __ordinal", *(f"{value} AS {quoted(name)}" for name, value in typed.items())]
    inner += [f"CAST({written[name]} AS VARCHAR) AS {quoted(f'__written_{name}')}" for name in used]
    cases = ", ".join(f"CASE WHEN {_asked(rule)} AND {rule.broken} THEN {_reason(rule)} END" for rule in rules)
    return f"""SELECT __ordinal AS ordinal, list_filter([{cases}], lambda reason: reason IS NOT NULL) AS reasons
        FROM (SELECT {", ".join(inner)} FROM {rows})"""


def _asked(rule: RowRule) -> str:
    misfits = [f"({quoted(f'__written_{name}')} IS NOT NULL AND {quoted(name)} IS NULL)" for name in rule.columns]
    return f"NOT ({' OR '.join(misfits) or 'false'})"


def _reason(rule: RowRule) -> str:
    shown = ", ".join(f"{text(f'{name}=')} || coalesce({quoted(f'__written_{name}')}, 'null')" for name in rule.columns)
    return reason("NULL", text(f"rules.{rule.name}"), f"concat_ws(', ', {shown})" if shown else "NULL")
