"""Helpers for tests: a browser, the server in-process, and pytest fixtures."""
