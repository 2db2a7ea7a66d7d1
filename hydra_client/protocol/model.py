"""The base of all models: typed fields over a JSON object.

A model keeps the object as it was received and reads its fields from it. So a field that this
version does not know survives a round trip, "never set" differs from "set to null", and decoding
costs little more than parsing.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    HydraException,
)
from hydra_client.protocol.names import nearest, no_attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """Stand in for typing.dataclass_transform, which Python 3.10 lacks."""
        return lambda cls: cls


class Field:
    """One field of a model: its name and type in JSON, and how it is read and set.

    Attributes:
        json_type: The type of its value once JSON is parsed.
        expected: What errors call that type.
        wire: Its name in JSON.
        also: A second name in JSON, which is read if the first is missing.
        secret: Whether `repr` masks it.
        min_length: Characters that a secret needs at least.
        max_bytes: Bytes of UTF-8 of a secret that the server checks.
        required: Whether every response has it.
    """

    def __init__(
        self,
        json_type: type,
        expected: str,
        wire: str | None = None,
        *,
        also: str | None = None,
        secret: bool = False,
        min_length: int = 0,
        max_bytes: int | None = None,
        default: Any = ...,
    ) -> None:
        self.json_type = json_type
        self.expected = expected
        self.wire = wire or ""
        self.also = also
        self.secret = secret
        self.min_length = min_length
        self.max_bytes = max_bytes
        self.required = default is ...

    def __set_name__(self, owner: type[Model], name: str) -> None:
        self.owner = owner.__name__
        self.attribute = name
        self.wire = self.wire or name

    def __get__(self, model: Model | None, owner: type[Model]) -> Any:
        if model is None:
            return self
        return self.value(model._data.get(self.key(model._data)))

    def __set__(self, model: Model, value: Any) -> None:
        model._data[self.key(model._data)] = self.checked(value)

    def __delete__(self, model: Model) -> None:
        model._data.pop(self.key(model._data), None)

    def key(self, data: Mapping[str, Any]) -> str:
        """The name that the field has in this object."""
        if self.also is not None and self.wire not in data and self.also in data:
            return self.also
        return self.wire

    def value(self, stored: Any) -> Any:
        """The Python value of what is stored."""
        return stored

    def checked(self, value: Any) -> Any:
        """The stored form of a value that the caller sets."""
        if value is not None and not self.holds(value):
            raise self.wrong(ApiTypeError, value)
        return value

    def holds(self, value: Any) -> bool:
        """Whether a value that the caller sets has the field's type."""
        if isinstance(value, bool):  # which is an `int`, too
            return self.json_type is bool
        return isinstance(value, self.json_type)

    def wrong(self, error: type[HydraException], value: Any) -> HydraException:
        """An error that names the field and both types, and never the value."""
        got = self._python_type(value) if error is ApiTypeError else _json_type(value)
        return error(f"{self.owner}.{self.attribute}: expected {self.expected}, got {got}")

    def _python_type(self, value: Any) -> str:
        """The name of a type, and of the types inside if only those can be wrong."""
        if not isinstance(value, (list, dict)) or not isinstance(value, self.json_type):
            return type(value).__name__
        parts = (value.keys(), value.values()) if isinstance(value, dict) else (value,)
        inside = (" | ".join(dict.fromkeys(type(item).__name__ for item in part)) for part in parts)
        return f"{type(value).__name__}[{', '.join(inside)}]"


class _Strings(Field):
    def holds(self, value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)

    def decoded(self, value: Any) -> Any:
        """Return what the server sent, unless the list holds anything else."""
        try:
            "".join(value)  # the quickest way to ask a list whether all of it is strings
        except TypeError:
            raise self.wrong(ApiDecodeError, value) from None
        return value


class _DateTime(Field):
    def value(self, stored: Any) -> datetime | None:
        return None if stored is None else _parse_time(stored)

    def checked(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise self.wrong(ApiTypeError, value)
        if value.tzinfo is None:
            raise ApiValueError(
                f"{self.owner}.{self.attribute}: expected {self.expected}, got a naive datetime"
            )
        return value.isoformat().replace("+00:00", "Z")

    def decoded(self, value: Any) -> Any:
        """Return what the server sent, once it is certain that it can be read."""
        try:
            aware = _parse_time(value).tzinfo is not None
        except (ValueError, OverflowError):
            aware = False  # and the parser's own error, which quotes the value, ends here
        if not aware:
            raise self.wrong(ApiDecodeError, value)
        return value


class _Nested(Field):
    """A model; in the subclasses, several of them."""

    def __init__(self, model: type[Model], *arguments: Any, **facts: Any) -> None:
        super().__init__(*arguments, **facts)
        self.model = model

    def holds(self, value: Any) -> bool:
        return isinstance(value, self.model)

    def nested(self, value: Any) -> Iterable[Model]:
        """The models in a value that the field holds."""
        return (value,)

    def decoded(self, value: Any) -> Any:
        """Return models for what the server sent."""
        return self.model._adopt(value)


class _Models(_Nested):
    def holds(self, value: Any) -> bool:
        return isinstance(value, list) and all(map(super().holds, value))

    def nested(self, value: Any) -> Iterable[Model]:
        return value  # type: ignore[no-any-return]

    def decoded(self, value: Any) -> Any:
        return list(map(super().decoded, value))


class _ModelsByName(_Nested):
    def holds(self, value: Any) -> bool:
        return isinstance(value, dict) and all(
            isinstance(name, str) and isinstance(item, self.model) for name, item in value.items()
        )

    def nested(self, value: Any) -> Iterable[Model]:
        return value.values()  # type: ignore[no-any-return]

    def decoded(self, value: Any) -> Any:
        return {name: self.model._adopt(item) for name, item in value.items()}


# Type checkers take a field's default from these calls, and its type from the annotation.


def string(wire: str | None = None, **facts: Any) -> Any:
    """Declare a string; see `Field` for the facts."""
    return Field(str, "a string", wire, **facts)


def boolean(wire: str | None = None, **facts: Any) -> Any:
    """Declare true or false."""
    return Field(bool, "true or false", wire, **facts)


def integer(wire: str | None = None, **facts: Any) -> Any:
    """Declare a whole number."""
    return Field(int, "a whole number", wire, **facts)


def mapping(wire: str | None = None, **facts: Any) -> Any:
    """Declare an object whose members the user defines."""
    return Field(dict, "an object", wire, **facts)


def strings(wire: str | None = None, **facts: Any) -> Any:
    """Declare a list of strings."""
    return _Strings(list, "a list of strings", wire, **facts)


def date_time(wire: str | None = None, **facts: Any) -> Any:
    """Declare a point in time: RFC 3339 in JSON, an aware datetime in Python."""
    return _DateTime(str, "a time with its offset from UTC (RFC 3339)", wire, **facts)


def model(kind: type[Model], wire: str | None = None, **facts: Any) -> Any:
    """Declare another model."""
    return _Nested(kind, dict, kind.__name__, wire, **facts)


def models(kind: type[Model], wire: str | None = None, **facts: Any) -> Any:
    """Declare a list of other models."""
    return _Models(kind, list, f"a list of {kind.__name__}", wire, **facts)


def models_by_name(kind: type[Model], wire: str | None = None, **facts: Any) -> Any:
    """Declare an object whose members are other models, with names that the user defines."""
    return _ModelsByName(kind, dict, f"a dict of {kind.__name__} by name", wire, **facts)


class _ModelType(type):
    """Gives models no `__dict__`, so that a misspelled field cannot be set."""

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> _ModelType:
        members.setdefault("__slots__", ())
        return super().__new__(cls, name, bases, members)


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        string,
        boolean,
        integer,
        mapping,
        strings,
        date_time,
        model,
        models,
        models_by_name,
    ),
)
class Model(metaclass=_ModelType):
    """A JSON object of the API with typed fields.

    A field that was never set reads as None and is not sent. A field set to None is sent as null.
    `del` unsets a field. Fields that the model does not know are kept and sent back. Two models are
    equal if their class and all their fields are, unknown ones included.
    """

    __slots__ = ("_data",)

    # Underscored like all methods that this package uses, since a field may have any other name.
    _data: dict[str, Any]
    _fields: dict[str, Field] = {}
    _by_wire: dict[str, Field] = {}
    # By name: the type in JSON, and what checks or converts such a value further.
    _kinds: list[tuple[str, type, Callable[[Any], Any] | None]] = []
    _required: tuple[Field, ...] = ()

    def __init_subclass__(cls) -> None:
        own = {name: field for name, field in vars(cls).items() if isinstance(field, Field)}
        cls._fields = cls._fields | own
        fields = cls._fields.values()
        also = {field.also: field for field in fields if field.also is not None}
        cls._by_wire = also | {field.wire: field for field in fields}
        cls._kinds = [
            (name, field.json_type, getattr(field, "decoded", None))
            for name, field in cls._by_wire.items()
        ]
        cls._required = tuple(field for field in fields if field.required)

    def __init__(self, **fields: Any) -> None:
        self._data = {}
        for name, value in fields.items():
            field = self._fields.get(name)
            if field is None:
                near = nearest(name, self._fields, self)
                hint = f"did you mean {near!r}?" if near else f"it has {', '.join(self._fields)}"
                raise ApiTypeError(f"{type(self).__name__} has no field {name!r}; {hint}")
            field.__set__(self, value)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make a model of a JSON object, with the API's names.

        Raises:
            ApiDecodeError: A field has another type than the API gives it. The message names it.
        """
        copied = _copy(data, ApiDecodeError)
        if isinstance(copied, dict) and not all(isinstance(name, str) for name in copied):
            raise ApiDecodeError(f"{cls.__name__}: every name must be a string")
        return cls._adopt(copied)

    @classmethod
    def from_json(cls, document: str | bytes) -> Self:
        """Make a model of a JSON text.

        Raises:
            ApiDecodeError: The text is not JSON, or a field has another type than the API gives it.
            ApiTypeError: It is not a text; `from_dict` takes an object.
        """
        if not isinstance(document, (str, bytes, bytearray)):
            raise ApiTypeError(
                f"{cls.__name__}.from_json expects a JSON text, got {type(document).__name__}; "
                "use from_dict for an object"
            )
        return cls._adopt(parse_json(document))

    def to_dict(self) -> dict[str, Any]:
        """Return a copy of the JSON object, names as in the API, unknown fields included.

        Raises:
            ApiValueError: The model holds itself, or has more levels than Python can follow.
        """
        copy: dict[str, Any] = _copy(self._data, ApiValueError)
        return copy

    def to_json(self) -> str:
        """Return the JSON text.

        Raises:
            ApiTypeError, ApiValueError: A field has a value that JSON cannot represent.
        """
        try:
            return _encode(self._data)
        except (TypeError, ValueError, RecursionError) as error:
            kind = ApiTypeError if isinstance(error, TypeError) else ApiValueError
        raise kind(f"{type(self).__name__}{self._culprit()}: JSON cannot represent its value")

    @classmethod
    def _adopt(cls, data: Any) -> Self:
        """Make a model of an object that nothing else references, after a check of its fields."""
        if type(data) is not dict:
            raise ApiDecodeError(f"{cls.__name__}: expected an object, got {_json_type(data)}")
        for name, json_type, decoded in cls._kinds:
            value = data.get(name)
            if value is not None:
                if type(value) is not json_type:
                    raise cls._by_wire[name].wrong(ApiDecodeError, value)
                if decoded is not None:
                    data[name] = decoded(value)
        self = cls.__new__(cls)
        object.__setattr__(self, "_data", data)  # without the detour, since every response pays
        return self

    def _complete(self) -> Self:
        """Return the model, once it is certain that it has the fields that every response has."""
        for field in self._required:
            if self._data.get(field.wire) is None:
                if not isinstance(field, _Models) or field.wire not in self._data:
                    raise ApiDecodeError(
                        f"{field.owner}.{field.attribute}: missing in the response"
                    )
                self._data[field.wire] = []  # Go writes an empty list as null
        return self

    def _sendable(self) -> str:
        """Return the JSON text after another check: a list may have been changed in place."""
        for field, value in self._set_fields():
            if not field.holds(value):
                raise field.wrong(ApiTypeError, value)
        return self.to_json()

    def _set_fields(self) -> Iterator[tuple[Field, Any]]:
        """Yield the fields that have a value, then those of nested models."""
        for field in self._fields.values():
            value = self._data.get(field.wire)
            if value is not None:
                yield field, value
                if isinstance(field, _Nested):
                    for model in field.nested(value):
                        yield from model._set_fields()

    def _culprit(self) -> str:
        for name, value in self._data.items():
            try:
                _encode(value)
            except (TypeError, ValueError, RecursionError):
                field = self._by_wire.get(name)
                return f".{field.attribute if field else name}"
        return ""  # pragma: no cover - another thread has replaced the value that failed

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or type(self) is not type(other):
            return NotImplemented
        return self._data == other._data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = []
        for name, value in self._data.items():
            field = self._by_wire.get(name)
            if field is None:
                parts.append(f"{name}=…")  # it may be a secret
            elif value is not None and field.secret:
                parts.append(f"{field.attribute}='***'")
            elif isinstance(value, dict):
                members = (
                    f"{key!r}: {item!r}" if isinstance(item, Model) else f"{key!r}: …"
                    for key, item in value.items()
                )
                parts.append(f"{field.attribute}={{{', '.join(members)}}}")
            else:
                parts.append(f"{field.attribute}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __getstate__(self) -> tuple[dict[str, Any]]:
        return (dict(self._data),)

    def __setstate__(self, state: tuple[dict[str, Any]]) -> None:
        (self._data,) = state

    # Type checkers would take them for a sign that every attribute exists.
    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            try:
                object.__setattr__(self, name, value)
            except AttributeError:
                if hasattr(type(self), name):
                    raise
                raise no_attribute(self, name) from None


def _plain(value: Any) -> Any:
    """Copy of a JSON value, models in it as objects."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Model):
        return _plain(value._data)
    return value


def _copy(value: Any, error: type[HydraException]) -> Any:
    try:
        return _plain(value)
    except RecursionError:
        pass
    raise error("the object contains itself, or has too many levels")


def _object_of(value: Any) -> dict[str, Any]:
    if isinstance(value, Model):
        return value._data
    raise TypeError(type(value).__name__)


# One encoder for all: making one costs a third of what encoding a client costs.
_encode = json.JSONEncoder(allow_nan=False, default=_object_of).encode


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_decode = json.JSONDecoder(parse_constant=_refuse).decode


def parse_json(document: str | bytes) -> Any:
    """Read one JSON text (RFC 8259: UTF-8, no NaN or Infinity).

    Raises:
        ApiDecodeError: The text is not JSON. The message quotes nothing of it.
    """
    try:
        return _decode(document if isinstance(document, str) else document.decode())
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        problem = f"at character {error.pos}"
    except (ValueError, RecursionError):
        problem = "a number that is not valid, or too many digits or levels"
    raise ApiDecodeError(f"not JSON: {problem}")


def _parse_time(stamp: str) -> datetime:
    from dateutil.parser import isoparse  # one model of nine needs it

    return isoparse(stamp)


_JSON_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _json_type(value: Any) -> str:
    return _JSON_TYPES.get(type(value), type(value).__name__)
