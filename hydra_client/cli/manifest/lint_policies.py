"""Finds what Hydra accepts in a policy although it cannot work. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import ip_network
from typing import Any

from hydra_client import operations
from hydra_client.cli.manifest.lint import did_you_mean
from hydra_client.cli.text import plain
from hydra_client.emulator.go.regexp import MatchLimitError, compile_regexp
from hydra_client.emulator.store.templates import InvalidTemplateError, compile_template
from hydra_client.protocol.operation import Operation
from hydra_client.provisioning.compare import CONDITION_OPTIONS

_OWN = "rn:hydra"
_VARIABLE = re.compile(r"\{\w+\}|<\.\*>")


@cache
def _resources() -> list[str]:
    """Return the resources that Hydra asks its policies about, with {} for what varies."""
    found = [value for value in vars(operations).values() if isinstance(value, Operation)]
    policies = {operation.policy[0] for operation in found if operation.policy[0]}
    return sorted({_VARIABLE.sub("{}", resource) for resource in policies})


def doubtful_template(text: str) -> str | None:
    """Return why a template cannot match; None if it can."""
    try:
        if "<" in text:
            compile_template(text)
        elif ">" in text:
            return "'>' without '<' is a literal character"
    except InvalidTemplateError as error:
        return f"not a valid template: {plain(str(error))}. Hydra fails when it uses the policy"
    except MatchLimitError:
        pass  # Hydra can do it
    return None


def doubtful_resource(text: str) -> str | None:
    """Return why a template of a resource cannot match; None if it can."""
    if why := doubtful_template(text):
        return why
    start = text.partition("<")[0]
    if not start.startswith(_OWN):
        return None  # of another application, or a template that can match anything
    resources = _resources()
    if any(_can_begin(resource, start, whole=start == text) for resource in resources):
        return None
    fixed = [resource.partition(":{}")[0] for resource in resources]
    return f"Hydra has no such resource{did_you_mean(start, fixed)}"


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
            ip_network(value, strict=False)
        elif option == "matches":
            compile_regexp(value)
    except ValueError as error:  # a RegexpError is one
        return f"not valid: {plain(str(error))}"
    except MatchLimitError:
        pass  # Hydra can do it
    return None
