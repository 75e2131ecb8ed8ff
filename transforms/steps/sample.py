"""`sample: {share: 0.1, by: column}` keeps a share of the keys, always the same ones."""

from __future__ import annotations

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.relation import Relation
from transforms.steps.hashing import WHOLE, place_of
from transforms.steps.step import Applied, Work


class Sample(Declared):
    """The share of the keys to keep, the columns of the key, and the seed."""

    share: float = Field(gt=0, le=1, description="of the keys; of the rows as far as keys have alike many")
    by: Columns = Field(description="rows with the same values here are kept or removed together")
    seed: int = 0


def apply(work: Work, relation: Relation, step: Sample) -> Applied:
    """Keep the rows whose key falls into the share.

    Shape:
        (n, k) -> (about n * share, k), order unchanged. A null is a key like any other. A larger share keeps all
        that a smaller one keeps. Removed: the rows whose key does not fall into the share.
    Source:
        The first 52 bits of md5 over `sample|{seed}|` and the key, written as for `split`: a row never depends on
        its place or on the other rows. The first word is there because with the hash of `split` itself
        everything that is sampled would be in the first split.
    Raises:
        StepFailed: a key is not a column.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": [1, 2, 3, 2]}, {"sample": {"share": 0.5, "by": "id"}})
        {'id': [2, 2]}
    """
    keys = [work.need(relation, key, f".by[{index}]") for index, key in enumerate(step.by)]
    is_kept = f"{place_of(f'sample|{step.seed}', keys)} < {round(step.share * WHOLE)}"
    removed = work.count(f"SELECT count(*) FROM {relation.sql} WHERE NOT {is_kept}")
    # A table, not a view: every step that reads it more than once would compute the hashes again.
    return Applied(work.table(f"SELECT * FROM {relation.sql} WHERE {is_kept}"), removed=removed)
