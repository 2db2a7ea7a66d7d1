"""Claims about a user.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from hydra_client.protocol.model import (
    Model,
    boolean,
    integer,
    string,
)


class UserInfo(Model):
    """What the UserInfo endpoint knows about a user (OpenID Connect Core section 5.1).

    Except for `sub` and `rat`, the claims are what the consent app gave as `id_token_extra`.
    Read others from `to_dict()`.
    """

    sub: str = string()
    """The user's permanent identifier. It is empty for a client's own token."""

    name: str | None = string(default=None)
    """Full name."""

    given_name: str | None = string(default=None)
    """Given name or names."""

    family_name: str | None = string(default=None)
    """Family name or names."""

    middle_name: str | None = string(default=None)
    """Middle name or names."""

    nickname: str | None = string(default=None)
    """Casual name."""

    preferred_username: str | None = string(default=None)
    """Name by which the user wants to be addressed. It is not unique."""

    profile: str | None = string(default=None)
    """URL of the user's profile page."""

    picture: str | None = string(default=None)
    """URL of a picture of the user."""

    website: str | None = string(default=None)
    """URL of the user's web page."""

    email: str | None = string(default=None)
    """Email address. It is not unique."""

    email_verified: bool | None = boolean(default=None)
    """Whether the email address was verified."""

    gender: str | None = string(default=None)
    """Gender."""

    birthdate: str | None = string(default=None)
    """Birthday as `YYYY-MM-DD`, or the year only."""

    zoneinfo: str | None = string(default=None)
    """Time zone, such as `Europe/Paris`."""

    locale: str | None = string(default=None)
    """Language and region, such as `en-US`."""

    phone_number: str | None = string(default=None)
    """Telephone number."""

    phone_number_verified: bool | None = boolean(default=None)
    """Whether the telephone number was verified."""

    updated_at: int | None = integer(default=None)
    """When the claims were last changed, in seconds since 1970-01-01 UTC."""

    rat: int | None = integer(default=None)
    """When the flow began, in seconds since 1970-01-01 UTC."""
