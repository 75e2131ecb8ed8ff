"""Dividing a run: its uploads, in their order, become parts that are transformed apart from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrators.messages import RunRequest
from orchestrators.settings import Settings

if TYPE_CHECKING:
    from transforms.flow.flow import Flow


def part_sizes(settings: Settings, flow: Flow, request: RunRequest) -> tuple[int, ...]:
    """How many of a run's uploads each part has: as many as the settings let be together, and one at least.

    A flow whose contract looks at the rows of all uploads together is not divided, nor are the few rows of a replay.
    """
    from transforms.dividing import is_divisible

    if request.parent is not None or not is_divisible(flow):
        return (len(request.uploads),)
    sizes, bytes_left = list[int](), 0
    for upload in request.uploads:
        if not sizes or sizes[-1] == settings.part_uploads or upload.size_bytes > bytes_left:
            sizes.append(0)
            bytes_left = settings.part_size_mb << 20
        sizes[-1] += 1
        bytes_left -= upload.size_bytes
    return tuple(sizes)
