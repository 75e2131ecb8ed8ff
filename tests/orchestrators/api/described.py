"""Bodies and answers, held against the API's own description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator


class Described:
    """An OpenAPI document, asked about calls."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def call(self, method: str, path: str) -> dict[str, Any] | None:
        """What is said of a call; of a literal path rather than of one with parameters."""
        for known in sorted(self._document["paths"], key=lambda one: one.count("{")):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(known))
            if re.fullmatch(pattern, path):
                found: dict[str, Any] | None = self._document["paths"][known].get(method.lower())
                return found
        return None

    def mistakes_in_body(self, method: str, path: str, body: Any) -> list[str]:
        """What is wrong with a body."""
        call = self.call(method, path)
        if call is None:
            return [f"there is no {method} {path}"]
        if "requestBody" not in call:
            return [f"{method} {path} takes no body"]
        return self._mistakes(call["requestBody"]["content"]["application/json"]["schema"], body)

    def mistakes_in_answer(self, method: str, path: str, status: int, kind: str, document: Any) -> list[str]:
        """What is wrong with an answer."""
        call = self.call(method, path)
        if call is None:
            return [f"there is no {method} {path}"]
        content = call["responses"].get(str(status), {}).get("content", {})
        if kind not in content:
            return [f"{method} {path} never answers {status} with {kind}"]
        return self._mistakes(content[kind]["schema"], document)

    def _mistakes(self, schema: Mapping[str, Any], document: Any) -> list[str]:
        whole = {**schema, "components": self._document["components"]}
        return [error.message for error in Draft202012Validator(whole).iter_errors(document)]
