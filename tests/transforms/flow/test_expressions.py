"""SQL of a flow says what it may, and nothing gets past the allow-list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.flow.expressions import bound, check_sql, select_wrongs, wrongs
from transforms.flow.flow import Flow
from transforms.flow.syntax import bare_engine

ROW = [
    "a > $late",
    "distance / (air_time / 60.0)",
    "a::INTEGER + try_cast(b AS DOUBLE)",
    "CASE WHEN a THEN b ELSE c END",
    "coalesce(a, b) IN ('x', 'y') AND a BETWEEN 1 AND 2",
    "d + INTERVAL 3 DAY > DATE '2013-01-01'",
    "extract(year FROM d) = year(d)",
    "a ILIKE 'x%' OR regexp_matches(a, '^[ND]')",
    "list_transform(l, lambda x: x + 1)[1]",
    "{'a': 1}.a",
    "age(d, e)",
    "if(a, b, c) || 'x'",
    "md5(a) -- a comment",
    "substring(a FROM 1 FOR 2)",
    "d AT TIME ZONE 'UTC'",
    "strptime(a, '%Y') IS NOT NULL",
]

ATTACKS = {
    "a statement after": "a; DROP TABLE input",
    "brackets broken": "1) FROM input; --",
    "brackets broken by a union": "1) FROM input UNION SELECT (2",
    "brackets broken by a second column": "1), (SELECT 2",
    "brackets broken into where": "1) FROM input WHERE (true",
    "an alias": "1) AS b, (2",
    "an open comment": "a /* b",
    "a subquery": "(SELECT 1)",
    "a file in a subquery": "(SELECT count(*) FROM read_csv('/etc/passwd'))",
    "a file by its name": "(SELECT count(*) FROM '/etc/passwd')",
    "exists": "EXISTS (SELECT 1)",
    "in a subquery": "a IN (SELECT b FROM input)",
    "random": "random() > 0.5",
    "a function in other letters": "RaNdOm() > 0.5",
    "a quoted function": '"random"() > 0.5',
    "a function of a schema": "main.random() > 0.5",
    "a function of the system": "system.main.random() > 0.5",
    "random in an argument": "abs(random())",
    "random in a lambda": "list_transform([1], lambda x: random())",
    "random in a case": "CASE WHEN a THEN random() END",
    "random in an aggregate filter": "count(*) FILTER (WHERE random() > 0.5)",
    "uuid": "uuid()",
    "gen_random_uuid": "gen_random_uuid()",
    "now": "now()",
    "today": "today()",
    "ago": "ago(INTERVAL 1 DAY)",
    "age from today": "age(d)",
    "current_date": "current_date",
    "current_timestamp": "d < current_timestamp",
    "a quoted current_time": '"current_time"',
    "localtime": "localtime",
    "localtimestamp": "localtimestamp",
    "the function behind localtimestamp": "current_localtimestamp()",
    "the function behind current_time": "get_current_time()",
    "user": "user",
    "current_user": "current_user",
    "current_setting": "current_setting('TimeZone')",
    "getenv": "getenv('HOME')",
    "getvariable": "getvariable('x')",
    "nextval": "nextval('s')",
    "currval": "currval('s')",
    "setseed": "setseed(0.5)",
    "txid_current": "txid_current()",
    "version": "version()",
    "an unstable hash": "hash(a)",
    "error": "error('stop')",
    "sleep": "sleep_ms(1000)",
    "pg_sleep": "pg_sleep(1)",
    "write_log": "write_log('x')",
    "a macro nobody read": "pg_get_viewdef(1)",
    "block size": "get_block_size('x')",
    "an aggregate by name": "list_aggregate([1], 'reservoir_quantile', 0.5)",
    "SQL in a text": "json_serialize_sql('SELECT 1')",
    "the engine's own functions": "__internal_decompress_string(a)",
    "read_text": "read_text('/etc/passwd')",
    "glob": "glob('*')",
    "unnest": "unnest([1, 2])",
    "an aggregate": "sum(a)",
    "a window": "row_number() OVER (ORDER BY a)",
    "a star": "*",
    "columns": "COLUMNS(*)",
    "columns by expression": "COLUMNS('a.*') + 1",
    "the hidden column": "__row",
    "the hidden column of input": "input.__row",
    "the hidden column in quotes": '"__ROW" > 1',
    "a parameter that is not declared": "a > $other",
    "a numbered parameter": "a > $1",
    "a question mark": "a > ?",
    "a position": "#1",
    "default": "DEFAULT",
    "nothing": " ",
    "a comment alone": "-- a",
}


@pytest.mark.parametrize("expression", ROW)
def test_an_expression_over_one_row_is_allowed(expression: str) -> None:
    assert wrongs(expression, "row", ["late"], []) == []


@pytest.mark.parametrize("expression", ATTACKS.values(), ids=ATTACKS)
def test_an_expression_that_reaches_further_is_refused(expression: str) -> None:
    assert wrongs(expression, "row", ["late"], [])


def test_a_declared_column_may_have_the_name_of_a_session_word() -> None:
    assert wrongs("user = 'ann'", "row", [], ["user"]) == []


@pytest.mark.parametrize(
    ("order", "is_allowed"),
    [
        pytest.param("a DESC, b NULLS FIRST", True, id="two columns"),
        pytest.param("abs(a)", True, id="an expression"),
        pytest.param("random()", False, id="random"),
        pytest.param("a LIMIT 1", False, id="a limit"),
        pytest.param("ALL", False, id="all columns"),
        pytest.param("a) FROM input; --", False, id="brackets broken"),
        pytest.param("__row", False, id="the hidden column"),
    ],
)
def test_an_order_is_made_of_expressions(order: str, is_allowed: bool) -> None:
    assert (wrongs(order, "order", [], []) == []) is is_allowed


@pytest.mark.parametrize(
    ("check", "is_allowed"),
    [
        pytest.param("rows >= 100", True, id="rows"),
        pytest.param("null_fraction(dep_delay) < 0.05", True, id="share of nulls"),
        pytest.param("avg(a) BETWEEN 1 AND $most AND count(DISTINCT b) > 3", True, id="aggregates"),
        pytest.param("reservoir_quantile(a, 0.5) > 1", False, id="a sampling aggregate"),
        pytest.param("approx_quantile(a, 0.5) > 1", False, id="an aggregate that depends on threads"),
        pytest.param("first(a) > 1", False, id="an aggregate that needs an order"),
        pytest.param("first(a ORDER BY a) > 1", True, id="an aggregate with its order"),
        pytest.param("(SELECT true)", False, id="a subquery"),
        pytest.param("max(d) < now()", False, id="the clock"),
    ],
)
def test_a_check_is_made_of_aggregates(check: str, is_allowed: bool) -> None:
    assert (wrongs(check, "total", ["most"], []) == []) is is_allowed


SELECTS = {
    "plain": "SELECT a, b FROM input WHERE a > $late ORDER BY a",
    "grouped": "SELECT a, count(*) AS n FROM input GROUP BY a HAVING n > 1 ORDER BY a",
    "joined": "SELECT i.a, p.seats FROM input i LEFT JOIN planes p ON i.a = p.tailnum",
    "with a table of its own": "WITH t AS (SELECT a FROM input), u AS (SELECT * FROM t) SELECT * FROM u",
    "a window": "SELECT a, lag(b) OVER (PARTITION BY a ORDER BY b) AS before FROM input",
    "a subquery": "SELECT * FROM (SELECT DISTINCT a FROM input) WHERE a IN (SELECT tailnum FROM planes)",
    "a union": "SELECT a FROM input UNION ALL SELECT tailnum FROM planes",
    "values": "SELECT * FROM (VALUES (1), (2)) AS v(x)",
    "limited in order": "SELECT a FROM input ORDER BY a LIMIT 3",
    "from first": "FROM input SELECT a",
}

SELECT_ATTACKS = {
    "two statements": "SELECT 1; SELECT 2",
    "a drop": "DROP TABLE input",
    "a copy": "COPY input TO '/tmp/x'",
    "an attach": "ATTACH '/tmp/x.db'",
    "a pragma": "PRAGMA version",
    "a setting": "SET threads = 1",
    "an insert": "INSERT INTO input VALUES (1)",
    "an explain": "EXPLAIN SELECT 1",
    "an install": "INSTALL httpfs",
    "a file": "SELECT * FROM '/etc/passwd'",
    "a file in quotes": 'SELECT * FROM "/etc/passwd.csv"',
    "read_csv": "SELECT * FROM read_csv('/etc/passwd')",
    "read_text": "SELECT * FROM read_text('/etc/passwd')",
    "glob": "SELECT * FROM glob('/*')",
    "sniff_csv": "SELECT * FROM sniff_csv('/etc/passwd')",
    "query": "SELECT * FROM query('SELECT 1')",
    "query_table": "SELECT * FROM query_table('lookup_planes')",
    "range": "SELECT * FROM range(10)",
    "the settings": "SELECT * FROM duckdb_settings()",
    "another table": "SELECT * FROM good",
    "a table of a schema": "SELECT * FROM main.input",
    "the catalog": "SELECT * FROM information_schema.tables",
    "a description": "DESCRIBE input",
    "the tables": "SHOW TABLES",
    "a summary": "SUMMARIZE input",
    "a pivot": "PIVOT input ON a USING sum(b)",
    "a pivot in brackets": "SELECT * FROM (PIVOT input ON a USING sum(b))",
    "a sample": "SELECT * FROM input USING SAMPLE 10%",
    "a table sample": "SELECT * FROM input TABLESAMPLE 10%",
    "random": "SELECT random() FROM input",
    "random in order": "SELECT a FROM input ORDER BY random()",
    "random in having": "SELECT a FROM input GROUP BY a HAVING random() > 0.5",
    "random in a join": "SELECT 1 FROM input i JOIN planes p ON random() > 0.5",
    "random in a limit": "SELECT a FROM input ORDER BY a LIMIT (random() * 3)::INTEGER",
    "random in values": "SELECT * FROM (VALUES (random()))",
    "random in a table of its own": "WITH t AS (SELECT random() AS r) SELECT * FROM t",
    "random in a window": "SELECT sum(a) OVER (ORDER BY random()) FROM input",
    "random in qualify": "SELECT a FROM input QUALIFY random() > 0.5",
    "a lateral file": "SELECT * FROM input, LATERAL (SELECT * FROM read_csv('x'))",
    "a recursive table": "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT * FROM t",
    "a table before its time": "WITH t AS (SELECT * FROM secret), secret AS (SELECT 1) SELECT * FROM t",
    "a table of an inner scope": "SELECT * FROM (WITH secret AS (SELECT 1) SELECT 1), secret",
    "a limit without order": "SELECT a FROM input LIMIT 3",
    "distinct on": "SELECT DISTINCT ON (a) a, b FROM input ORDER BY a",
    "a row number without order": "SELECT row_number() OVER () FROM input",
    "a list without order": "SELECT list(a) FROM input",
    "the clock": "SELECT current_timestamp FROM input",
    "the hidden column": "SELECT __row FROM input",
    "unnest": "SELECT unnest([1, 2])",
    "unnest as a table": "SELECT * FROM unnest([1, 2])",
    "an undeclared parameter": "SELECT $other FROM input",
    "an aggregate's state": "SELECT sum(a) EXPORT_STATE FROM input",
    "nothing": "",
}


@pytest.mark.parametrize("select", SELECTS.values(), ids=SELECTS)
def test_a_select_over_input_and_lookups_is_allowed(select: str) -> None:
    assert select_wrongs(select, ["late"], [], ["planes"]) == []


@pytest.mark.parametrize("select", SELECT_ATTACKS.values(), ids=SELECT_ATTACKS)
def test_a_select_that_reaches_further_is_refused(select: str) -> None:
    assert select_wrongs(select, ["late"], [], ["planes"])


def test_every_wrong_of_a_flow_is_told_with_its_place(flow_with: Callable[..., Flow]) -> None:
    flow = flow_with(
        steps=[
            {"derive": {"c": "random()", "d": "a + 1"}},
            {"filter": "now() > '2013-01-01'"},
            {"dedupe": {"keys": "a", "keep": {"order_by": "uuid()"}}},
            {"sql": "SELECT * FROM 'x.csv'"},
        ],
        checks=["rows > random()"],
    )
    assert [mistake.path for mistake in check_sql(flow)] == [
        "steps[0].derive.c",
        "steps[1].filter",
        "steps[2].dedupe.keep.order_by",
        "steps[3].sql",
        "checks[0]",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param(15, "(15)", id="a whole number"),
        pytest.param(-0.5, "(-0.5::DOUBLE)", id="a fraction"),
        pytest.param(True, "(TRUE)", id="a boolean"),
        pytest.param("O'Hare", "('O''Hare')", id="a text with a quote"),
        pytest.param(date(2013, 1, 31), "(DATE '2013-01-31')", id="a date"),
        pytest.param(datetime(2013, 1, 31, 5), "(TIMESTAMP '2013-01-31T05:00:00')", id="a timestamp"),  # noqa: DTZ001 - naive UTC
    ],
)
def test_a_parameter_is_bound_as_a_literal_of_its_type(value: object, written: str) -> None:
    assert bound("a = $x", {"x": value}) == f"a = {written}"


def test_only_parameters_are_bound_not_texts_that_look_like_them() -> None:
    assert bound("'é $x' || \"$x\" || $x /* $x */", {"x": 1}) == "'é $x' || \"$x\" || (1) /* $x */"


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_bound_text_is_the_very_text(value: str) -> None:
    with bare_engine() as connection:
        assert connection.execute(f"SELECT {bound('$x', {'x': value})}").fetchall() == [(value,)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_bound_number_is_the_very_number(value: float) -> None:
    with bare_engine() as connection:
        assert connection.execute(f"SELECT {bound('$x', {'x': value})}").fetchall() == [(value,)]
