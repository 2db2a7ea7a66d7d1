"""The server's endpoints, one module for each endpoint or resource."""
