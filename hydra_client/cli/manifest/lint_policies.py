"""Finds what Hydra accepts in a policy although it cannot work. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from hydra_client import operations
from hydra_client.cli.manifest.lint import did_you_mean
from hydra_client.cli.text import plain
from hydra_client.emulator.go.regexp import MatchLimitError, compile_regexp
from hydra_client.emulator.store.conditions import parse_network
from hydra_client.emulator.store.templates import InvalidTemplateError, compile_template, matches
from hydra_client.protocol.operation import Operation
from hydra_client.provisioning.compare import CONDITION_OPTIONS

_OWN = "rn:hydra"
_VARIABLE = re.compile(r"\{\w+\}|<\.\*>")


# Regular expressions have these, but names hardly ever.
_PATTERN = re.compile(r"\*|\.\+|\][+?{]")


def doubtful_item(field: str, text: str, resources: Iterable[str]) -> str | None:
    """Return why an item of a policy cannot match; None if it can.

    Args:
        field: `subjects`, `resources` or `actions`.
        text: The item.
        resources: All resources of the policy.
    """
    if why := _doubtful_template(text):
        return why
    if field == "resources":
        return _doubtful_resource(text)
    return _doubtful_action(text, resources) if field == "actions" else None


def _doubtful_template(text: str) -> str | None:
    try:
        if "<" in text:
            compile_template(text)
        elif ">" in text:
            return "'>' without '<' is a literal character"
    except InvalidTemplateError as error:
        return f"not a valid template: {plain(str(error))}. Hydra fails when it uses the policy"
    except MatchLimitError:
        pass  # Hydra can do it
    literal, replaced = text, 1
    while replaced:  # the innermost first
        literal, replaced = re.subn("<[^<>]*>", "", literal)
    if _PATTERN.search(literal):
        return "a pattern must be between < and >, as in <.*>; elsewhere it is literal text"
    return None


def _doubtful_resource(text: str) -> str | None:
    start = text.partition("<")[0]
    if not _is_own(start) or _actions_on(text):
        return None
    fixed = [resource.partition(":{}")[0] for resource in _permissions()]
    return f"Hydra has no such resource{did_you_mean(start, fixed)}"


def _doubtful_action(text: str, resources: Iterable[str]) -> str | None:
    if "<" not in text and re.search("[,;|]", text):
        return "this is one action; use one item for each"
    known: set[str] = set()
    for resource in resources:
        if not _is_own(resource.partition("<")[0]) or not (actions := _actions_on(resource)):
            return None  # of another application, or of none
        known |= actions
    try:
        if not known or any(matches(text, action) for action in known):
            return None
    except MatchLimitError:
        return None
    return f"Hydra checks no such action on these resources, only {', '.join(sorted(known))}"


def _is_own(start: str) -> bool:
    """Whether a resource that begins like this is Hydra's."""
    return start == _OWN or start.startswith(f"{_OWN}:")


@cache
def _permissions() -> dict[str, set[str]]:
    """Return what Hydra asks its policies about: actions by resource, with {} for what varies."""
    found: dict[str, set[str]] = {}
    for operation in vars(operations).values():
        if isinstance(operation, Operation) and operation.policy[0]:
            resource, actions = operation.policy
            found.setdefault(_VARIABLE.sub("{}", resource), set()).update(actions)
    return dict(sorted(found.items()))


@lru_cache
def _actions_on(template: str) -> set[str]:
    """Return the actions that Hydra checks on the resources that a template may match."""
    start = template.partition("<")[0]
    return {
        action
        for resource, actions in _permissions().items()
        if _can_begin(resource, start, whole=start == template)
        for action in actions
    }


def _can_begin(resource: str, start: str, *, whole: bool) -> bool:
    """Whether a resource can begin with a text, or be it."""
    fixed, variable, _ = resource.partition("{}")
    if start.startswith(fixed) and variable:
        return len(start) > len(fixed) or not whole
    return start == resource or (not whole and fixed.startswith(start))


def doubtful_conditions(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the name of each condition that cannot hold, and why."""
    for name, condition in conditions.items():
        kind = condition.get("type") or ""
        options = condition.get("options") or {}
        if kind not in CONDITION_OPTIONS:
            hint = did_you_mean(kind, CONDITION_OPTIONS)
            yield name, f"unknown condition {plain(kind)!r}, which Hydra refuses{hint}"
            continue
        known = CONDITION_OPTIONS[kind]
        if unknown := [option for option in options if option not in known]:
            yield name, f"{kind} has no option {plain(unknown[0])}"
        for option in known:
            if why := _doubtful_option(option, options.get(option)):
                yield name, f"{option}: {why}"


def _doubtful_option(option: str, value: str | None) -> str | None:
    if not value:
        return "is missing"
    try:
        if option == "cidr":
            parse_network(value)
        elif option == "matches":
            compile_regexp(value)
    except ValueError as error:  # a RegexpError is one
        if option == "cidr":
            return f"not valid: {plain(value)!r} is not a network such as 10.0.0.0/8"
        return f"not valid: {plain(str(error))}"
    except MatchLimitError:
        pass  # Hydra can do it
    return None
