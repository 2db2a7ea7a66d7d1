"""The roles that clients of Hydra usually have, and the policy that each of them needs.

They are here as a table because what an operation needs is documented per operation, while people
set up a consent app or a resource server.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

_ANY = "<.*>"


class Role(NamedTuple):
    """What a client does on the server.

    Attributes:
        scope: The scope that the tokens of the client need, if it needs a token.
        permissions: Templates of the resources that it uses, each with its actions.
    """

    scope: str | None
    permissions: dict[str, tuple[str, ...]]

    def requests(self, id: str) -> Iterator[tuple[str, str]]:
        """Yield each action and resource to ask about, with this id in place of any id."""
        for resource, actions in self.permissions.items():
            for action in actions:
                yield action, resource.replace(_ANY, id)

    def policy(self, name: str, subject: str) -> dict[str, Any]:
        """Return the policy that allows the role of this name to a subject."""
        return {
            "id": f"{subject}:{name}",
            "subjects": [subject],
            "effect": "allow",
            "resources": list(self.permissions),
            "actions": list(dict.fromkeys(chain(*self.permissions.values()))),
        }

    def command(self, name: str, subject: str) -> str:
        """Return the command that creates the policy."""
        policy = self.policy(name, subject)
        words = ["hydra-client", "policies", "create", "--id", policy["id"], "--effect", "allow"]
        for option in ("subject", "resource", "action"):
            for value in policy[f"{option}s"]:
                words += [f"--{option}", value]
        return shlex.join(words)


ROLES = {
    "consent-app": Role(
        "hydra.consent",
        {f"rn:hydra:oauth2:consent:requests:{_ANY}": ("get", "accept", "reject")},
    ),
    # It introspects with its id and secret.
    "resource-server": Role(None, {"rn:hydra:oauth2:tokens": ("introspect",)}),
    "client-registrar": Role(
        "hydra.clients",
        {
            "rn:hydra:clients": ("get", "create", "update"),
            f"rn:hydra:clients:{_ANY}": ("get", "delete"),
        },
    ),
    "key-reader": Role("hydra.keys.get", {"rn:hydra:keys:hydra.openid.id-token:public": ("get",)}),
}
