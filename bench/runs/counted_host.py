"""The local host as it is, telling every half second what it holds and what its app has done.

python -m bench.runs.counted_host WATCH ...     the rest are the local host's own arguments

Worker processes import this module again, as `__mp_main__`: so they count too, each into a file of its own.
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


def count_transactions(watch: Path) -> None:
    """Every request of a synchronous storage client adds a byte to this process's file beside the watch.

    The app has no other clients, and the host none of these.
    """
    from azure.core.pipeline.transport import RequestsTransport

    counted_in = watch.with_name(f"{watch.name}.{os.getpid()}").open("ab", buffering=0)
    send = RequestsTransport.send

    def counted(transport: Any, request: Any, **options: Any) -> Any:
        counted_in.write(b".")
        return send(transport, request, **options)

    RequestsTransport.send = counted


class Watch:
    """Counts the calls of the app's functions; one JSON line at a time says what was counted, here and elsewhere."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.ended: Counter[str] = Counter()

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
                print(json.dumps(self._look()), file=lines, flush=True)
                time.sleep(TOLD_EVERY_S)

    def _look(self) -> dict[str, Any]:
        # What has ended is read first: its transactions are counted by then.
        ended = dict(self.ended)
        counts = list(self._file.parent.glob(f"{self._file.name}.*"))
        held = [rss for count in counts if (rss := rss_mb(count.suffix[1:])) is not None]
        return {
            "at": time.time(),
            "rss_mb": sum(held) if held else None,
            "transactions": sum(count.stat().st_size for count in counts),
            "ended": ended,
        }


def rss_mb(process: str) -> float | None:
    """What a process holds now; None where it has ended, or the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ in ("__main__", "__mp_main__"):
    watch_file = Path(sys.argv[1])
    count_transactions(watch_file)
if __name__ == "__main__":
    watch = Watch(watch_file)
    threading.Thread(target=watch.tell, daemon=True, name="watch").start()
    sys.exit(main(sys.argv[2:], watch.count_calls))
