"""The local host as it is, telling every half second what it holds and what its app has done.

python -m bench.runs.counted_host WATCH ...     the rest are the local host's own arguments
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from devhost.__main__ import main
from devhost.invoker import Invocation, Invoke

TOLD_EVERY_S = 0.5


class Watch:
    """Counts the app's storage transactions and the calls of its functions; one JSON line at a time says so."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.transactions = 0
        self.ended: Counter[str] = Counter()

    def count_transactions(self) -> None:
        """Every request of a synchronous storage client counts: the app has no others, and the host none of these."""
        from azure.core.pipeline.transport import RequestsTransport

        send = RequestsTransport.send

        def counted(transport: Any, request: Any, **options: Any) -> Any:
            with self._lock:
                self.transactions += 1
            return send(transport, request, **options)

        RequestsTransport.send = counted

    def count_calls(self, invoke: Invoke) -> Invoke:
        """Functions are called as ever, and counted when they have ended well."""

        async def counted(invocation: Invocation) -> Any:
            answer = await invoke(invocation)
            self.ended[invocation.function.name] += 1
            return answer

        return counted

    def tell(self) -> None:
        """Go on for as long as the process lives."""
        with self._file.open("a", encoding="utf-8") as lines:
            while True:
                told = {"at": time.time(), "rss_mb": _rss_mb(), "transactions": self.transactions, "ended": self.ended}
                print(json.dumps(told), file=lines, flush=True)
                time.sleep(TOLD_EVERY_S)


def _rss_mb() -> float | None:
    """What this process holds now; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    watch = Watch(Path(sys.argv[1]))
    watch.count_transactions()
    threading.Thread(target=watch.tell, daemon=True, name="watch").start()
    sys.exit(main(sys.argv[2:], watch.count_calls))
