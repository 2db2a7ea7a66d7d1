"""The five conditions of policies."""

from __future__ import annotations

from typing import Any

import pytest

from hydra_client.emulator.go.json import GoJsonError, parse
from hydra_client.emulator.store.conditions import PolicyCondition, read_conditions


@pytest.mark.parametrize(
    ("type", "option", "value", "expected"),
    [
        ("CIDRCondition", "192.168.0.0/16", "192.168.3.4", True),
        ("CIDRCondition", "192.168.7.7/16", "192.168.3.4", True),
        ("CIDRCondition", "192.168.0.0/016", "192.168.3.4", True),
        ("CIDRCondition", "192.168.0.0/16", "10.0.0.1", False),
        ("CIDRCondition", "192.168.0.0/16", "::ffff:192.168.3.4", True),
        ("CIDRCondition", "::ffff:192.168.0.0/112", "192.168.3.4", True),
        ("CIDRCondition", "::ffff:192.168.0.0/112", "10.0.0.1", False),
        ("CIDRCondition", "::/0", "10.0.0.1", False),
        ("CIDRCondition", "fe80::/10", "fe80::1", True),
        ("CIDRCondition", "fe80::/10", "fe80::1%eth0", False),
        ("CIDRCondition", "fe80::%eth0/10", "fe80::1", False),
        ("CIDRCondition", "10.0.0.1", "10.0.0.1", False),
        ("CIDRCondition", "10.0.0.0/255.0.0.0", "10.0.0.1", False),
        ("CIDRCondition", "10.0.0.0/33", "10.0.0.1", False),
        ("CIDRCondition", "10.0.0.0/", "10.0.0.1", False),
        ("CIDRCondition", "", "10.0.0.1", False),
        ("CIDRCondition", "10.0.0.0/8", "nowhere", False),
        ("CIDRCondition", "10.0.0.0/8", "010.0.0.1", False),
        ("CIDRCondition", "0.0.0.0/0", 7, False),
        ("EqualsSubjectCondition", "", "alice", True),
        ("EqualsSubjectCondition", "", "bob", False),
        ("EqualsSubjectCondition", "", ["alice"], False),
        ("StringEqualCondition", "a", "a", True),
        ("StringEqualCondition", "a", "A", False),
        ("StringEqualCondition", "", None, False),
        ("StringMatchCondition", "pho.*", "a photo", True),
        ("StringMatchCondition", "^pho", "a photo", False),
        ("StringMatchCondition", "a**", "a", False),
        ("StringMatchCondition", "", None, False),
        ("StringPairsEqualCondition", "", [["a", "a"], ["b", "b"]], True),
        ("StringPairsEqualCondition", "", [], True),
        ("StringPairsEqualCondition", "", [["a", "b"]], False),
        ("StringPairsEqualCondition", "", [["a", "a", "a"]], False),
        ("StringPairsEqualCondition", "", [[1.0, 1.0]], False),
        ("StringPairsEqualCondition", "", ["aa"], False),
        ("StringPairsEqualCondition", "", "aa", False),
        ("StringPairsEqualCondition", "", None, False),
    ],
)
def test_holds(type: str, option: str, value: Any, *, expected: bool) -> None:
    assert PolicyCondition(type, option).holds(value, "alice") is expected


def test_reading() -> None:
    text = (
        b'{"b":{"Type":"CIDRCondition","options":{"CIDR":"::/0","x":1}},'
        b'"a":{"type":"StringEqualCondition","options":null},'
        b'"c":{"type":"EqualsSubjectCondition","options":{"equals":1}},'
        b'"b":{"type":"StringMatchCondition","options":{"matches":"m"}},'
        b'"d":{"type":"StringPairsEqualCondition"}}'
    )
    conditions = read_conditions(parse(text))
    assert list(conditions) == ["a", "b", "c", "d"]
    assert {name: condition.to_json() for name, condition in conditions.items()} == {
        "a": {"type": "StringEqualCondition", "options": {"equals": ""}},
        "b": {"type": "StringMatchCondition", "options": {"matches": "m"}},
        "c": {"type": "EqualsSubjectCondition", "options": {}},
        "d": {"type": "StringPairsEqualCondition", "options": {}},
    }
    assert read_conditions(None) == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"a":null}', "Could not find condition type "),
        ('{"a":{"type":"X"}}', "Could not find condition type X"),
        ("[]", "array into Go value of type map[string]ladon.jsonCondition"),
        ('{"a":5}', "number into Go value of type ladon.jsonCondition"),
        ('{"a":{"type":5}}', "number into Go struct field jsonCondition.type of type string"),
        (
            '{"a":{"type":"CIDRCondition","options":[]}}',
            "array into Go value of type ladon.CIDRCondition",
        ),
        (
            '{"a":{"type":"CIDRCondition","options":{"cidr":true}}}',
            "bool into Go struct field CIDRCondition.cidr of type string",
        ),
    ],
)
def test_conditions_that_hydra_refuses(text: str, error: str) -> None:
    with pytest.raises(GoJsonError) as raised:
        read_conditions(parse(text.encode()))
    assert str(raised.value).removeprefix("json: cannot unmarshal ") == error
