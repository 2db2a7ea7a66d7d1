"""What a model is made of: typed fields over the JSON object that travels.

A model keeps that object as it came and reads its fields out of it. So a field that this version
does not know survives a round trip, "never set" stays apart from "set to null", and decoding costs
little more than parsing.
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """Stand in for typing.dataclass_transform, which Python 3.10 lacks."""
        return lambda cls: cls


# Shapes are remembered by class, so that the next object of the same shape is known to be good.
# Both bounds keep a server that invents names from filling the memory.
_MOST_SHAPES = 256
_LONGEST_NAMES = 2048


class Field:
    """One field of a model: its name and type in JSON, and how it is read and set."""

    __slots__ = ("also", "attribute", "expected", "owner", "required", "secret", "wire")

    json_type: type
    expected: str

    def __init__(self, wire: str | None, also: str | None, secret: bool, required: bool) -> None:
        self.wire = wire or ""
        self.also = also
        self.secret = secret
        self.required = required

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
        """Name that the field has in this object: the other one where only that is there."""
        if self.also is not None and self.wire not in data and self.also in data:
            return self.also
        return self.wire

    def value(self, stored: Any) -> Any:
        """Python's form of what is stored."""
        return stored

    def checked(self, value: Any) -> Any:
        """Form in which a value given by the caller is stored."""
        if value is not None and not self.holds(value):
            raise self.wrong(ApiTypeError, value)
        return value

    def holds(self, value: Any) -> bool:
        """Whether a value given by the caller has the field's type."""
        return isinstance(value, self.json_type)

    def wrong(self, error: type[HydraException], value: Any) -> HydraException:
        """Error that names the field and both types, and never the value."""
        got = type(value).__name__ if error is ApiTypeError else _json_type(value)
        return error(f"{self.owner}.{self.attribute}: expected {self.expected}, got {got}")


class _Text(Field):
    json_type = str
    expected = "a string"


class _Flag(Field):
    json_type = bool
    expected = "true or false"


class _Number(Field):
    json_type = int
    expected = "a whole number"

    def holds(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)


class _Mapping(Field):
    json_type = dict
    expected = "an object"


class _Texts(Field):
    json_type = list
    expected = "a list of strings"

    def holds(self, value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)

    def check(self, value: Any) -> None:
        """Refuse a list, sent by the server, that holds something else."""
        try:
            "".join(value)  # the quickest way to ask a list whether all of it is strings
        except TypeError:
            raise self.wrong(ApiDecodeError, value) from None


class _Moment(Field):
    json_type = str
    expected = "a time with its offset from UTC (RFC 3339)"

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
        """Give what the server sent, once it is sure that it can be read."""
        try:
            aware = _parse_time(value).tzinfo is not None
        except (ValueError, OverflowError):
            aware = False  # and the parser's own error, which quotes the value, ends here
        if not aware:
            raise self.wrong(ApiDecodeError, value)
        return value


class _Models(Field):
    __slots__ = ("model",)
    json_type = list

    def __init__(self, model: type[Model], *arguments: Any) -> None:
        super().__init__(*arguments)
        self.model = model
        self.expected = f"a list of {model.__name__}"

    def holds(self, value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(item, self.model) for item in value)

    def decoded(self, value: Any) -> Any:
        """Give models for what the server sent."""
        return [self.model._adopt(item) for item in value]


def text(
    wire: str | None = None, *, also: str | None = None, secret: bool = False, default: Any = ...
) -> Any:
    """Declare a string; `secret` keeps it out of `repr`, `also` names a second JSON name for it."""
    return _Text(wire, also, secret, default is ...)


def flag(wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare a truth value."""
    return _Flag(wire, None, False, default is ...)


def number(wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare a whole number."""
    return _Number(wire, None, False, default is ...)


def mapping(wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare an object whose members are the user's own."""
    return _Mapping(wire, None, False, default is ...)


def texts(wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare a list of strings."""
    return _Texts(wire, None, False, default is ...)


def moment(wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare a point in time: RFC 3339 in JSON, an aware datetime in Python."""
    return _Moment(wire, None, False, default is ...)


def models(model: type[Model], wire: str | None = None, *, default: Any = ...) -> Any:
    """Declare a list of other models."""
    return _Models(model, wire, None, False, default is ...)


class _ModelType(type):
    """Gives models no `__dict__`, so that a misspelt field cannot be set."""

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> _ModelType:
        members.setdefault("__slots__", ())
        return super().__new__(cls, name, bases, members)


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(text, flag, number, mapping, texts, moment, models),
)
class Model(metaclass=_ModelType):
    """A JSON object of the API with typed fields.

    A field that was never set reads as None and is not sent; that differs from one set to None,
    which is sent as null. `del` unsets. Fields that the model does not know are kept and sent back.
    Two models are equal when their class and all their fields are, unknown ones included.
    """

    __slots__ = ("_data",)

    # Underscored like all methods for this package's use: a field may have any other name.
    _data: dict[str, Any]
    _fields: dict[str, Field] = {}
    _by_wire: dict[str, Field] = {}
    _deep: tuple[tuple[str, Callable[[Any], Any]], ...] = ()
    _lists: tuple[tuple[str, Callable[[Any], None]], ...] = ()
    _required: tuple[Field, ...] = ()
    _shapes: set[tuple[object, ...]] = set()

    def __init_subclass__(cls) -> None:
        own = {name: field for name, field in vars(cls).items() if isinstance(field, Field)}
        cls._fields = cls._fields | own
        fields = cls._fields.values()
        cls._by_wire = {field.wire: field for field in fields}
        cls._lists = tuple(
            (field.wire, field.check) for field in fields if isinstance(field, _Texts)
        )
        cls._deep = tuple(
            (field.wire, field.decoded) for field in fields if isinstance(field, _Moment | _Models)
        )
        cls._required = tuple(field for field in fields if field.required)
        cls._shapes = set()

    def __init__(self, **fields: Any) -> None:
        self._data = {}
        for name, value in fields.items():
            field = self._fields.get(name)
            if field is None:
                raise _unknown_field(type(self), name)
            field.__set__(self, value)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make a model of a JSON object; names are the API's.

        Raises:
            ApiDecodeError: A field has another type than the API gives it. The message names it.
        """
        return cls._adopt(_copy(data, ApiDecodeError))

    @classmethod
    def from_json(cls, document: str | bytes) -> Self:
        """Make a model of a JSON text.

        Raises:
            ApiDecodeError: The text is not JSON, or a field has another type than the API gives it.
        """
        return cls._adopt(parse_json(document))

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object, names as in the API, unknown fields included. It is a copy.

        Raises:
            ApiValueError: The model holds itself, or has more levels than Python can follow.
        """
        copy: dict[str, Any] = _copy(self._data, ApiValueError)
        return copy

    def to_json(self) -> str:
        """Give the JSON text.

        Raises:
            ApiTypeError, ApiValueError: A field holds what JSON cannot carry.
        """
        try:
            return _encode(self._data)
        except (TypeError, ValueError, RecursionError) as error:
            kind = ApiTypeError if isinstance(error, TypeError) else ApiValueError
        raise kind(f"{type(self).__name__}{self._culprit()}: JSON cannot carry what it holds")

    @classmethod
    def _adopt(cls, data: Any) -> Self:
        """Make a model around an object that nobody else holds, after a look at every field."""
        if type(data) is not dict:
            raise ApiDecodeError(f"{cls.__name__}: expected an object, got {_json_type(data)}")
        shape = (*data, *map(type, data.values()))
        if shape not in cls._shapes:
            cls._check(data, shape)
        for name, check in cls._lists:
            strings = data.get(name)
            if strings:
                check(strings)
        for name, decoded in cls._deep:
            value = data.get(name)
            if value is not None:
                data[name] = decoded(value)
        self = cls.__new__(cls)
        self._data = data
        return self

    @classmethod
    def _check(cls, data: dict[str, Any], shape: tuple[object, ...]) -> None:
        if not all(isinstance(name, str) for name in data):
            raise ApiDecodeError(f"{cls.__name__}: a name that is no string")
        for field in cls._fields.values():
            value = data.get(field.key(data))
            if value is not None and type(value) is not field.json_type:
                raise field.wrong(ApiDecodeError, value)
        if len(cls._shapes) < _MOST_SHAPES and sum(map(len, data)) < _LONGEST_NAMES:
            cls._shapes.add(shape)

    def _complete(self) -> Self:
        """Return the model, once it is sure that the fields which every answer has are there."""
        for field in self._required:
            if self._data.get(field.wire) is None:
                raise ApiDecodeError(f"{field.owner}.{field.attribute}: missing in the answer")
        return self

    def _sendable(self) -> str:
        """Give the JSON text after another look: a list may have been changed in place."""
        for field in self._fields.values():
            value = self._data.get(field.wire)
            if value is not None and not field.holds(value):
                raise field.wrong(ApiTypeError, value)
        return self.to_json()

    def _culprit(self) -> str:
        for name, value in self._data.items():
            try:
                _encode(value)
            except (TypeError, ValueError, RecursionError):
                field = self._by_wire.get(name)
                return f".{field.attribute if field else name}"
        return ""  # pragma: no cover - some value failed a moment ago; another thread mended it

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
                parts.append(f"{name}=…")  # nobody knows whether it is a secret
            elif value is not None and field.secret:
                parts.append(f"{field.attribute}='***'")
            elif isinstance(value, dict):
                parts.append(f"{field.attribute}={{{', '.join(f'{key!r}: …' for key in value)}}}")
            else:
                parts.append(f"{field.attribute}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __getstate__(self) -> tuple[dict[str, Any]]:
        return (dict(self._data),)

    def __setstate__(self, state: tuple[dict[str, Any]]) -> None:
        (self._data,) = state


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
    raise error("an object that holds itself, or has too many levels")


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
        problem = "a number that is none, or too many digits or levels"
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


def _unknown_field(model: type[Model], name: str) -> ApiTypeError:
    import difflib  # only a mistake needs it

    near = difflib.get_close_matches(name, model._fields, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(model._fields)}"
    return ApiTypeError(f"{model.__name__} has no field {name!r}{hint}")
