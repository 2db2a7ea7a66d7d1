r"""The syntax of Go's regular expressions (RE2), as `regexp/syntax` parses it for `regexp`.

The parser refuses what Go refuses, and in Go's words, because the SQL stores pass its errors on. It
does not support classes of scripts, such as `\p{Greek}`, because Python has no table of scripts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

_MAX_REPEAT = 1000
_MAX_GROUPS = 100  # open at the same time; the compiler is recursive

# Ranges of characters are strings: the first and the last of each range.
_PERL = {"d": "09", "s": "\t\n\f\r  ", "w": "09AZ__az"}
_POSIX = {
    "alnum": "09AZaz",
    "alpha": "AZaz",
    "ascii": "\x00\x7f",
    "blank": "\t\t  ",
    "cntrl": "\x00\x1f\x7f\x7f",
    "digit": "09",
    "graph": "!~",
    "lower": "az",
    "print": " ~",
    "punct": "!/:@[`{~",
    "space": "\t\r  ",
    "upper": "AZ",
    "word": "09AZ__az",
    "xdigit": "09AFaf",
}
_CATEGORY = re.compile("C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NAMED_GROUP = re.compile(r"\(\?P<(?:(\w+)>|(?=.)[^>]*>?)", re.ASCII | re.DOTALL)
_FLAGS = re.compile(r"\(\?([imsU]*)(-?)([imsU]*)([:)]?)")
# The longest beginning of a number up to 10FFFF in braces, and what follows it; or two digits.
_HEXADECIMAL = re.compile(
    r"\{(0*(?:10[0-9a-f]{4}|[0-9a-f]{0,5}))(.?)|([0-9a-f]{2})|.{0,2}", re.ASCII | re.I | re.S
)
_OCTAL = re.compile("0[0-7]{0,2}|[1-7][0-7]{1,2}")
_ESCAPED_CLASS = re.compile(
    r"\\(?:([dsw])|p(?:\{([^}]*)\}|(.?)))", re.ASCII | re.IGNORECASE | re.DOTALL
)
_POSIX_CLASS = re.compile(r"\[:(\^?)(.*?):\]", re.DOTALL)
_LIMITS = re.compile(r"\{(0|[1-9][0-9]*)(,?)((?<=,)(?:0|[1-9][0-9]*)|)\}")


class RegexpError(ValueError):
    """Go does not accept the expression; `str()` is its error."""

    def __init__(self, code: str, expression: str) -> None:
        super().__init__(f"error parsing regexp: {code}: `{expression}`")


class MatchLimitError(Exception):
    """The emulator cannot tell whether the expression matches, though Go could."""


# --- characters


class _Item(NamedTuple):
    """Part of a class: the characters that a test accepts, or all others."""

    accepts: Callable[[str], bool]
    negated: bool = False


@dataclass(frozen=True)
class _Class:
    """A set of characters, called to ask whether it contains one."""

    items: tuple[_Item, ...]
    negated: bool
    fold: bool

    def __call__(self, char: str) -> bool:
        chars = _orbits().get(_folded(char), char) if self.fold else char
        return self.negated != any(
            item.negated != any(map(item.accepts, chars)) for item in self.items
        )


def _within(ranges: str) -> Callable[[str], bool]:
    pairs = list(zip(ranges[::2], ranges[1::2], strict=True))
    return lambda char: any(first <= char <= last for first, last in pairs)


def _of_category(name: str) -> Callable[[str], bool]:
    def accepts(char: str) -> bool:
        found = unicodedata.category(char)
        return found.startswith(name) and found != "Cn"

    return accepts


@lru_cache(maxsize=1)
def _orbits() -> dict[str, str]:
    """Return all characters that differ only in case, by what each of them is folded to."""
    orbits: dict[str, str] = {}
    for char in map(chr, range(0x1E944)):  # no letter beyond these has a case
        if char.lower() != char or char.upper() != char:
            orbits[_folded(char)] = orbits.get(_folded(char), "") + char
    return orbits


def _folded(char: str) -> str:
    """Return what `unicode.SimpleFold` leads to from every character of an orbit."""
    if char == "\u0131":  # the dotless i, which folds to nothing
        return char
    upper = char.upper()
    char = upper if len(upper) == 1 else char
    lower = char.lower()
    return lower if len(lower) == 1 else char


# --- the tree


@dataclass(frozen=True)
class Alternation:
    """Any of the branches, each with one node after the other."""

    branches: tuple[tuple[Node, ...], ...]
    weight: int
    """How many times counted repetitions repeat a part of the node at most."""


@dataclass(frozen=True)
class Repetition:
    """A node, `least` to `most` times; a `most` of -1 is without limit."""

    node: Node
    least: int
    most: int
    weight: int


Node = Callable[[str], bool] | str | Alternation | Repetition
r"""Also a test of one character, or one of the position: `\A`, `\z`, `^`, `$`, `\b` or `\B`."""


@dataclass
class _Group:
    """An open parenthesis, or the expression as a whole."""

    flags: frozenset[str]
    """The flags to return to at the closing parenthesis."""
    branches: list[list[Node]] = field(default_factory=lambda: [[]])

    def close(self) -> Node:
        weight = _weight(*(node for branch in self.branches for node in branch))
        return Alternation(tuple(map(tuple, self.branches)), weight)


def _weight(*nodes: Node) -> int:
    # Kept in the nodes rather than counted again, which would need recursion.
    return max([1, *(getattr(node, "weight", 1) for node in nodes)])


# --- the parser


def parse(expression: str) -> Node:
    """Parse the expression. Raises RegexpError as Go does, or MatchLimitError."""
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.flags: frozenset[str] = frozenset()
        self.groups = [_Group(self.flags)]
        self.repeat_start = -1
        """Where the repetition begins that ends here, or -1."""

    def _error(self, code: str, start: int, end: int | None = None) -> RegexpError:
        """Return the error about the expression from `start` to `end` or the current position."""
        return RegexpError(code, self.text[start : self.at if end is None else end])

    def parse(self) -> Node:
        if any("\ud800" <= char <= "\udfff" for char in self.text):
            raise RegexpError("invalid UTF-8", self.text)
        while self.at < len(self.text):
            self._next()
        if len(self.groups) > 1:
            raise RegexpError("missing closing )", self.text)
        return self.groups[0].close()

    def _next(self) -> None:
        char = self.text[self.at]
        if char in "*+?{" and self._repetition(char):
            return
        self.repeat_start = -1
        special = {"(": self._open, ")": self._close, "[": self._class, "\\": self._escape}
        if char in special:
            special[char]()
        else:
            self.at += 1
            self._single(char)

    def _add(self, node: Node) -> None:
        self.groups[-1].branches[-1].append(node)

    def _single(self, char: str) -> None:
        if char == "|":
            self.groups[-1].branches.append([])
        elif char == "^":
            self._add("^" if "m" in self.flags else "\\A")
        elif char == "$":
            self._add("$" if "m" in self.flags else "\\z")
        elif char == ".":
            self._add((lambda _: True) if "s" in self.flags else "\n".__ne__)
        else:
            self._literal(char)

    def _literal(self, char: str) -> None:
        if "i" in self.flags:
            self._add_class(_Item(char.__eq__))
        else:
            self._add(char.__eq__)

    def _add_class(self, *items: _Item, negated: bool = False) -> None:
        self._add(_Class(items, negated, fold="i" in self.flags))

    # --- groups and flags

    def _open(self) -> None:
        """Read `(`, `(?P<name>`, `(?flags:` or `(?flags)`."""
        start, flags = self.at, self.flags
        if match := _NAMED_GROUP.match(self.text, start):
            self.at = match.end()
            if not match[1]:
                raise self._error("invalid named capture", start)
        elif match := _FLAGS.match(self.text, start):
            on, minus, off, end = match.groups()
            self.at = match.end()
            if not end or (minus and not off):
                raise self._error("invalid or unsupported Perl syntax", start, self.at + (not end))
            flags = flags.union(on).difference(off)
            if end == ")":
                self.flags = flags
                return
        else:
            self.at += 1
        if len(self.groups) > _MAX_GROUPS:
            raise MatchLimitError(f"the emulator matches at most {_MAX_GROUPS} nested groups")
        self.groups.append(_Group(self.flags))
        self.flags = flags

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise RegexpError("unexpected )", self.text)
        group = self.groups.pop()
        self.flags = group.flags
        self.at += 1
        self._add(group.close())

    # --- repetitions

    def _repetition(self, char: str) -> bool:
        """Read a repetition; return false for a `{` that does not begin one."""
        start, counted = self.at, char == "{"
        if not counted:
            self.at += 1
            least, most = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[char]
        elif match := _LIMITS.match(self.text, start):
            self.at = match.end()
            least = _count(match[1])
            most = _count(match[3]) if match[3] else -1 if match[2] else least
        else:
            return False
        if counted and (max(least, most) > _MAX_REPEAT or 0 <= most < least):
            raise self._error("invalid repeat count", start)
        if self.text.startswith("?", self.at):  # lazy, which does not matter to matching
            self.at += 1
        if self.repeat_start >= 0:
            raise self._error("invalid nested repetition operator", self.repeat_start)
        nodes = self.groups[-1].branches[-1]
        if not nodes:
            raise self._error("missing argument to repetition operator", start)
        weight = _weight(nodes[-1])
        if counted:
            weight = 1 if most == 0 else weight * max(least if most < 0 else most, 1)
            if weight > _MAX_REPEAT and max(least, most) >= 2:
                raise self._error("invalid repeat count", start)
        self._add(Repetition(nodes.pop(), least, most, weight))
        self.repeat_start = start
        return True

    # --- escapes

    def _escape(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following and following in "AbBz":
            self.at += 2
            self._add("\\" + following)
        elif following == "C":
            raise RegexpError("invalid escape sequence", "\\C")
        elif following == "Q":
            quoted, _, _ = self.text[self.at + 2 :].partition("\\E")
            self.at += 2 + len(quoted) + 2
            for char in quoted:
                self._literal(char)
        elif item := self._escaped_class():
            self._add_class(item)
        else:
            self._literal(self._escaped_char())

    def _escaped_class(self) -> _Item | None:
        r"""Read a class such as `\d` or `\p{L}`, or nothing."""
        start = self.at
        match = _ESCAPED_CLASS.match(self.text, start)
        if match is None:
            return None
        self.at = match.end()
        negated = match[0][1].isupper()
        if match[1]:
            return _Item(_within(_PERL[match[1].lower()]), negated)
        if match[3] == "{":
            raise self._error("invalid character class range", start, len(self.text))
        name = match[2] or match[3] or ""
        if name.startswith("^"):
            name, negated = name[1:], not negated
        if name == "Any":
            return _Item(lambda _: True, negated)
        if _CATEGORY.fullmatch(name):
            return _Item(_of_category(name), negated)
        if len(name) > 2 and name.replace("_", "").isalpha() and name[0].isupper():
            raise MatchLimitError(f"the emulator does not know which characters are {name}")
        raise self._error("invalid character class range", start)

    def _escaped_char(self) -> str:
        start = self.at
        self.at += 2
        if self.at > len(self.text):
            raise RegexpError("trailing backslash at end of expression", "")
        char = self.text[start + 1]
        if char.isascii() and not char.isalnum():
            return char
        if char in _CONTROL:
            return _CONTROL[char]
        if octal := _OCTAL.match(self.text, start + 1):
            self.at = octal.end()
            return chr(int(octal[0], 8))
        if char == "x" and (match := _HEXADECIMAL.match(self.text, self.at)):
            self.at = match.end()  # as far as Go reads, valid or not
            if digits := match[3] or (match[1] if match[2] == "}" else ""):
                return chr(int(digits, 16))
        raise self._error("invalid escape sequence", start)

    # --- classes in brackets

    def _class(self) -> None:
        start = self.at
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        items: list[_Item] = []
        while not items or not self.text.startswith("]", self.at):
            items.append(self._class_item(start))
        self.at += 1
        self._add_class(*items, negated=negated)

    def _class_item(self, start: int) -> _Item:
        if match := _POSIX_CLASS.match(self.text, self.at):
            if match[2] not in _POSIX:
                raise RegexpError("invalid character class range", match[0])
            self.at = match.end()
            return _Item(_within(_POSIX[match[2]]), bool(match[1]))
        if item := self._escaped_class():
            return item
        range_start = self.at
        first = last = self._class_char(start)
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in "]":
            self.at += 1
            last = self._class_char(start)
            if last < first:
                raise self._error("invalid character class range", range_start)
        return _Item(_within(first + last))

    def _class_char(self, start: int) -> str:
        if self.at == len(self.text):
            raise self._error("missing closing ]", start)
        if self.text[self.at] == "\\":
            return self._escaped_char()
        self.at += 1
        return self.text[self.at - 1]


def _count(text: str) -> int:
    return int(text) if len(text) < 9 else _MAX_REPEAT + 1
