"""HTTP and JSON as Go's standard library reads and writes them, which shows in every response."""
