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

    Attributes:
        sub: The user's permanent identifier. It is empty for a client's own token.
        name: Full name.
        given_name: Given name or names.
        family_name: Family name or names.
        middle_name: Middle name or names.
        nickname: Casual name.
        preferred_username: Name by which the user wants to be addressed. It is not unique.
        profile: URL of the user's profile page.
        picture: URL of a picture of the user.
        website: URL of the user's web page.
        email: Email address. It is not unique.
        email_verified: Whether the email address was verified.
        gender: Gender.
        birthdate: Birthday as `YYYY-MM-DD`, or the year only.
        zoneinfo: Time zone, such as `Europe/Paris`.
        locale: Language and region, such as `en-US`.
        phone_number: Telephone number.
        phone_number_verified: Whether the telephone number was verified.
        updated_at: When the claims were last changed, in seconds since 1970-01-01 UTC.
        rat: When the flow began, in seconds since 1970-01-01 UTC.
    """

    sub: str = string()
    name: str | None = string(default=None)
    given_name: str | None = string(default=None)
    family_name: str | None = string(default=None)
    middle_name: str | None = string(default=None)
    nickname: str | None = string(default=None)
    preferred_username: str | None = string(default=None)
    profile: str | None = string(default=None)
    picture: str | None = string(default=None)
    website: str | None = string(default=None)
    email: str | None = string(default=None)
    email_verified: bool | None = boolean(default=None)
    gender: str | None = string(default=None)
    birthdate: str | None = string(default=None)
    zoneinfo: str | None = string(default=None)
    locale: str | None = string(default=None)
    phone_number: str | None = string(default=None)
    phone_number_verified: bool | None = boolean(default=None)
    updated_at: int | None = integer(default=None)
    rat: int | None = integer(default=None)
