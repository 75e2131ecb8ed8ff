"""`rename: {old: new}` gives columns other names."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Work


class Rename(RootModel[dict[ColumnName, ColumnName]]):
    """Old names, each with its new one."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, ColumnName] = Field(min_length=1)


def apply(work: Work, relation: Relation, step: Rename) -> Applied:
    """Give the named columns their new names, where they stand.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged. Names may be swapped.
    Raises:
        StepFailed: an old name is not there, or two columns would have the same name.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"a": [1], "b": [2]}, {"rename": {"a": "b", "b": "a"}})
        {'b': [1], 'a': [2]}
    """
    new_names = {work.need(relation, old, f".{old}"): new for old, new in step.root.items()}
    names = {column: new_names.get(quoted(column), column) for column in relation.columns}
    folded = [name.casefold() for name in names.values()]
    if twice := sorted({name for name in names.values() if folded.count(name.casefold()) > 1}):
        work.fail(f"two columns would be named {twice[0]!r}; give each its own name")
    columns = ", ".join(f"{quoted(column)} AS {quoted(name)}" for column, name in names.items())
    return Applied(work.view(f"SELECT {columns}, {ROW} FROM {relation.sql}"))
