"""The API's operations.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from hydra_client.api.o_auth2_api import OAuth2Api, OAuth2ApiWithHttpInfo

__all__ = ["OAuth2Api", "OAuth2ApiWithHttpInfo"]
