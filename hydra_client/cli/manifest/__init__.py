"""Access as code: reads manifests of clients, policies and groups, and checks them."""
