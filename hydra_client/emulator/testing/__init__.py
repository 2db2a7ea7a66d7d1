"""What tests use: a browser, faults, recorded requests, the server in-process, pytest fixtures."""
