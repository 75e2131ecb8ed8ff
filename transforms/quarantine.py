"""Quarantine: every bad row with all its reasons, its record number, and its text as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.breaches import REASON, reason, reasons
from transforms.damage import DAMAGE
from transforms.errors import RowsLost
from transforms.ingest import BAD, ParsedUpload, rules_of_sources, typed_sources
from transforms.positions import position_among_all
from transforms.relation import ROW, number, quoted, relation_of, text
from transforms.row_rules import reasons_of_rows
from transforms.uniqueness import REPEATED, prepare_repeated
from transforms.writing import write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.draft import DataFile

QUARANTINE = "quarantine"
_SORTED = "quarantine_sorted"
_TOP_REASONS = 5
_NOTHING = f"(SELECT 0::BIGINT AS ordinal, true AS whole, []::{REASON}[] AS reasons WHERE false)"


def find_suspects(connection: DuckDBPyConnection, upload: ParsedUpload) -> int:
    """The table `suspects_<order>` holds (ordinal, whole, parsed, reasons) of each row that is bad for DuckDB.

    Answers how many there are; without any there is no table either, since most uploads of a run of many are small
    and good.

    Shape:
        `parsed` is the row's place among those that parse, from 0, or null for one that does not;
        `reasons` are those that only the reader knows.
    """
    rejected, found = quoted(f"rejected_{upload.order}"), upload.reader.rejected(connection)
    broken = f"(SELECT rowid + 1 AS number FROM {quoted(upload.table)} WHERE {BAD})"
    if found is None and not number(connection, f"SELECT count(*) FROM {broken}"):
        return 0
    connection.execute(f"CREATE TEMP TABLE {rejected} AS SELECT * FROM {found or _NOTHING}")
    numbered = position_among_all(broken, "number", f"(SELECT ordinal AS position FROM {rejected})")
    connection.execute(f"""
        CREATE TEMP TABLE {quoted(suspects_of(upload))} AS
        SELECT ordinal, whole, NULL::BIGINT AS parsed, reasons FROM {rejected}
        UNION ALL
        SELECT position, true, number - 1, []::{REASON}[] FROM ({numbered})
        ORDER BY ordinal""")
    return number(connection, f"SELECT count(DISTINCT ordinal) FROM {quoted(suspects_of(upload))}")


def suspects_of(upload: ParsedUpload) -> str:
    """The name of the table of an upload's bad rows."""
    return f"suspects_{upload.order}"


def damaged_records(connection: DuckDBPyConnection, upload: ParsedUpload) -> int:
    """The number of records of an upload that were too damaged to be parsed."""
    return number(connection, f"SELECT count(*) FROM {_damage(upload)}") if upload.reader.damage else 0


def ragged_records(connection: DuckDBPyConnection, upload: ParsedUpload, suspects: int) -> int:
    """The number of records of an upload with too few or too many fields."""
    found = 0
    if suspects:
        ragged = "len(list_filter(reasons, lambda reason: reason.rule = 'columns')) > 0"
        found += number(connection, f"SELECT count(*) FROM {quoted(suspects_of(upload))} WHERE {ragged}")
    if upload.reader.damage:
        found += number(connection, f"SELECT count(*) FROM {_damage(upload)} WHERE rule = 'columns'")
    return found


def fill_quarantine(
    connection: DuckDBPyConnection,
    uploads: Sequence[ParsedUpload],
    suspects: Sequence[int],
    most: int | None = None,
) -> None:
    """The table `quarantine` holds (upload, record, raw, reasons) of every bad record, in (upload, record) order.

    `suspects` says how many each upload has. Of more than `most` records it holds the first ones.
    """
    connection.execute(
        f"CREATE TABLE {QUARANTINE} (place BIGINT, upload VARCHAR, record BIGINT, raw VARCHAR, reasons {REASON}[])"
    )
    for upload, found in zip(uploads, suspects, strict=True):
        if found and most is not None:
            _keep_first(connection, suspects_of(upload), "ordinal", most)
        if found:
            _add_suspects(connection, upload)
        if upload.reader.damage:
            _add_damage(connection, upload)
        if most is not None and (found or upload.reader.damage):
            _keep_first(connection, QUARANTINE, "(place, record)", most)


def _keep_first(connection: DuckDBPyConnection, table: str, key: str, most: int) -> None:
    connection.execute(f"""
        DELETE FROM {quoted(table)}
        WHERE {key} NOT IN (SELECT DISTINCT {key} AS key FROM {quoted(table)} ORDER BY key LIMIT {most})""")


def quarantined(connection: DuckDBPyConnection) -> int:
    """The number of distinct records in quarantine."""
    return number(connection, f"SELECT count(*) FROM (SELECT DISTINCT place, record FROM {QUARANTINE})")


def confirm_reasons(connection: DuckDBPyConnection) -> None:
    """Every quarantined record has a reason in its own text.

    Raises:
        RowsLost: one has none: then its number belongs to another record, and the order of the rows is lost.
    """
    if wrong := number(connection, f"SELECT count(*) FROM {QUARANTINE} WHERE coalesce(len(reasons), 0) = 0"):
        raise RowsLost(
            f"{wrong:,} quarantined records keep the contract by their own text: record numbers are wrong; "
            "nothing is published: this is a fault of the app, report it"
        )


def write_quarantine(connection: DuckDBPyConnection, folder: Path, rows_per_file: int) -> tuple[DataFile, ...]:
    """The quarantined records are Parquet files in `folder`; no record, no file."""
    place = "row_number() OVER (ORDER BY place, record) - 1"
    connection.execute(
        f"CREATE TEMP TABLE {_SORTED} AS SELECT * EXCLUDE (place), {place} AS {ROW} FROM {QUARANTINE} ORDER BY {ROW}"
    )
    return write_parquet(connection, relation_of(connection, _SORTED), folder, rows_per_file)


def top_reasons(connection: DuckDBPyConnection) -> str:
    """The most frequent reasons, for people."""
    rows = connection.execute(f"""
        SELECT reason."column", reason.rule, count(*) AS times
        FROM (SELECT unnest(reasons) AS reason FROM {QUARANTINE})
        GROUP BY ALL ORDER BY times DESC, 1, 2 LIMIT {_TOP_REASONS}""").fetchall()
    return ", ".join(f"{column or 'record'} {rule} ({times:,})" for column, rule, times in rows)


def _add_suspects(connection: DuckDBPyConnection, upload: ParsedUpload) -> None:
    bad, sources = suspects_of(upload), f"sources_{upload.order}"
    upload.reader.keep_sources(connection, quoted(bad), sources)
    prepare_repeated(connection)
    places = upload.source_columns
    rules = rules_of_sources(upload)
    values = {name: f"c{places[name][0]}" if name in places else "NULL" for name in typed_sources(upload)}
    if upload.row_rules:
        ruled = reasons_of_rows(upload.row_rules, typed_sources(upload), values, quoted(sources))
    else:
        ruled = f"SELECT ordinal, []::{REASON}[] AS reasons FROM {quoted(sources)}"
    connection.execute(f"""
        CREATE VIEW {quoted(f"explained_{upload.order}")} AS
        SELECT suspects.ordinal, sources.raw, (
            CASE WHEN whole THEN {reasons(rules, values)} ELSE [] END
            || CASE WHEN whole THEN [] ELSE suspects.reasons END
            || CASE WHEN whole THEN ruled.reasons ELSE [] END
            || coalesce(repeated.reasons, [])) AS reasons, suspects.reasons AS by_reader
        FROM {quoted(bad)} AS suspects JOIN {quoted(sources)} AS sources USING (ordinal)
        JOIN ({ruled}) AS ruled USING (ordinal)
        LEFT JOIN (
            SELECT parsed, list({reason('"column"', "'unique'", '"value"')} ORDER BY "column") AS reasons
            FROM {REPEATED} WHERE upload = {upload.order} GROUP BY parsed
        ) AS repeated USING (parsed)""")
    explained = f"""(SELECT ordinal, raw, CASE WHEN len(reasons) > 0 THEN reasons ELSE by_reader END AS reasons
        FROM {quoted(f"explained_{upload.order}")})"""
    damaged = f"(SELECT record AS position FROM {_damage(upload)})"
    numbered = position_among_all(explained, "ordinal", damaged) if upload.reader.damage else None
    connection.execute(f"""
        INSERT INTO {QUARANTINE} SELECT {upload.order}, {text(upload.reader.name)}, position, raw, reasons
        FROM ({numbered or f"SELECT *, ordinal AS position FROM {explained}"})""")
    connection.execute(f"DROP VIEW {quoted(f'explained_{upload.order}')}")


def _add_damage(connection: DuckDBPyConnection, upload: ParsedUpload) -> None:
    said = ", ".join(f"{text(rule)}: {text(meaning)}" for rule, meaning in DAMAGE.items())
    connection.execute(f"""
        INSERT INTO {QUARANTINE}
        SELECT {upload.order}, {text(upload.reader.name)}, record, raw,
            [{reason("NULL", "rule", f"MAP {{{said}}}[rule]")}]
        FROM {_damage(upload)}""")


def _damage(upload: ParsedUpload) -> str:
    path = upload.reader.damage
    return f"read_parquet({text(path.as_posix() if path else '')})"
