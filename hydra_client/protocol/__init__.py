"""The logic of a call, without I/O and without waiting, so that threads and asyncio share it."""
