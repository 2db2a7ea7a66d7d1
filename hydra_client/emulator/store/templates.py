"""Templates of policies: literal text with regular expressions between `<` and `>` (ladon)."""

from __future__ import annotations

from functools import lru_cache

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.regexp import Regexp, RegexpError, compile_regexp, quote_meta
from hydra_client.emulator.go.strings import quote


class InvalidTemplateError(PlainError, ValueError):
    """The template does not compile; `str()` is Hydra's error."""


def matches(template: str, value: str) -> bool:
    """Return whether the template matches the whole value. Raises as `compile_template` does."""
    if "<" not in template:
        return template == value
    return compile_template(template)[1].matches(value)


@lru_cache(maxsize=1024)
def compile_template(template: str) -> tuple[str, Regexp]:
    """Return the template's regular expression, as text and compiled.

    Raises InvalidTemplateError, or MatchLimitError if it is too much for the emulator.
    """
    parts, depth, start = ["^"], 0, 0
    try:
        for at, char in enumerate(template):
            if char == "<":
                if depth == 0:
                    parts.append(quote_meta(template[start:at]))
                    start = at + 1
                depth += 1
            elif char == ">":
                depth -= 1
                if depth == 0:
                    part = template[start:at]
                    compile_regexp(f"^{part}$")
                    parts.append(f"({part})")
                    start = at + 1
                elif depth < 0:
                    break
        if depth != 0:
            raise InvalidTemplateError(f'Unbalanced braces in "{quote(template)}"')
        parts.append(f"{quote_meta(template[start:])}$")
        return "".join(parts), compile_regexp("".join(parts))
    except RegexpError as error:
        raise InvalidTemplateError(str(error)) from None
