"""Which SQL functions a flow may call: those whose result follows from their arguments alone."""

from __future__ import annotations

from functools import lru_cache

from transforms.flow.syntax import bare_engine

_REVIEWED_MACROS = frozenset(
    [
        "array_append",
        "array_pop_back",
        "array_pop_front",
        "array_prepend",
        "array_push_back",
        "array_push_front",
        "array_reverse",
        "array_to_string",
        "date_add",
        "days_in_month",
        "fdiv",
        "fmod",
        "geomean",
        "geometric_mean",
        "if",
        "list_any_value",
        "list_append",
        "list_approx_count_distinct",
        "list_avg",
        "list_bit_and",
        "list_bit_or",
        "list_bit_xor",
        "list_bool_and",
        "list_bool_or",
        "list_count",
        "list_first",
        "list_histogram",
        "list_kurtosis",
        "list_last",
        "list_mad",
        "list_max",
        "list_median",
        "list_min",
        "list_mode",
        "list_prepend",
        "list_product",
        "list_reverse",
        "list_sem",
        "list_skewness",
        "list_stddev_pop",
        "list_stddev_samp",
        "list_sum",
        "list_var_pop",
        "list_var_samp",
        "map_contains_entry",
        "map_contains_value",
        "md5_number_lower",
        "md5_number_upper",
        "nullif",
        "split_part",
        "wavg",
        "weighted_avg",
    ]
)
"""Macros are SQL themselves; these were read, and call nothing that is not allowed."""

_DENIED = frozenset(
    {
        # Called consistent by the catalog, and yet reading the clock.
        "current_localtime",
        "current_localtimestamp",
        # Different in every version of the engine.
        "hash",
        "version",
        # Different from run to run, or with the number of threads.
        "reservoir_quantile",
        "approx_quantile",
        "approx_top_k",
        # Call a function that is named by a text, so no check sees it.
        "list_aggr",
        "list_aggregate",
        "array_aggr",
        "array_aggregate",
        "aggregate",
        # Read or run SQL that is written in a text.
        "json_serialize_plan",
        "json_serialize_sql",
        "json_deserialize_sql",
        # Write to the log.
        "write_log",
        "parse_duckdb_log_message",
    }
)

ORDERED_AGGREGATES = frozenset(
    [
        "any_value",
        "arbitrary",
        "arg_max",
        "arg_max_null",
        "arg_max_nulls_last",
        "arg_min",
        "arg_min_null",
        "arg_min_nulls_last",
        "argmax",
        "argmin",
        "array_agg",
        "first",
        "group_concat",
        "last",
        "list",
        "listagg",
        "max_by",
        "min_by",
        "mode",
        "string_agg",
    ]
)
"""Aggregates whose result follows the order of the rows, if only for ties: they need an ORDER BY of their own."""

INEXACT_AGGREGATES = frozenset(
    [
        "avg",
        "corr",
        "covar_pop",
        "covar_samp",
        "favg",
        "fsum",
        "kahan_sum",
        "kurtosis",
        "kurtosis_pop",
        "mean",
        "product",
        "regr_avgx",
        "regr_avgy",
        "regr_intercept",
        "regr_r2",
        "regr_slope",
        "regr_sxx",
        "regr_sxy",
        "regr_syy",
        "sem",
        "skewness",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "sum",
        "sumkahan",
        "var_pop",
        "var_samp",
        "variance",
    ]
)
"""Aggregates whose last digits follow the order in which floats are added."""

ORDERED_WINDOWS = frozenset(
    [
        "row_number",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
        "ntile",
        "fill",
        "first",
        "last",
        "any_value",
        "list",
        "string_agg",
    ]
)
"""Window functions that mean nothing without an ORDER BY."""

CLOCK_WORDS = frozenset(["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"])
SESSION_WORDS = frozenset(["current_catalog", "current_role", "current_schema", "current_user", "session_user", "user"])
"""Words that SQL reads as a function call where no column has that name."""

FEWEST_ARGUMENTS = {"age": 2, "row": 1}
"""Functions that read the clock, or are nothing, with fewer arguments."""


@lru_cache(maxsize=1)
def _catalog() -> dict[str, frozenset[str]]:
    with bare_engine() as connection:
        rows = connection.execute(
            """SELECT function_type, lower(function_name) FROM duckdb_functions()
            GROUP BY ALL HAVING bool_and(coalesce(stability = 'CONSISTENT', function_type = 'macro'))"""
        ).fetchall()
    kinds = {kind for kind, _ in rows}
    return {kind: frozenset(name for found, name in rows if found == kind) for kind in kinds}


def allowed_scalars() -> frozenset[str]:
    """Functions of one row."""
    catalog = _catalog()
    known = catalog["scalar"] | (catalog["macro"] & _REVIEWED_MACROS)
    return frozenset(name for name in known - _DENIED if not name.startswith("__"))


def allowed_aggregates() -> frozenset[str]:
    """Functions of many rows."""
    return _catalog()["aggregate"] - _DENIED


def allowed_windows() -> frozenset[str]:
    """Functions of a row among its neighbours."""
    return _catalog()["window"] | allowed_aggregates()
