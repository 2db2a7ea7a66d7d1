r"""The syntax of Go's regular expressions (RE2), as `regexp/syntax` parses it for `regexp`.

The parser refuses what Go refuses, and in Go's words, because the SQL stores pass its errors on. It
does not support classes of scripts, such as `\p{Greek}`, because Python has no table of scripts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

_MAX_REPEAT = 1000
_MAX_GROUPS = 100  # open at the same time; the compiler is recursive
_MAX_RUNE = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]
_DIGIT: Ranges = ((0x30, 0x39),)
_LOWER: Ranges = ((0x61, 0x7A),)
_UPPER: Ranges = ((0x41, 0x5A),)
_WORD: Ranges = (*_DIGIT, *_UPPER, (0x5F, 0x5F), *_LOWER)
_SPACE: Ranges = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
_PERL = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_POSIX: dict[str, Ranges] = {
    "alnum": (*_DIGIT, *_UPPER, *_LOWER),
    "alpha": (*_UPPER, *_LOWER),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": _LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
_CATEGORIES = frozenset(
    {"C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn"}
    | {"N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps"}
    | {"S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs"}
)
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


class RegexpError(ValueError):
    """Go does not accept the expression; `str()` is its error."""

    def __init__(self, code: str, expression: str) -> None:
        super().__init__(f"error parsing regexp: {code}: `{expression}`")


class MatchLimitError(Exception):
    """The emulator cannot tell whether the expression matches, though Go could."""


# --- characters


@dataclass(frozen=True)
class _Item:
    """Part of a class: ranges of characters or a Unicode category, or everything else."""

    ranges: Ranges = ()
    category: str = ""
    negated: bool = False

    def accepts(self, chars: Iterable[str]) -> bool:
        return any(map(self._has, chars)) != self.negated

    def _has(self, char: str) -> bool:
        if self.category:
            found = unicodedata.category(char)
            return found.startswith(self.category) and found != "Cn"
        return any(first <= ord(char) <= last for first, last in self.ranges)


@dataclass(frozen=True)
class _Class:
    """A set of characters, called to ask whether it contains one."""

    items: tuple[_Item, ...]
    negated: bool
    fold: bool

    def __call__(self, char: str) -> bool:
        chars = _orbit(char) if self.fold else (char,)
        return any(item.accepts(chars) for item in self.items) != self.negated


@lru_cache(maxsize=4096)
def _orbit(char: str) -> tuple[str, ...]:
    """Return the characters that differ from this one only in case, including itself."""
    return _orbits().get(_folded(char), (char,))


@lru_cache(maxsize=1)
def _orbits() -> dict[str, tuple[str, ...]]:
    orbits: dict[str, list[str]] = {}
    for char in map(chr, range(0x1E944)):  # no letter beyond these has a case
        if char.lower() != char or char.upper() != char:
            orbits.setdefault(_folded(char), []).append(char)
    return {folded: tuple(chars) for folded, chars in orbits.items()}


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
class Chars:
    """One character that `accepts` returns true for."""

    accepts: Callable[[str], bool]


@dataclass(frozen=True)
class Assertion:
    r"""A condition on the position: `\A`, `\z`, `^`, `$`, `\b` or `\B`."""

    name: str


@dataclass(frozen=True)
class Concatenation:
    """One node after the other; without nodes, the empty string."""

    nodes: tuple[Node, ...]
    weight: int
    """How many times counted repetitions repeat a part of the node at most."""


@dataclass(frozen=True)
class Alternation:
    """Any of the nodes."""

    nodes: tuple[Node, ...]
    weight: int


@dataclass(frozen=True)
class Repetition:
    """A node, `least` to `most` times; a `most` of -1 is without limit."""

    node: Node
    least: int
    most: int
    weight: int


Node = Chars | Assertion | Concatenation | Alternation | Repetition


@dataclass
class _Group:
    """An open parenthesis, or the expression as a whole."""

    flags: frozenset[str]
    """The flags to return to at the closing parenthesis."""
    branches: list[Concatenation] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def close(self) -> Node:
        self.end_branch()
        if len(self.branches) == 1:
            return self.branches[0]
        return Alternation(tuple(self.branches), _weight(*self.branches))

    def end_branch(self) -> None:
        self.branches.append(Concatenation(tuple(self.nodes), _weight(*self.nodes)))
        self.nodes = []


def _weight(*nodes: Node) -> int:
    # Kept in the nodes rather than counted again, which would need recursion.
    return max([1, *(getattr(node, "weight", 1) for node in nodes)])


# --- the parser


def parse(expression: str) -> Node:
    """Parse the expression.

    Raises:
        RegexpError: Go does not accept it.
        MatchLimitError: Go accepts it, but the emulator cannot match it.
    """
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.flags: frozenset[str] = frozenset()
        self.groups = [_Group(self.flags)]
        self.repeat_start = -1
        """Where the repetition begins that ends here, or -1."""

    @property
    def rest(self) -> str:
        return self.text[self.at :]

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
        if char == "(":
            self._open()
        elif char == ")":
            self._close()
        elif char == "[":
            self._add(Chars(self._class()))
        elif char == "\\":
            self._escape()
        else:
            self.at += 1
            self._single(char)

    def _add(self, node: Node) -> None:
        self.groups[-1].nodes.append(node)

    def _single(self, char: str) -> None:
        if char == "|":
            self.groups[-1].end_branch()
        elif char == "^":
            self._add(Assertion("^" if "m" in self.flags else "\\A"))
        elif char == "$":
            self._add(Assertion("$" if "m" in self.flags else "\\z"))
        elif char == ".":
            self._add(Chars(_anything if "s" in self.flags else _not_newline))
        else:
            self._literal(char)

    def _literal(self, char: str) -> None:
        if "i" in self.flags:
            code = ord(char)
            self._add(Chars(_Class((_Item(((code, code),)),), negated=False, fold=True)))
        else:
            self._add(Chars(char.__eq__))

    # --- groups and flags

    def _open(self) -> None:
        if self.text.startswith("(?P<", self.at) and len(self.rest) > 4:
            self._named_group()
        elif self.text.startswith("(?", self.at):
            self._flags()
        else:
            self.at += 1
            self._open_group(self.flags)

    def _open_group(self, flags: frozenset[str]) -> None:
        if len(self.groups) > _MAX_GROUPS:
            raise MatchLimitError(f"the emulator matches at most {_MAX_GROUPS} nested groups")
        self.groups.append(_Group(self.flags))
        self.flags = flags

    def _named_group(self) -> None:
        end = self.text.find(">", self.at)
        if end < 0:
            raise RegexpError("invalid named capture", self.rest)
        name = self.text[self.at + 4 : end]
        if not name.replace("_", "a").isalnum() or not name.isascii():
            raise RegexpError("invalid named capture", self.text[self.at : end + 1])
        self.at = end + 1
        self._open_group(self.flags)

    def _flags(self) -> None:
        """Read `(?flags)` or `(?flags:`."""
        start, flags = self.at, set(self.flags)
        negative = saw_flag = False
        self.at += 2
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char in "imsU":
                saw_flag = True
                (flags.discard if negative else flags.add)(char)
            elif char == "-" and not negative:
                negative, saw_flag = True, False
            elif char in ":)" and (saw_flag or not negative):
                if char == ":":
                    self._open_group(frozenset(flags))
                self.flags = frozenset(flags)
                return
            else:
                break
        raise RegexpError("invalid or unsupported Perl syntax", self.text[start : self.at])

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
        if counted:
            limits = self._limits()
            if limits is None:
                return False
            least, most = limits
        else:
            self.at += 1
            least, most = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[char]
        operator = self.text[start : self.at]
        if counted and (max(least, most) > _MAX_REPEAT or 0 <= most < least):
            raise RegexpError("invalid repeat count", operator)
        if self.text.startswith("?", self.at):  # lazy, which does not matter to matching
            self.at += 1
        if self.repeat_start >= 0:
            nested = self.text[self.repeat_start : self.at]
            raise RegexpError("invalid nested repetition operator", nested)
        nodes = self.groups[-1].nodes
        if not nodes:
            written = self.text[start : self.at]
            raise RegexpError("missing argument to repetition operator", written)
        weight = _weight(nodes[-1])
        if counted:
            weight = 1 if most == 0 else weight * max(least if most < 0 else most, 1)
            if weight > _MAX_REPEAT and max(least, most) >= 2:
                raise RegexpError("invalid repeat count", self.text[start : self.at])
        self._add(Repetition(nodes.pop(), least, most, weight))
        self.repeat_start = start
        return True

    def _limits(self) -> tuple[int, int] | None:
        """Read `{n}`, `{n,}` or `{n,m}`, or nothing."""
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : max(end, 0)].partition(",")
        if end < 0 or not _is_count(least) or not (most == "" or _is_count(most)):
            return None
        self.at = end + 1
        return _count(least), _count(most) if most else -1 if comma else _count(least)

    # --- escapes

    def _escape(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following and following in "AbBz":
            self.at += 2
            self._add(Assertion("\\" + following))
        elif following == "C":
            raise RegexpError("invalid escape sequence", "\\C")
        elif following == "Q":
            quoted, _, _ = self.rest[2:].partition("\\E")
            self.at += 2 + len(quoted) + 2
            for char in quoted:
                self._literal(char)
        elif item := self._escaped_class():
            self._add(Chars(_Class((item,), negated=False, fold="i" in self.flags)))
        else:
            self._literal(chr(self._escaped_char()))

    def _escaped_class(self) -> _Item | None:
        r"""Read a class such as `\d` or `\p{L}`, or nothing."""
        following = self.text[self.at + 1 : self.at + 2]
        if self.text[self.at] != "\\" or not following or following not in "dswDSWpP":
            return None
        if following in "pP":
            return self._unicode_class(negated=following == "P")
        self.at += 2
        return _Item(_PERL[following.lower()], negated=following.isupper())

    def _unicode_class(self, *, negated: bool) -> _Item:
        start = self.at
        name = self.text[start + 2 : start + 3]
        self.at = start + 2 + len(name)
        if name == "{":
            end = self.text.find("}", start)
            if end < 0:
                raise RegexpError("invalid character class range", self.text[start:])
            name = self.text[start + 3 : end]
            self.at = end + 1
        if name.startswith("^"):
            name, negated = name[1:], not negated
        if name == "Any":
            return _Item(((0, _MAX_RUNE),), negated=negated)
        if name in _CATEGORIES:
            return _Item(category=name, negated=negated)
        if len(name) > 2 and name.replace("_", "").isalpha() and name[0].isupper():
            raise MatchLimitError(f"the emulator does not know which characters are {name}")
        raise RegexpError("invalid character class range", self.text[start : self.at])

    def _escaped_char(self) -> int:
        start = self.at
        self.at += 2
        if self.at > len(self.text):
            raise RegexpError("trailing backslash at end of expression", "")
        char = self.text[start + 1]
        if char.isascii() and not char.isalnum():
            return ord(char)
        if char in _CONTROL:
            return _CONTROL[char]
        if char == "0" or ("1" <= char <= "7" and self._at_octal()):
            code = int(char)
            for _ in range(2):
                if self._at_octal():
                    code = code * 8 + int(self.text[self.at])
                    self.at += 1
            return code
        code = self._hexadecimal() if char == "x" else -1
        if code < 0:
            raise RegexpError("invalid escape sequence", self.text[start : self.at])
        return code

    def _at_octal(self) -> bool:
        return "0" <= self.text[self.at : self.at + 1] <= "7"

    def _hexadecimal(self) -> int:
        r"""Read what follows `\x`; return -1 where Go gives up."""
        code = 0
        if not self.text.startswith("{", self.at):
            for _ in range(2):
                digit = self._hex_digit()
                code = -1 if digit < 0 or code < 0 else code * 16 + digit
            return code
        self.at += 1
        start = self.at
        while not self.text.startswith("}", self.at):
            digit = self._hex_digit()
            code = code * 16 + digit
            if digit < 0 or code > _MAX_RUNE:
                return -1
        self.at += 1
        return code if self.at - start > 1 else -1

    def _hex_digit(self) -> int:
        char = self.text[self.at : self.at + 1]
        self.at += len(char)
        return int(char, 16) if char and char in "0123456789abcdefABCDEF" else -1

    # --- classes in brackets

    def _class(self) -> _Class:
        start = self.at
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        items: list[_Item] = []
        while not items or not self.text.startswith("]", self.at):
            items.append(self._class_item(start))
        self.at += 1
        return _Class(tuple(items), negated, fold="i" in self.flags)

    def _class_item(self, start: int) -> _Item:
        if self.text.startswith("[:", self.at):
            end = self.text.find(":]", self.at + 2)
            if end >= 0:
                written = self.text[self.at : end + 2]
                name = written[2:-2]
                if name.removeprefix("^") not in _POSIX:
                    raise RegexpError("invalid character class range", written)
                self.at = end + 2
                return _Item(_POSIX[name.removeprefix("^")], negated=name.startswith("^"))
        if self.at < len(self.text) and (item := self._escaped_class()):
            return item
        range_start = self.at
        first = last = self._class_char(start)
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in "]":
            self.at += 1
            last = self._class_char(start)
            if last < first:
                written = self.text[range_start : self.at]
                raise RegexpError("invalid character class range", written)
        return _Item(((first, last),))

    def _class_char(self, start: int) -> int:
        if self.at == len(self.text):
            raise RegexpError("missing closing ]", self.text[start:])
        if self.text[self.at] == "\\":
            return self._escaped_char()
        self.at += 1
        return ord(self.text[self.at - 1])


def _anything(char: str) -> bool:
    return True


def _not_newline(char: str) -> bool:
    return char != "\n"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and (text == "0" or not text.startswith("0"))


def _count(text: str) -> int:
    return int(text) if len(text) < 9 else _MAX_REPEAT + 1
