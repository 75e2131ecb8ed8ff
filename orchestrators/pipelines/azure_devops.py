"""Azure DevOps pipelines.

POST  {organisation}/{project}/_apis/pipelines/{id}/runs            200 {id, state, result, _links}
GET   {organisation}/{project}/_apis/pipelines/{id}/runs/{run}      200
PATCH {organisation}/{project}/_apis/build/builds/{run}             200; a pipeline's run is a build of that id
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from orchestrators.pipelines.port import EndStatus, PersonalToken, PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing, Stop
from orchestrators.pipelines.texts import texts_of
from orchestrators.pipelines.urls import web_link
from transforms.flow.then.azure_devops import AzureDevOpsStart

API_VERSION: Final = "7.1"
TOKEN: Final = ServiceToken(
    audience="499b84ac-1321-427f-aa17-267ca6975798",
    hosts=("dev.azure.com", ".visualstudio.com"),
    role="a user of the organisation that may queue builds of the pipeline",
)
RUNNING: Final = frozenset({"unknown", "inProgress", "canceling"})
RESULTS: Final[dict[str, EndStatus]] = {"succeeded": "succeeded", "failed": "failed", "canceled": "cancelled"}


class AzureDevOps:
    """What is particular to Azure DevOps."""

    asks_with = TOKEN
    # Answer a bad token with 401, not with a redirect to the sign-in page.
    headers: Mapping[str, str] = {"X-TFS-FedAuthRedirect": "Suppress"}
    starts_with = frozenset({200})
    running = RUNNING

    def call(self, then: AzureDevOpsStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run."""
        body: dict[str, Any] = {}
        if then.branch:
            body["resources"] = {"repositories": {"self": {"refName": _ref(then.branch)}}}
        if parameters := texts_of(then.parameters):
            body["templateParameters"] = parameters
        if then.variables:
            body["variables"] = {name: {"value": value} for name, value in texts_of(then.variables).items()}
        path = f"/{quote(then.project, safe='')}/_apis/pipelines/{then.pipeline_id}/runs"
        return PipelineCall(
            run_id=str(words["run_id"]),
            fields="`then.url`, `then.project` and `then.pipeline_id`",
            url=f"{then.url.rstrip('/')}{path}?api-version={API_VERSION}",
            body=body,
            auth=PersonalToken(setting=then.auth.setting, scheme="Basic", role=TOKEN.role) if then.auth else TOKEN,
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        run_id = document.get("id")
        if not isinstance(run_id, int):
            return None
        parts = urlsplit(call.url)
        return Begun(str(run_id), parts._replace(path=f"{parts.path}/{run_id}").geturl(), _page(document))

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says; a result counts only once the run is completed."""
        word, result = document.get("state"), document.get("result")
        is_over = word == "completed"
        end: EndStatus | None = RESULTS.get(str(result), "unknown") if is_over else None
        message = f"the run {document.get('name') or ''} is completed: {result}" if is_over else None
        return Standing(
            word=word if isinstance(word, str) else None,
            end=end,
            message=None if end == "succeeded" else message,
            link=_page(document),
        )

    def stop(self, started: Started) -> Stop:
        """The request that ends the run."""
        parts = urlsplit(started.location)
        project = parts.path.partition("/_apis/")[0]
        url = parts._replace(path=f"{project}/_apis/build/builds/{started.target_run_id}").geturl()
        return Stop("PATCH", url, {"status": "cancelling"})


def _ref(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"


def _page(document: Mapping[str, Any]) -> str | None:
    links = document.get("_links")
    web = links.get("web") if isinstance(links, Mapping) else None
    return web_link(web.get("href")) if isinstance(web, Mapping) else None
