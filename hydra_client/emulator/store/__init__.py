"""What the server stores: clients, consent requests, tokens, policies, groups and keys."""
