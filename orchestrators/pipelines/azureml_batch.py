"""Azure ML batch endpoints (v2): the scoring URI takes the inputs.

POST {scoring URI}                               200, 201 {id, name, properties: {status, interactionEndpoints}}
GET  {scoring URI}/{last part of id}             200
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from orchestrators.pipelines.azureml_assets import registration
from orchestrators.pipelines.azureml_standing import RUNNING, job_standing
from orchestrators.pipelines.port import PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing
from orchestrators.pipelines.texts import texts_of
from transforms.flow.then.azure_ml import AzureMLBatchStart

TOKEN: Final = ServiceToken(
    audience="https://ml.azure.com",
    hosts=(".inference.ml.azure.com",),
    role="the role AzureML Data Scientist on the workspace",
)
_INPUT_TYPES: Final = {"uri_folder": "UriFolder", "uri_file": "UriFile"}


class AzureMLBatch:
    """What is particular to batch endpoints."""

    asks_with = TOKEN
    headers: Mapping[str, str] = {}
    starts_with = frozenset({200, 201})
    running = RUNNING

    def call(self, then: AzureMLBatchStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a batch job, after that which registers the data asset."""
        inputs = {
            **{name: {"JobInputType": _INPUT_TYPES[data.type], "Uri": data.uri} for name, data in then.inputs.items()},
            **{name: {"JobInputType": "Literal", "Value": text} for name, text in texts_of(then.parameters).items()},
        }
        return PipelineCall(
            run_id=str(words["run_id"]),
            fields="`then.url` and `then.deployment`",
            url=then.url,
            headers={"azureml-model-deployment": then.deployment} if then.deployment else {},
            body={"properties": {"InputData": inputs}},
            auth=TOKEN,
            first=registration(then, words),
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says: `id` is a path, whose last part is asked for."""
        named = document.get("id") or document.get("name")
        if not isinstance(named, str) or not named.strip("/"):
            return None
        job, parts = named.rstrip("/").rpartition("/")[2], urlsplit(call.url)
        location = parts._replace(path=f"{parts.path.rstrip('/')}/{quote(job, safe='')}").geturl()
        return Begun(job, location, self.standing(document).link)

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says. `provisioningState` has other words, and is not looked at."""
        return job_standing(document, pages="interactionEndpoints")

    def stop(self, started: Started) -> None:
        """Batch endpoints document no request that ends a job."""
