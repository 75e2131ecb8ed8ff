"""Arrow tables as pandas frames and back, without the losses of the plain conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The table as a frame of pandas' usual types.

    Whole numbers with nulls get pandas' nullable integers: as floats, those above 2**53 would change.
    """
    import pandas as pd
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas()
    nullable: dict[Any, Any] = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
    }
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.type in nullable and column.null_count:
            frame[name] = column.to_pandas(types_mapper=nullable.get)
    return frame


def table_of_frame(frame: pd.DataFrame, before: pa.Schema) -> pa.Table:
    """The frame as a table; a column that was there before has its type again, where every value fits."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for place, field in enumerate(table.schema):
        known = before.get_field_index(field.name)
        if known >= 0 and before.field(known).type != field.type:
            table = table.set_column(place, field.name, _cast_if_it_fits(table.column(place), before.field(known).type))
    return table


def _cast_if_it_fits(column: pa.ChunkedArray[Any], kind: pa.DataType) -> pa.ChunkedArray[Any]:
    import pyarrow as pa

    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column
