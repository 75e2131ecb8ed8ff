"""The categories of a column: its values, where there are few of them."""

from __future__ import annotations

from transforms.relation import Relation, quoted
from transforms.steps.step import Work
from transforms.steps.type_families import FLOATS


def refuse_floats(work: Work, relation: Relation, column: str, at: str) -> None:
    """The column has values that can be told apart by how they are written."""
    kind = relation.columns[column]
    if kind in FLOATS:
        work.fail(f"{column} is {kind}; categories are texts, whole numbers, dates or booleans", at)


def categories_of(work: Work, relation: Relation, column: str, at: str, *, most: int, use: str) -> list[str]:
    """The values of the rows to learn from, sorted, as DuckDB writes them; a null is none.

    Raises:
        StepFailed: there are more than `most`, which is too many for `use`, or there is none.
    """
    name = quoted(column)
    rows = work.connection.execute(
        f"SELECT {name}::VARCHAR FROM {relation.sql} WHERE {work.learning_rows(relation)} AND {name} IS NOT NULL "
        f"GROUP BY {name} ORDER BY {name} LIMIT {most + 1}"
    ).fetchall()
    if len(rows) > most:
        work.fail(f"{column} has more than {most} categories, too many for {use}; group them first", at)
    if not rows and work.count(f"SELECT count(*) FROM {relation.sql}"):
        work.fail(f"no value of {column} in {work.learning_from} to learn categories from; drop the column", at)
    return [str(row[0]) for row in rows]
