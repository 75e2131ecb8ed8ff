"""How long a flow keeps what it left."""

from __future__ import annotations

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.then.fields import Duration


class Keep(Declared):
    """Times after which something may be removed; without one it is kept for good."""

    datasets: Duration | None = Field(None, description="never the latest, nor one that a newer dataset refers to")
    quarantine: Duration | None = None
