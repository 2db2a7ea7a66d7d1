"""What the server stores: clients, consent requests, tokens, policies and its key."""
