"""Positions: the number that something has among all, when only its number among the rest is known."""

from __future__ import annotations


def position_among_all(counted: str, number: str, left_out: str) -> str:
    """SQL that gives `counted` a column `position`: its `number`, moved on by those that were left out.

    Shape:
        `counted` is SQL after FROM with a column `number` (from 1, counting only what was not left out);
        `left_out` is SQL after FROM with one row for each `position` that was not counted.
    Source:
        The j-th position left out, e, has e - j counted ones before it; so what is counted as n stands
        behind every position left out that has fewer than n counted ones before it.
    Example:
        >>> import duckdb
        >>> sql = position_among_all("(VALUES (1), (2), (3)) t(n)", "n", "(VALUES (2), (3)) o(position)")
        >>> duckdb.sql(f"SELECT n, position FROM ({sql}) ORDER BY n").fetchall()
        [(1, 1), (2, 4), (3, 5)]
    """
    return f"""
        SELECT counted.*, counted.{number} + coalesce(gaps.passed, 0) AS position
        FROM (SELECT * FROM {counted}) AS counted
        ASOF LEFT JOIN (
            SELECT position - passed AS before, max(passed) AS passed
            FROM (SELECT position, row_number() OVER (ORDER BY position) AS passed FROM {left_out})
            GROUP BY position - passed
        ) AS gaps ON counted.{number} > gaps.before"""
