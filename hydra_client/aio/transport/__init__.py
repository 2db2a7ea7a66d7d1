"""The transport for asyncio: streams of the event loop, with limits on time and size."""
