"""How bytes travel for asyncio: streams of the event loop, bounded in time and size."""
