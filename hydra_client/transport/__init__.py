"""How bytes travel for threads: requests and urllib3, bounded in time and size."""
