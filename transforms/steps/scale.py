"""`scale: {column: standard}` brings numbers onto one scale."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.earlier import earlier
from transforms.steps.numeric import finite_values, need_number
from transforms.steps.step import Applied, Work

Method = Literal["standard", "minmax", "robust"]
_CENTER_AND_SCALE: dict[Method, str] = {
    "standard": "printf('%.12g', favg({x}))::DOUBLE, printf('%.12g', stddev_pop({x}))::DOUBLE",
    "minmax": "min({x}), max({x}) - min({x})",
    "robust": "median({x}), quantile_cont({x}, 0.75) - quantile_cont({x}, 0.25)",
}


class Scale(RootModel[dict[ColumnName, Method]]):
    """Columns of numbers, each with its method."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, Method] = Field(min_length=1)

    def learns(self) -> bool:
        """Center and scale always come from the data."""
        return True


def apply(work: Work, relation: Relation, step: Scale) -> Applied:
    """Replace each named column by (value - center) / scale, as float64.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged. A null stays null.
        `standard`: mean and standard deviation (of the population), each to 12 significant digits. `minmax`:
        minimum, and maximum less minimum. `robust`: median, and third quartile less first quartile.
        They are learnt from present, finite values, of the `train` rows alone after a `split`: so other rows
        may leave the range of `minmax`. Where all values are alike the scale is 1.
    Raises:
        StepFailed: a column is not there, holds no numbers, or has no value to learn from.
    Source:
        StandardScaler, MinMaxScaler and RobustScaler of scikit-learn, which give the same numbers.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"km": [2, 4, None, 6]}, {"scale": {"km": "minmax"}})
        {'km': [0.0, 0.5, None, 1.0]}
    """
    methods = {work.need(relation, name, f".{name}"): (name, method) for name, method in step.root.items()}
    columns, fitted = [], {}
    for column in relation.columns:
        if quoted(column) not in methods:
            columns.append(quoted(column))
            continue
        name, method = methods[quoted(column)]
        fitted[column] = _learnt(work, relation, column, method, f".{name}")
        center, scale = (_literal(fitted[column][part]) for part in ("center", "scale"))
        columns.append(f"({quoted(column)}::DOUBLE - {center}) / {scale} AS {quoted(column)}")
    view = work.view(f"SELECT {', '.join([*columns, ROW])} FROM {relation.sql}")
    return Applied(view, fitted={"scale": fitted})


def _learnt(work: Work, relation: Relation, column: str, method: Method, at: str) -> dict[str, Any]:
    need_number(work, relation, column, at)
    known = earlier(work, column, at, {"center": (int, float), "scale": (int, float)}, method=method)
    if known is not None:
        return {"method": method, "center": float(known["center"]), "scale": float(known["scale"])}
    statistics = _CENTER_AND_SCALE[method].format(x="x")
    found = finite_values(work, relation, column, statistics, at)
    center, scale = found or (None, None)
    return {"method": method, "center": center, "scale": 1.0 if scale == 0 else scale}


def _literal(value: float | None) -> str:
    return "NULL::DOUBLE" if value is None else f"{value!r}::DOUBLE"
