"""The words that templates name, and what they stand for in one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from orchestrators.pipelines.azureml_assets import asset_address
from orchestrators.pipelines.templates import words_named
from transforms.errors import FlowBroken, Mistake
from transforms.flow.then import Then
from transforms.flow.then.azure_ml import AzureMLStart
from transforms.flow.then.manifest_words import PREFIX, manifest_value


def words_of_output(output_url: str, container: str) -> dict[str, str]:
    """The dataset's folder in each form that a target wants.

    Source:
        Hadoop's ABFS and WASB drivers: `scheme://container@account/path`; the first wants the `dfs` host.
    Example:
        >>> words = words_of_output("https://acme.blob.core.windows.net/datasets/flights/r1/", "datasets")
        >>> words["output_abfss"], words["output_path"]
        ('abfss://datasets@acme.dfs.core.windows.net/flights/r1/', 'flights/r1/')
    """
    parts = urlsplit(output_url)
    account, path = parts.path.split(f"/{container}/", 1)
    # An emulator names the account in the path; Azure in the host.
    host = f"{account.strip('/')}.blob.core.windows.net" if account else parts.netloc
    return {
        "output_url": output_url,
        "output_path": path,
        "output_abfss": f"abfss://{container}@{host.replace('.blob.', '.dfs.', 1)}/{path}",
        "output_wasbs": f"wasbs://{container}@{host}/{path}",
    }


def words_of_target(then: Then, words: Mapping[str, Any]) -> dict[str, str]:
    """What Azure ML calls the dataset, as far as `then` declares it."""
    found = {}
    if then.datastore:
        found["output_azureml"] = f"azureml://datastores/{then.datastore}/paths/{words['output_path']}"
    if isinstance(then, AzureMLStart) and then.asset:
        found["data_asset"] = asset_address(then, str(words["run_id"]))
    return found


def names_manifest(then: Then) -> bool:
    """True where the templates of `then` name a value of the manifest."""
    return any(word.startswith(PREFIX) for word in words_named(then))


def words_of_manifest(then: Then, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the manifest that the templates of `then` name.

    Raises:
        FlowBroken: the manifest of this run has no such value; all of them are listed.
    """
    found, mistakes = {}, []
    for word in sorted(word for word in words_named(then) if word.startswith(PREFIX)):
        try:
            found[word] = manifest_value(manifest, word)
        except LookupError as missing:
            mistakes.append(Mistake("flow", "then", f"{{{word}}}", f"a value of the manifest: {missing}"))
    if mistakes:
        raise FlowBroken(mistakes)
    return found
