"""Suggestions for misspelled names, and the generator's own names as aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

F = TypeVar("F", bound="Callable[..., Any]")


def nearest(name: str, names: Iterable[str], owner: object = None) -> str | None:
    """Return the name that was probably meant: the same in another spelling, or a similar one.

    A name may repeat what its owner is: `client_id` means the `id` of an `OAuth2Client`.
    """
    import difflib  # only a mistake needs it

    spelled = {_plain(possible): possible for possible in names}
    prefix, _, rest = name.lower().partition("_")
    if rest in spelled and prefix in type(owner).__name__.lower():
        return spelled[rest]
    near = difflib.get_close_matches(_plain(name), spelled, 1)
    return spelled[near[0]] if near else None


def no_attribute(owner: object, name: str) -> AttributeError:
    """Make the error for an attribute that does not exist, with the one that was meant."""
    message = f"{type(owner).__name__!r} object has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(message)
    meant = nearest(name, (known for known in dir(owner) if not known.startswith("_")), owner)
    if meant is not None:
        message += f"; did you mean {meant!r}?"
    # Without the object, tracebacks do not add the same suggestion once more.
    return AttributeError(message, name=name, obj=None)


class Named:
    """An object that suggests an attribute for a misspelled one, and does not list its aliases."""

    def __dir__(self) -> list[str]:
        names, owner = super().__dir__(), type(self)
        return [name for name in names if not hasattr(getattr(owner, name, None), "is_alias")]

    # Type checkers would take it for a sign that every attribute exists.
    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> object:
            raise no_attribute(self, name)


def alias(method: F) -> F:
    """Mark a method as the generator's own name of another, which `dir` leaves out.

    It calls the other through `self`, so an override in a subclass applies to both names.
    """
    vars(method)["is_alias"] = True
    return method


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
