"""What the server keeps: clients, consent requests, tokens, policies and its key."""
