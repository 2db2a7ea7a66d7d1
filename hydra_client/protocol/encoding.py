"""Encodes a call: target, headers and body, checked before anything is sent."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hydra_client.exceptions import ApiTypeError, ApiValueError, LongSecretWarning
from hydra_client.protocol import checks
from hydra_client.protocol.operation import Call
from hydra_client.protocol.redaction import SECRET_PARAMETERS, Secret

if TYPE_CHECKING:
    from hydra_client.protocol.model import Field, Model
    from hydra_client.protocol.operation import Operation

# Most ids: not ".", not "..", and nothing in it to escape.
_PLAIN_ID = re.compile(r"[\w.~-]*[\w~-]", re.ASCII)
NOT_IN_ID = re.compile(r"[/\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAK = re.compile(r"[\r\n\x00]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIXED_HEADERS = frozenset({"authorization", "host", "content-length", "transfer-encoding"})


def encode(
    operation: Operation[Any],
    *,
    body: Model | None = None,
    form: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    bearer: str | None = None,
    headers: Mapping[str, str] | None = None,
    **ids: str,
) -> Call:
    """Write a call; `ids` are the ids in its path. See `ApiClient.call` for the arguments.

    Raises:
        ApiTypeError: An argument has the wrong type.
        ApiValueError: An argument is not valid.
    """
    segments = iter(operation.segments)
    target = next(segments)
    for name, text in zip(segments, segments, strict=True):
        target += _path_segment(operation, name, ids.get(name)) + text
    all_headers: dict[str, str] = {}
    content: bytes | None = None
    secrets: tuple[str, ...] = ()
    parameters: Mapping[str, object] = {}
    if query is not None:
        parameters = query
        encoded, secrets = _urlencode(operation, query)
        if encoded:
            target = f"{target}?{encoded}"
    elif form is not None:
        parameters = form
        encoded, secrets = _urlencode(operation, form)
        content = encoded.encode("ascii")
        all_headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif operation.body is not None:
        content, secrets = _encode_body(operation, operation.body, body)
        all_headers["Content-Type"] = "application/json"
    if operation.bearer is not None:
        bearer = checks.token(f"{operation.name}: {operation.bearer}", bearer)
        secrets = (*secrets, bearer)
    request_id = None
    if headers:
        check_headers(headers)
        all_headers.update(headers)
        request_id = next(
            (value for name, value in headers.items() if name.lower() == "x-request-id"), None
        )
    if request_id is None:
        request_id = all_headers["X-Request-ID"] = os.urandom(16).hex()
    return Call(
        operation, target, all_headers, content, request_id, secrets, ids, parameters, bearer
    )


def _path_segment(operation: Operation[Any], name: str, id: object) -> str:
    """Write an id as one path segment that cannot become another path."""
    if isinstance(id, str) and _PLAIN_ID.fullmatch(id):
        return id
    text = checks.string(f"{operation.name}: {name}", id)
    if not text:
        raise ApiValueError(f"{operation.name}: {name} is empty; it would address another resource")
    check_id(operation, name, text)
    return quote(text, safe="")


def check_id(operation: Operation[Any], name: str, id: str) -> None:
    """Refuse an id that could never be part of a path."""
    if id in (".", "..") or NOT_IN_ID.search(id):
        raise ApiValueError(
            f"{operation.name}: the {name} {id!r} cannot be addressed: an id must not be '.' or "
            "'..' nor contain '/', control characters or an unpaired surrogate"
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that would break the request, or replace those that the client sets."""
    if not isinstance(headers, Mapping):
        raise ApiTypeError(f"headers must be a mapping, got {type(headers).__name__}")
    items: Iterable[tuple[object, object]] = headers.items()
    for name, value in items:
        if not (isinstance(name, str) and isinstance(value, str)):
            raise ApiTypeError("headers: names and values must be strings")
        if not _HEADER_NAME.fullmatch(name):
            raise ApiValueError(f"headers: {name!r} is not a header name")
        if name.lower() in _FIXED_HEADERS:
            advice = "; configure credentials in the Configuration"
            advice = advice if name.lower() == "authorization" else ""
            raise ApiValueError(f"headers: the client sets {name} itself{advice}")
        if _BREAK.search(value):
            raise ApiValueError(f"headers: the value of {name} contains a line break or NUL")
        if any(character > "\xff" for character in value):
            raise ApiValueError(f"headers: the value of {name} has characters outside Latin-1")


def _encode_body(
    operation: Operation[Any], model: type[Model], body: object
) -> tuple[bytes, tuple[str, ...]]:
    """Write a body, and name the secrets in it."""
    if not isinstance(body, model):
        raise ApiTypeError(
            f"{operation.name}: body must be {model.__name__}, got {type(body).__name__}"
        )
    data = body._data
    if operation.id_in_body is not None and isinstance(id := data.get(operation.id_in_body), str):
        check_id(operation, operation.id_in_body, id)
    content = body._sendable().encode("ascii")
    secrets = []
    for field, value in body._set_fields():
        if field.secret:
            _check_secret(operation, field, value)
            secrets.append(Secret(value))
    return content, tuple(secrets)


def _check_secret(operation: Operation[Any], field: Field, secret: str) -> None:
    where = f"{operation.name}: {field.attribute}"
    if len(secret) < field.min_length:
        raise ApiValueError(
            f"{where} must have at least {field.min_length} characters; leave it unset to have one "
            "generated on create, or to keep the current one on update"
        )
    length = len(checks.utf8(where, secret).encode())
    if field.max_bytes is not None and length > field.max_bytes:
        warnings.warn(
            f"{where} has {length} bytes, and Hydra checks only the first {field.max_bytes}: "
            "anyone who knows those can log in. Use a shorter one.",
            LongSecretWarning,
            stacklevel=6,
        )


def _urlencode(
    operation: Operation[Any], parameters: Mapping[str, object]
) -> tuple[str, tuple[str, ...]]:
    """Write query parameters or form fields; those that are None are not sent."""
    pairs: list[tuple[str, str]] = []
    for name, value in parameters.items():
        if value is None and name not in operation.required:
            continue
        if name in operation.integers:
            value = str(checks.whole_number(f"{operation.name}: {name}", value))
        if name == operation.about_token:
            checks.bare_token(f"{operation.name}: {name}", value)
        checks.utf8(f"{operation.name}: the name of a parameter", name)
        pairs.append((name, checks.utf8(f"{operation.name}: {name}", value)))
    secrets = tuple(Secret(value) for name, value in pairs if name in SECRET_PARAMETERS)
    return urlencode(pairs), secrets
