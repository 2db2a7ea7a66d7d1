"""Go's HTTP, JSON and regular expressions, as far as clients notice how they differ."""
