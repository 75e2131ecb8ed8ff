"""Secrets stay out of what is kept of an answer: a service may send back what it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestrators.pipelines.urls import without_queries

HIDDEN = "REDACTED"
_SHORTEST_KEY = 16
"""A shorter value in a query is taken for a version or an option, not for a key."""


@dataclass(frozen=True)
class Redaction:
    """Knows the secrets of one exchange."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, url: str, credentials: Iterable[str]) -> Redaction:
        """Hides the credentials, with and without their scheme (`Bearer`), and the keys in the URL's query."""
        query = urlsplit(url).query
        keys = [value for _, value in parse_qsl(query) if len(value) >= _SHORTEST_KEY]
        bare = [credential.rpartition(" ")[2] for credential in credentials]
        secrets = {*credentials, *bare, *keys, query} - {""}
        return cls(tuple(sorted(secrets, key=len, reverse=True)))

    def text(self, text: str) -> str:
        """The text for people: no secret, no query of a URL, and characters that can be written anywhere."""
        return without_queries(self._hidden(text))

    def json(self, value: Any) -> Any:
        """The same JSON without the secrets."""
        if isinstance(value, str):
            return self._hidden(value)
        if isinstance(value, dict):
            return {self._hidden(key): self.json(item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list) else value

    def _hidden(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        # Half a surrogate pair is valid JSON, and no encoder would take it later.
        return text.encode("utf-8", "replace").decode("utf-8")
