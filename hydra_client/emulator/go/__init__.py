"""How Go's standard library reads and writes HTTP and JSON, which shows in every response."""
