"""Clients as code: a manifest is read, compared with the server, and carried out."""
