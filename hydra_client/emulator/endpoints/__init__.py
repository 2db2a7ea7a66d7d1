"""What the server answers at each path, one file per endpoint or resource."""
