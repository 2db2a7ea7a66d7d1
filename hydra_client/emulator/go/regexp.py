"""Regular expressions as Go's regexp package matches them, in time linear in the text.

Python's `re` accepts other expressions, and can take forever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from hydra_client.emulator.go.regexp_syntax import (
    Alternation,
    MatchLimitError,
    Node,
    RegexpError,
    parse,
)

__all__ = ["MatchLimitError", "Regexp", "RegexpError", "compile_regexp", "quote_meta"]

_MAX_PROGRAM = 20_000
_MAX_STEPS = 1_000_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def quote_meta(text: str) -> str:
    """Do what `regexp.QuoteMeta` does: escape the characters that mean something."""
    return _SPECIAL.sub(r"\\\g<0>", text)


@lru_cache(maxsize=1024)
def compile_regexp(expression: str) -> Regexp:
    """Compile the expression. Raises RegexpError as Go does, or MatchLimitError."""
    return Regexp(parse(expression))


class Regexp:
    """A compiled expression: a program of instructions that are numbered from 0."""

    def __init__(self, node: Node) -> None:
        # By instruction: a test of the next character, or an assertion, or ""; and where to go on.
        self._checks: list[Callable[[str], bool] | str] = [""]
        self._next: list[tuple[int, ...]] = [()]
        self._start = self._emit(node, 0)  # instruction 0 is the match

    def _add(self, *following: int, check: Callable[[str], bool] | str = "") -> int:
        if len(self._next) == _MAX_PROGRAM:
            raise MatchLimitError("the expression is too large for the emulator")
        self._checks.append(check)
        self._next.append(following)
        return len(self._next) - 1

    def _emit(self, node: Node, following: int) -> int:
        """Add the instructions that match the node and go on with `following`."""
        if isinstance(node, str) or callable(node):
            return self._add(following, check=node)
        if isinstance(node, Alternation):
            starts = []
            for branch in node.branches:
                start = following
                for child in reversed(branch):
                    start = self._emit(child, start)
                starts.append(start)
            return starts[0] if len(starts) == 1 else self._add(*starts)
        if node.most < 0:
            loop = self._add()
            self._next[loop] = (self._emit(node.node, loop), following)
            following = loop
        else:
            for _ in range(node.most - node.least):
                following = self._add(self._emit(node.node, following), following)
        for _ in range(node.least):
            following = self._emit(node.node, following)
        return following

    def matches(self, text: str) -> bool:
        """Do what `MatchString` does: return whether any part matches. Raises MatchLimitError."""
        text = _SURROGATE.sub("\ufffd", text)  # invalid UTF-8
        steps = 0
        waiting: list[int] = []
        for position in range(len(text) + 1):
            if position and not waiting and self._checks[self._start] == "\\A":
                return False
            # Follow all paths at once up to the next character. A match can begin anywhere.
            reached, pending = set(waiting), [*waiting, self._start]
            testing: dict[int, Callable[[str], bool]] = {}
            while pending:
                at = pending.pop()
                steps += 1
                if at == 0:
                    return True
                check = self._checks[at]
                if callable(check):
                    testing[at] = check
                elif not check or _holds(check, text, position):
                    pending += [there for there in self._next[at] if there not in reached]
                    reached.update(self._next[at])
            if steps > _MAX_STEPS:
                raise MatchLimitError("the expression takes too long to match")
            char = text[position : position + 1]
            waiting = []
            for at, test in testing.items():
                if char and test(char):
                    waiting += self._next[at]
        return False


def _holds(assertion: str, text: str, position: int) -> bool:
    before, after = text[position - 1 : position] if position else "", text[position : position + 1]
    if assertion == "\\A":
        return position == 0
    if assertion == "\\z":
        return not after
    if assertion == "^":
        return before in ("", "\n")
    if assertion == "$":
        return after in ("", "\n")
    return ((before in _WORD) != (after in _WORD)) == (assertion == "\\b")
