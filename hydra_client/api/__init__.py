"""The APIs of Hydra, one class each.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from hydra_client.api.o_auth2_api import OAuth2Api, OAuth2ApiWithHttpInfo

__all__ = ["OAuth2Api", "OAuth2ApiWithHttpInfo"]
