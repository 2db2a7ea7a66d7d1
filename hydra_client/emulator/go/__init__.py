"""What Go's standard library does to requests, JSON and regular expressions: clients can tell."""
