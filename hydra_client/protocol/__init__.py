"""What one call is, with no I/O and no waiting: any transport can use it."""
