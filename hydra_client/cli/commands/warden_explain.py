"""Finds out for `warden explain` which policies lead to a decision of the server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import hydra_client
from hydra_client.emulator.go.json import GoJsonError
from hydra_client.emulator.go.regexp import MatchLimitError
from hydra_client.emulator.store.policies import ALLOW, decide
from hydra_client.emulator.store.policies import Policy as Evaluated
from hydra_client.emulator.store.templates import InvalidTemplateError


class Request(NamedTuple):
    """A request to the warden."""

    subject: str
    action: str
    resource: str
    context: dict[str, Any]


class Row(NamedTuple):
    """What a policy says about a request.

    Attributes:
        policy: Id of the policy.
        effect: `allow`, or what denies.
        subject: The subject of the request, or one of its groups.
        decides: Whether the policy is one that the decision depends on.
        unmet: What does not match: names of lists and conditions, and errors.
    """

    policy: str
    effect: str
    subject: str
    decides: bool
    unmet: list[str]


def explanation(
    policies: Iterable[hydra_client.Policy], subjects: Iterable[str], request: Request
) -> tuple[bool | None, list[Row]]:
    """Evaluate policies as the server does: for a subject and for each of its groups.

    Returns:
        The decision, or None if a policy cannot be evaluated; and the policies to show.
    """
    complete = True
    known: list[Evaluated] = []
    rows: list[Row] = []
    for policy in sorted(policies, key=lambda policy: policy.id or ""):
        try:
            known.append(Evaluated.from_json(json.dumps(policy.to_dict()).encode()))
        except GoJsonError as error:
            complete = False
            rows.append(Row(policy.id or "", policy.effect or "", "", False, [str(error)]))
    requests = [request._replace(subject=subject) for subject in subjects]
    decisions = set()
    for asked in requests:
        try:
            decisions.add(decide(known, *asked))
        except MatchLimitError:
            complete = False
    allowed = True in decisions and False not in decisions
    rows += [_judge(policy, asked, allowed) for asked in requests for policy in known]
    limit = 0 if any(row.decides for row in rows) else 1
    return allowed if complete else None, [row for row in rows if len(row.unmet) <= limit]


def _judge(policy: Evaluated, request: Request, allowed: bool) -> Row:
    unmet = []
    try:
        # One by one, to keep what comes before an error.
        for name in policy.unmet(*request):
            unmet.append(name)
    except (InvalidTemplateError, MatchLimitError) as error:
        unmet.append(str(error))
    decides = not unmet and (policy.effect == ALLOW) == allowed
    return Row(policy.id, policy.effect, request.subject, decides, unmet)
