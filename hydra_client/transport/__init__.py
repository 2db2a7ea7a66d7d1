"""The transport for threads: requests and urllib3, with limits on time and size."""
