"""One maker's service as a process of its own.

python -m demo.makers --kind databricks --folder FOLDER     TRAINER_STORAGE holds the connection string
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
from functools import partial
from pathlib import Path

from demo.jobs import Jobs
from demo.makers.makers import MAKERS
from demo.makers.recording import recording_service
from demo.makers.service import MakerService
from demo.signals import wait_to_end
from demo.trainer import STORAGE, score_dataset


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m demo.makers")
    parser.add_argument("--kind", choices=sorted(MAKERS), required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--container", default="datasets", help="where the datasets are")
    words = parser.parse_args()
    jobs = Jobs(partial(_score, os.environ[STORAGE], words.container), words.folder / "starts.jsonl")
    certificate = words.folder / "authority.pem"
    with recording_service(_tls(certificate)) as service:
        service.rule = MakerService(MAKERS[words.kind], jobs).answer
        print(f"READY {json.dumps({'url': service.origin, 'certificate': str(certificate)})}", flush=True)
        wait_to_end()
    jobs.close()


def _score(connection_string: str, container: str, path: str) -> dict[str, float]:
    """The scores of a model trained on the dataset at that path inside the container."""
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection_string) as account:
        return score_dataset(f"{account.url.rstrip('/')}/{container}/{path}", connection_string)


def _tls(certificate: Path) -> ssl.SSLContext:
    """Tokens are sent over https alone, so the service has a certificate, and a file to trust it by."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    return tls


if __name__ == "__main__":
    main()
