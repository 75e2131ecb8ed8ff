"""Breaches: in which ways a row can break the contract, as SQL predicates.

A rule of a column is `type`, `required`, `min`, `max`, `length`, `pattern` or `allowed`. Rules about several
columns live in `row_rules`, `unique` is about many rows and lives in `uniqueness`; `columns` and the rules
of damaged text come from the reader.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.column_types import finite, sql_type, typed
from transforms.flow.contract import Column
from transforms.flow.values import MOMENTS
from transforms.flow.values import typed as declared_value
from transforms.relation import text

REASON = 'STRUCT("column" VARCHAR, rule VARCHAR, "value" VARCHAR)'
"""Why a row is bad: the column (null where the whole record is meant), the rule, and the value as written."""


@dataclass(frozen=True)
class Rule:
    """A rule and the SQL that is true for a row that breaks it (false or null otherwise)."""

    name: str
    broken: str


def rules_of(column: Column, source: str, source_type: str) -> list[Rule]:
    """Every rule of a column, over the SQL of what was read.

    Shape:
        A null breaks `required` alone. A value of the wrong type breaks `type` alone.
    Example:
        >>> [rule.name for rule in rules_of(Column(type="int8", required=True, max=12), "month", "VARCHAR")]
        ['type', 'required', 'max']
    """
    value = typed(column, source, source_type)
    wrong = wrong_type(source, value)
    return [wrong, *(_unless(wrong, rule) for rule in constraints_of(column, value))]


def wrong_type(source: str, value: str) -> Rule:
    """The rule that what was read is of the declared type."""
    return Rule("type", f"({source} IS NOT NULL AND {value} IS NULL)")


def constraints_of(column: Column, value: str) -> list[Rule]:
    """Every rule but `type`, over the SQL of a typed value."""
    kept = finite(column, value)
    rules = []
    if column.required:
        rules.append(Rule("required", f"({kept} IS NULL)"))
    if column.min is not None:
        rules.append(Rule("min", f"({kept} < {_literal(column, column.min)})"))
    if column.max is not None:
        rules.append(Rule("max", f"({kept} > {_literal(column, column.max)})"))
    if column.length is not None:
        rules.append(Rule("length", _wrong_length(column, kept)))
    if column.pattern is not None:
        rules.append(Rule("pattern", f"(NOT regexp_matches(CAST({kept} AS VARCHAR), {text(column.pattern)}))"))
    if column.allowed is not None:
        listed = ", ".join(_literal(column, item) for item in column.allowed)
        rules.append(Rule("allowed", f"({kept} NOT IN ({listed}))"))
    return rules


def any_broken(rules: list[Rule]) -> str:
    """SQL that is true for a row that breaks one of the rules, and never null."""
    return f"coalesce({' OR '.join(rule.broken for rule in rules)}, false)" if rules else "false"


def reasons(rules: dict[str, list[Rule]], values: dict[str, str]) -> str:
    """SQL for the list of all reasons of a row; `values` is the SQL of each column's value as written."""
    cases = [
        f"CASE WHEN {rule.broken} THEN {reason(text(column), text(rule.name), values[column])} END"
        for column, its_rules in rules.items()
        for rule in its_rules
    ]
    return f"list_filter([{', '.join(cases)}]::{REASON}[], lambda reason: reason IS NOT NULL)"


def reason(column: str, rule: str, value: str) -> str:
    """SQL for one reason."""
    return f"CAST(ROW({column}, {rule}, CAST({value} AS VARCHAR)) AS {REASON})"


def _unless(first: Rule, rule: Rule) -> Rule:
    return Rule(rule.name, f"({rule.broken} AND NOT {first.broken})") if rule.name == "required" else rule


def _wrong_length(column: Column, value: str) -> str:
    limits = column.length
    size = f"{'octet_length' if column.type == 'binary' else 'len'}({value})"
    low = [f"{size} < {limits.min}"] if limits and limits.min is not None else []
    high = [f"{size} > {limits.max}"] if limits and limits.max is not None else []
    return f"({' OR '.join(low + high)})"


def _literal(column: Column, value: str | float) -> str:
    """A constraint's value as SQL; a number keeps its own type, so that `min: 0.5` of an integer is not rounded."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    # A CAST would drop the offset of a timestamp; values.typed reads it.
    moment = declared_value(column.type, value) if column.type in MOMENTS else value
    return f"CAST({text(str(moment))} AS {sql_type(column.type)})"
