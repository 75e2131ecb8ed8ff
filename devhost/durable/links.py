"""The addresses under which an orchestration is managed, and what the durable client inside the app is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

WEBHOOK_PREFIX = "/runtime/webhooks/durabletask"
PLACEHOLDER = "INSTANCEID"


@dataclass(frozen=True)
class DurableLinks:
    """Where the durable API of one running host is found."""

    origin: str
    hub_name: str
    system_key: str
    rpc_prefix: str

    def management_urls(self, instance_id: str) -> dict[str, str]:
        """The URLs of one instance; whoever has them may do everything to it."""
        one = f"{self.origin}{WEBHOOK_PREFIX}/instances/{instance_id}"
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{one}?{self._query}",
            "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}?{self._query}",
            "terminatePostUri": f"{one}/terminate?reason={{text}}&{self._query}",
            "rewindPostUri": f"{one}/rewind?reason={{text}}&{self._query}",
            "purgeHistoryDeleteUri": f"{one}?{self._query}",
            "restartPostUri": f"{one}/restart?{self._query}",
            "suspendPostUri": f"{one}/suspend?reason={{text}}&{self._query}",
            "resumePostUri": f"{one}/resume?reason={{text}}&{self._query}",
        }

    def client_binding(self) -> str:
        """The text that the SDK makes its client from."""
        start = f"{self.origin}{WEBHOOK_PREFIX}/orchestrators/{{functionName}}[/{{instanceId}}]?code={self.system_key}"
        binding = {
            "taskHubName": self.hub_name,
            "creationUrls": {"createNewInstancePostUri": start, "createAndWaitOnNewInstancePostUri": start},
            "managementUrls": self.management_urls(PLACEHOLDER),
            "baseUrl": self.origin + WEBHOOK_PREFIX,
            "requiredQueryStringParameters": f"code={self.system_key}",
            "rpcBaseUrl": f"{self.origin}{self.rpc_prefix}/",
        }
        return json.dumps(binding)

    @property
    def _query(self) -> str:
        return urlencode({"taskHub": self.hub_name, "connection": "Storage", "code": self.system_key})
