"""`flows/schema.json`: what editors need to complete and check a flow file.

python -m transforms.flow.schema        writes it anew from the model
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transforms.flow.flow import Flow

SCHEMA_FILE = Path("flows") / "schema.json"


def flow_schema() -> dict[str, Any]:
    """The JSON Schema of a flow file, short forms included.

    Source:
        JSON Schema 2020-12, as pydantic writes it.
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Flow.model_json_schema(by_alias=True)}


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(flow_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8", newline="\n")
