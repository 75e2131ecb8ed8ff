"""A full disk, told apart from damaged bytes and from the user's own mistakes: libraries raise the same for all."""

from __future__ import annotations

import errno

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_SAYS_DUCKDB = "Could not write file"


def is_full_disk(error: BaseException) -> bool:
    """True when scratch could not take what was written: that may pass, so it is never told as a fault of the data.

    Source:
        Observed with DuckDB 2.0, which has no error of its own for it: a commit, a spill and a file that is written
        fail with different classes, and with these words.
    Example:
        >>> is_full_disk(OSError(errno.ENOSPC, "No space left on device"))
        True
        >>> is_full_disk(OSError("Couldn't deserialize thrift: no protocol"))
        False
    """
    import duckdb
    import pyarrow as pa

    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    # Only of errors that quote no data: a value may say what it likes.
    return isinstance(error, OSError | duckdb.OperationalError | pa.ArrowException) and _SAYS_DUCKDB in str(error)
