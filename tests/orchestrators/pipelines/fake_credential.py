"""An identity for tests."""

from __future__ import annotations

import time
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

TOKEN = "eyJ-a-bearer-token"  # made up


class FakeCredential:
    """Hands out one token and remembers for which scopes; `is_broken` makes it fail as azure-identity does."""

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.is_broken = False

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token for an hour."""
        self.scopes.extend(scopes)
        if self.is_broken:
            raise ClientAuthenticationError(message="no identity is assigned\nTo mitigate: https://aka.ms/x?sig=abc")
        return AccessToken(TOKEN, int(time.time()) + 3600)
