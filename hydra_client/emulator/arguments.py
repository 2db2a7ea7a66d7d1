"""Checks of the arguments that tests pass, so that a mistake shows where it is written.

The errors show types instead of values, because a value may be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_strings(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


_KINDS: dict[str, Callable[[Any], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "a string or None": lambda value: value is None or isinstance(value, str),
    "a string or bytes": lambda value: isinstance(value, (str, bytes)),
    "a bool": lambda value: isinstance(value, bool),
    "an integer": _is_integer,
    "an integer or None": lambda value: value is None or _is_integer(value),
    "a number": lambda value: isinstance(value, float) or _is_integer(value),
    "a mapping": lambda value: isinstance(value, Mapping),
    "a function or None": lambda value: value is None or callable(value),
    "a list of strings": _are_strings,
    "a string or a list of strings": lambda value: isinstance(value, str) or _are_strings(value),
    "a pair of strings": lambda value: _are_strings(value) and len(value) == 2,
}


def check(kinds: Mapping[str, str], arguments: Mapping[str, object]) -> None:
    """Raise TypeError unless every argument that `kinds` names is of the kind given there."""
    for name, kind in kinds.items():
        if name in arguments and not _KINDS[kind](arguments[name]):
            raise TypeError(f"{name} must be {kind}, not {_type(arguments[name])}")


def _type(value: object) -> str:
    name = type(value).__name__
    if not isinstance(value, (list, tuple)):
        return name
    return f"{name}({', '.join(type(item).__name__ for item in value)})"
