"""The five conditions of policies that both versions of Hydra know (ladon).

Each tests the value that the context of a request holds under the condition's own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.emulator.go.json import FieldType, GoJsonError, require, unpack_struct
from hydra_client.emulator.go.regexp import RegexpError, compile_regexp

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


@dataclass(frozen=True)
class PolicyCondition:
    """A condition. Each type has at most one option, which is a string."""

    type: str
    option: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the members; Go fills in an option that was left out."""
        name = _TYPES[self.type].option
        return {"type": self.type, "options": {name: self.option} if name else {}}

    def holds(self, value: Any, subject: str) -> bool:
        """Return whether the value fulfills the condition; a missing value is None."""
        return _TYPES[self.type].test(self.option, value, subject)


def read_conditions(value: Any) -> dict[str, PolicyCondition]:
    """Read `conditions` from JSON, sorted by name. Raises GoJsonError."""
    if value is None:
        return {}
    require(value, "object", "map[string]ladon.jsonCondition")
    conditions = {name: _read(item) for name, item in value}
    return {name: conditions[name] for name in sorted(conditions)}


def _read(value: Any) -> PolicyCondition:
    fields: dict[str, FieldType] = {"type": "string", "options": lambda options: options}
    members = unpack_struct(value, "ladon.jsonCondition", fields)
    name = members.get("type", "")
    if name not in _TYPES:
        raise GoJsonError(f"Could not find condition type {name}")
    option = _TYPES[name].option
    options = unpack_struct(
        members.get("options"), f"ladon.{name}", {option: "string"} if option else {}
    )
    return PolicyCondition(name, options.get(option, ""))


# --- the tests: of an option, a value and the subject of the request


def _cidr(option: str, value: Any, subject: str) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return _address(value) in parse_network(option)
    except ValueError:
        return False


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Read a network as Go does. Raises ValueError."""
    import ipaddress  # slow to import, and rarely needed

    address, slash, prefix = text.partition("/")
    # Python also accepts net masks, addresses without a prefix, and zones.
    if not slash or not (prefix.isascii() and prefix.isdecimal()) or "%" in address:
        raise ValueError(text)
    network = ipaddress.ip_network(f"{address}/{int(prefix)}", strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None:
        return network
    # Go drops the first 96 bits of such an address, and those of its mask.
    return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")


def _address(text: str) -> IPv4Address | IPv6Address:
    import ipaddress

    if "%" in text:
        raise ValueError(text)
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _string_match(option: str, value: Any, subject: str) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return compile_regexp(option).matches(value)  # any part of the value
    except RegexpError:
        return False


def _string_pairs_equal(option: str, value: Any, subject: str) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and pair[0] == pair[1]
        for pair in value
    )


class _Type(NamedTuple):
    option: str
    test: Callable[[str, Any, str], bool]


_TYPES: Mapping[str, _Type] = {
    "CIDRCondition": _Type("cidr", _cidr),
    "EqualsSubjectCondition": _Type("", lambda option, value, subject: value == subject),
    "StringEqualCondition": _Type("equals", lambda option, value, subject: value == option),
    "StringMatchCondition": _Type("matches", _string_match),
    "StringPairsEqualCondition": _Type("", _string_pairs_equal),
}
