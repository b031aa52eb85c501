"""Together: several streams as one, each message as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

__all__ = ["together"]


async def together(*streams: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The messages of all streams in the order in which they come, until the last stream ends.

    What a stream raises is raised here. Who stops listening ends them all.
    """
    came: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=8)
    tasks = [asyncio.create_task(_pour(stream, came)) for stream in streams]
    try:
        for _ in tasks:
            while (message := await came.get()) is not None:
                yield message
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(stream: AsyncIterator[bytes], came: asyncio.Queue[bytes | None]) -> None:
    """Every message of a stream, and None for its end."""
    try:
        async for message in stream:
            await came.put(message)
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
        await came.put(None)
