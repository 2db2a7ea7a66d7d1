"""Manifests: what is accepted, what is rejected and on which line, and warnings."""

from __future__ import annotations

import json
import stat
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from support.command import Run
from support.manifests import doubts, faults, good

from hydra_client import OAuth2Client
from hydra_client.cli.errors import Failure
from hydra_client.cli.manifest.model import FIELDS
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import Expectation
from hydra_client.provisioning.planning import COLON_IN_OWNER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clients.yaml"


# --- what is taken

EXAMPLE = """\
# yaml-language-server: $schema=clients.schema.json
owner: team-photos
x-web: &web
  grant_types: [authorization_code, refresh_token]
  response_types: [code, id_token]
defaults:
  scope: openid offline
  contacts: [photos@example.com]
clients:
  - <<: *web
    id: photo-app
    client_name: 'Photo app'
    redirect_uris:
      - https://photos.example.com/callback
    secret: {env: PHOTO_APP_SECRET}
  - id: "089"
    <<: [*web, {client_name: never seen, policy_uri: https://example.com/policy}]
    client_name: null
    contacts:
    scope: openid offline photos.*
    public: no
    logo_uri: ~
    owner: somebody-else
"""


def test_a_whole_manifest(path: Path) -> None:
    found = good(path, EXAMPLE, PHOTO_APP_SECRET="a-secret")
    assert found.owner == "team-photos"
    assert found.warnings == []
    photo_app, other = found.entries
    assert photo_app.id == "photo-app"
    assert photo_app.fields == {
        "client_name": "Photo app",
        "redirect_uris": ["https://photos.example.com/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code", "id_token"],
        "scope": "openid offline",
        "owner": "team-photos",
        "contacts": ["photos@example.com"],
    }
    assert list(photo_app.fields) == [
        name for name in OAuth2Client._by_wire if name in photo_app.fields
    ]
    assert photo_app.secret is not None
    assert photo_app.secret.value == "a-secret"
    assert other == (
        "089",
        {
            "client_name": "",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code", "id_token"],
            "scope": "openid offline photos.*",
            "owner": "somebody-else",
            "policy_uri": "https://example.com/policy",
            "logo_uri": "",
            "contacts": [],
            "public": False,
        },
        None,
    )


def test_json_is_read_as_json(path: Path) -> None:
    """Not all of it is YAML: tabs, pairs of surrogates, line separators in strings."""
    document = {
        "$schema": "clients.schema.json",
        "clients": [
            {
                "id": 'a/\\"{[,:]}'.replace("/", ""),
                "client_name": "\u2028\x7f😀\\ud83d",
                "public": True,
            },
            {"id": "b", "redirect_uris": None, "client_name": None, "public": None},
        ],
    }
    for text in (
        json.dumps(document),
        json.dumps(document, ensure_ascii=False, indent="\t"),
        "\ufeff" + json.dumps(document, separators=(",", ":")),
    ):
        found = good(path, text)
        assert found.entries[0].id == 'a\\"{[,:]}'
        assert found.entries[0].fields == {"client_name": "\u2028\x7f😀\\ud83d", "public": True}
        assert found.entries[1].fields == {
            "client_name": "",
            "redirect_uris": [],
            "public": False,
        }


def test_from_stdin(run: Run, root: HydraEmulator, tmp_path: Path) -> None:
    result = run("plan", "-", input="clients: [{id: a}]")
    assert result.exit_code == 0
    assert result.output.startswith("+ a\n")
    for end in (b"\n", b"\r\n", b"\r"):
        result = run("plan", "-", input=b"clients:" + end + b"- id: \xc3\xa9" + end + b"  ident: a")
        assert result.exit_code == 2
        assert "stdin:3:3: a client: unknown key ident" in result.stderr


@pytest.mark.parametrize("true", ["true", "yes", "On", "TRUE"])
def test_truth(path: Path, true: str) -> None:
    assert good(path, f"clients: [{{id: a, public: {true}}}]").entries[0].fields == {"public": True}


def test_the_owner_may_be_a_default(path: Path) -> None:
    assert good(path, "{defaults: {owner: me}, clients: [{id: a, owner: you}]}").owner == "me"
    assert good(path, "{defaults: {owner: ''}, clients: []}").owner is None


def test_without_the_c_of_pyyaml(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    good(path, EXAMPLE, PHOTO_APP_SECRET="a-secret")
    assert faults(path, "clients: *hunter2hunter2") == [
        "1: not valid JSON or YAML: found undefined alias"
    ]
    assert faults(path, "clients: [{id: 1e5}]") != []
    for digits in ("00110000", "FFFFFFFF"):
        with pytest.raises(Failure, match=r"clients\.yaml: not valid JSON or YAML$"):
            good(path, f'a: "\\U{digits}"')


# --- what is refused

FAULTY = """\
owner: true
defaults:
  id: nobody
  public: "true"
client: []
clients:
  - id: 089
  - id: no
    redirect_uri: [https://example.com/cb]
  - id: 2018-01-01
    redirectUris: [https://example.com/cb]
  - id: a/b
    name: A
  - id: ..
    client_id: B
  - id: twice
    client_secret: hunter2hunter2
  - id: twice
    secret: hunter2hunter2
  - client_name: hunter2hunter2
    id: lists
    redirect_uris: https://example.com/cb
    grant_types: [authorization_code, 1e5, 0x1F, 1:30, null, [nested]]
    contacts: {a: b}
  - id: types
    client_name: [A]
    scope: 017
    public: 1
    client_name: twice
  - hunter2hunter2
  - scope: a
  - id: ~
    secret: {}
  - id: s1
    secret: {env: NOT_SET}
  - id: s2
    secret: {file: not-there}
  - id: s3
    secret: {file: short, env: SHORT}
  - id: s4
    secret: {file: short}
  - id: s5
    secret: {evn: X}
  - id: s6
    secret: {generate: yes}
  - id: s7
    secret: {generate: {}}
  - id: s8
    secret: {generate: {out: }}
  - id: s9
    secret: {generate: {out: no/folder}}
  - id: t1
    secret: {generate: {out: same}}
  - id: t2
    secret: {generate: {out: ./same}}
  - id: t3
    secret: {env: [X]}
  - id: t4
    secret: {generate: {to: X}}
  - id: t5
    secret: {generate: {out: folder}}
  - id: t6
    secret: {env: WITH_NEWLINE}
  - id: "t\\0"
  - id: t7
    client_name: "t\\0"
  - id: t8
    ? [a]
    : b
    <<: 7
  - id: t9
    <<: {}
    <<: {}
  - id:
      nested: true
  - id: !odd x
  - id: u1
    secret: {generate: {out: loop}}
  - id: u2
    secret: {generate: {out: dangling}}
  - id: u3
    secret: {generate: {out: linked}}
  - id: u4
    secret: {generate: {out: {long}}}
  - id: u5
    secret: {generate: {out: {long}/x}}
""".replace("{long}", "x" * 300)
NAMED = """\
1: owner: expected a string, not a boolean: put it in quotes
3: defaults: unknown key id
4: public: expected true or false, without quotes
5: a manifest: unknown key client; did you mean clients?
7: id: expected a string, not a number: put it in quotes
8: id: expected a string, not a boolean: put it in quotes
9: a client: unknown key redirect_uri; did you mean redirect_uris?
10: id: expected a string, not a date: put it in quotes
11: a client: unknown key redirectUris; did you mean redirect_uris?
12: id 'a/b': the API cannot address it: an id must not be empty, '.' or '..', and must not \
contain '/' or control characters
13: a client: unknown key name; did you mean client_name?
14: id '..': the API cannot address it: an id must not be empty, '.' or '..', and must not \
contain '/' or control characters
15: a client: unknown key client_id; did you mean id?
17: a client: unknown key client_secret; a secret must not be in a manifest; say where it is: \
`secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`
18: id 'twice': already used on line 16
19: secret: must not be in a manifest; say where it is: `secret: {env: NAME}`, `{file: FILE}` or \
`{generate: {out: FILE}}`
22: redirect_uris: expected a list of strings: put it in brackets
23: grant_types: an item must not be empty
23: grant_types: expected a string, not a list
23: grant_types: expected a string, not a number: put it in quotes
24: contacts: expected a list of strings
27: scope: expected a string, not a number: put it in quotes
28: public: expected true or false
29: duplicate key client_name, first on line 26
30: a client: expected a mapping
31: a client: the key id is missing
32: id '': the API cannot address it: an id must not be empty, '.' or '..', and must not \
contain '/' or control characters
33: secret: expected one of `secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`
35: secret: the environment variable NOT_SET is not set
37: secret: {folder}/not-there: No such file or directory
39: secret: expected one of `secret: {env: NAME}`, `{file: FILE}` or `{generate: {out: FILE}}`
41: secret (from file {folder}/short): must have at least 6 characters
43: secret: unknown key evn; did you mean env?
45: secret: generate: expected a mapping
47: secret: generate: expected `{out: FILE}`
49: secret: generate: out: must not be empty
51: secret: the directory {folder}/no does not exist
55: secret: ./same is already used on line 53
57: secret: env: expected a string, not a list
59: secret: generate: unknown key to; known: out
61: secret: {folder}/folder: Is a directory
63: secret (from environment variable WITH_NEWLINE): must not contain control characters
64: id contains NUL or an unpaired surrogate, which SQL stores reject
66: client_name contains NUL or an unpaired surrogate, which SQL stores reject
68: a key must be a string, not a list or a mapping
70: <<: expected a mapping or a list of mappings
73: duplicate key <<, first on line 72
75: id: expected a string, not a mapping
76: id: expected a string
78: secret: {folder}/loop: Too many levels of symbolic links
80: secret: {folder}/dangling must not be a symbolic link
82: secret: {folder}/linked must not be a symbolic link
84: secret: {folder}/{long}: File name too long
86: secret: the directory {folder}/{long} does not exist
""".replace("{long}", "x" * 300)


def test_every_fault_is_named_at_once(path: Path) -> None:
    (path.parent / "short").write_text("abc")
    (path.parent / "folder").mkdir()
    (path.parent / "empty").touch()
    for name, target in (("loop", "loop"), ("dangling", "nowhere"), ("linked", "empty")):
        (path.parent / name).symlink_to(target)
    found = faults(path, FAULTY, WITH_NEWLINE="a\nsecret")
    expected = NAMED.replace("{folder}", str(path.parent)).splitlines()
    assert found == expected
    assert not any("hunter2" in line for line in found)


def test_an_empty_variable_is_set(path: Path) -> None:
    text = "clients:\n- id: a\n  secret: {env: WEB_SECRET}\n"
    (fault,) = faults(path, text, WEB_SECRET="")
    assert fault.endswith("secret: the environment variable WEB_SECRET is empty")


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_nothing_is_sent_for_a_faulty_one(
    run: Run, root: HydraEmulator, path: Path, command: str
) -> None:
    path.write_text("clients:\n- id: a\n- redirect_uri: []\n")
    result = run(command, str(path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: 2 errors in {path}; nothing was sent\n"
        f"{path}:3:3: a client: the key id is missing\n"
        f"{path}:3:3: a client: unknown key redirect_uri; did you mean redirect_uris?\n"
    )
    assert root.requests == []
    assert run(command, str(path.parent / "none.yaml")).exit_code == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1: the manifest is empty"),
        ("# nothing\n", "1: the manifest is empty"),
        ("\n- id: a\n", "2: a manifest: expected a mapping"),
        ("[]", "1: a manifest: expected a mapping"),
        ("{}", "1: one of the keys `clients`, `policies` and `groups` is missing"),
        ("clients:\n", "1: clients: expected a list"),
        ("clients: {a: {}}", "1: clients: expected a list"),
        ("clients: []\nclients: []", "2: duplicate key clients, first on line 1"),
        ('{"clients": [],\n\t"clients": []}', "2: duplicate key clients, first on line 1"),
        ('{"clients": [{"id": 1e5}]}', "1: id: expected a string, not a number: put it in quotes"),
        (
            '{"clients": [\n{"id": "a", "client_name":\n"\\ud800"}]}',
            "3: client_name contains NUL or an unpaired surrogate, which SQL stores reject",
        ),
        (
            '{"clients": [{"id": "a", "public": "false"}]}',
            "1: public: expected true or false, without quotes",
        ),
        ("defaults: {owner: a}\nowner: b\nclients: []", "2: owner: already set in the defaults"),
        ("owner: ''\nclients: []", "1: owner: must not be empty"),
        ("clients: []\nowner: team:a", f"2: owner: {COLON_IN_OWNER}"),
        ("defaults: {owner: team:a}\nclients: []", f"1: owner: {COLON_IN_OWNER}"),
        (
            "a: 1\n\tb: 2",
            "2: not valid JSON or YAML: found a tab character that violates indentation",
        ),
        ("clients: *hunter2hunter2", "1: not valid JSON or YAML: found undefined alias"),
        ("a: 1\n---\nb: 2", "2: not valid JSON or YAML: but found another document"),
        ('a: "', "1: not valid JSON or YAML: found unexpected end of stream"),
        ("a:\n b\n\x07", "3: a control character; write it as an escape, in quotes"),
        ("x-a: " + "[" * 200_000, "1: too many levels"),
        ("[" * 200_000 + "]" * 200_000, "1: too many levels"),
        ("[" * 100 + "\n" + "[" * 100 + "]" * 200, "2: too many levels"),
        ('{"x-a":' * 100 + "\n" + '{"x-a":' * 100 + "1" + "}" * 200, "2: too many levels"),
        ('a: "\\ud83d"', "1: not valid JSON or YAML: found invalid Unicode character escape code"),
    ],
)
def test_one_fault(path: Path, text: str, fault: str) -> None:
    assert faults(path, text) == [fault]


def test_a_mapping_that_merges_itself_has_an_end(path: Path) -> None:
    assert faults(path, "clients:\n- &a\n  <<: *a\n  id: a\n") == [
        "3: anchors that expand to too much, or to too many levels"
    ]
    assert faults(path, "x-a: &a [*a]\nclients: *a\n") != []


def test_a_message_stays_on_its_line(path: Path) -> None:
    text = r'policies: [{id: a, effect: deny, conditions: {b: {type: c, options: {"\n": 1}}}}]'
    assert faults(path, text) == [r"1: \n: expected a string, not a number: put it in quotes"]


def test_anchors_are_reported_once(path: Path) -> None:
    text = "x-a: &a {scope: [a], secret: {generate: {out: s}}}\nclients:\n"
    text += "".join(f"- {{<<: *a, id: {id}}}\n" for id in "bcdefg")
    assert faults(path, text) == [
        "1: scope: expected a string, not a list",
        "1: secret: s is already used on line 1",
    ]


# --- what is doubtful


@pytest.mark.parametrize(
    ("client", "doubt"),
    [
        (
            "scope: openid\n    response_types: [code]",
            "3: scope: openid fails unless response_types has both code and id_token",
        ),
        (
            "scope: a openid",
            "3: scope: openid fails unless response_types has both code and id_token",
        ),
        ("scope: openid\n    response_types: [id_token, code]", None),
        (
            "grant_types: [refresh_token]\n    scope: a",
            "3: grant_types: refresh_token has no effect without the scope offline",
        ),
        ("grant_types: [refresh_token]\n    scope: '*'", None),
        ("scope: offline", "3: scope: offline has no effect without the grant type refresh_token"),
        ("grant_types: [refresh_token, authorization_code]\n    scope: offline", None),
        (
            "redirect_uris: ['http://example.com/cb', 'https://example.com/cb']",
            "3: redirect_uris: 'http://example.com/cb': codes and tokens would be sent over plain "
            "http",
        ),
        ("redirect_uris: ['http://localhost/cb', 'http://127.0.0.1:9/']", None),
        ("redirect_uris: ['app:cb']", None),
        (
            "redirect_uris: [/cb]",
            "3: redirect_uris: '/cb': must be an absolute URI without a fragment "
            "(RFC 6749 section 3.1.2)",
        ),
        (
            "redirect_uris: ['https://a/#b']",
            "3: redirect_uris: 'https://a/#b': must be an absolute URI without a fragment "
            "(RFC 6749 section 3.1.2)",
        ),
        ("redirect_uris: ['http://[']", "3: redirect_uris: 'http://[': not a valid URI"),
        ("contacts: [a|b]", "3: contacts: SQL stores split items at '|' and drop empty ones"),
        ("contacts: ['']", "3: contacts: SQL stores split items at '|' and drop empty ones"),
        (
            "secret: {env: ODD}",
            "3: secret (from environment variable ODD): must be encoded for the token endpoint, "
            "but not for other endpoints; use only letters, digits and -._~ to avoid that",
        ),
        ("secret: {env: PLAIN}", None),
        (
            "secret: {env: PLAIN}\n    public: true",
            "3: secret (from environment variable PLAIN): not used by a public client, so it "
            "cannot be checked",
        ),
        ("secret: {env: PLAIN}\n    public: false", None),
    ],
)
def test_doubts(path: Path, client: str, doubt: str | None) -> None:
    text = f"clients:\n  - id: a\n    {client}\n"
    found = doubts(path, text, ODD="p+q%41 r:s", PLAIN="a-z.A_Z~09")
    assert found == ([] if doubt is None else [doubt])


def test_a_long_id_is_doubtful(path: Path) -> None:
    assert doubts(path, f"clients: [{{id: {'a' * 255}}}]") == []
    assert doubts(path, f"clients: [{{id: {'a' * 256}}}]") == [
        "1: id: SQL stores reject more than 255 characters"
    ]


def test_a_default_is_doubted_once(path: Path) -> None:
    text = "defaults:\n  scope: openid\nclients: [{id: a}, {id: b}]"
    assert len(doubts(path, text)) == 1


def test_doubts_are_warnings(run: Run, root: HydraEmulator, path: Path) -> None:
    path.write_text("clients:\n- id: a\n  scope: offline\n")
    for command in ("plan", "apply"):
        result = run(command, str(path))
        assert result.exit_code == 0
        assert result.stderr.startswith(f"Warning: {path}:3:10: scope: offline has no effect ")


# --- secrets


def test_files_lie_beside_the_manifest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "secrets").mkdir()
    (path.parent / "secrets" / "a").write_text("a-secret\r\n")
    monkeypatch.chdir("/")
    text = (
        "clients: [{id: a, secret: {file: secrets/a}}, "
        "{id: b, secret: {generate: {out: secrets/b}}}]"
    )
    a, b = (entry.secret for entry in good(path, text).entries)
    assert a is not None
    assert a.value == a.obtain() == "a-secret"
    assert b is not None
    assert b.value is None
    made = b.obtain()
    file = path.parent / "secrets" / "b"
    assert file.read_text() == f"{made}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(made) == 43
    again = good(path, text).entries[1].secret
    assert again is not None
    assert again.value == again.obtain() == made


@pytest.mark.parametrize("link", [False, True])
def test_a_secret_that_others_can_read_is_doubtful(path: Path, link: bool) -> None:
    kept = path.parent / ("elsewhere" if link else "out")
    kept.write_text("a-secret-of-somebody\n")
    if link:
        (path.parent / "out").symlink_to(kept)
    text = "clients:\n- {id: a, secret: {generate: {out: out}}}"
    kept.chmod(0o640)
    (doubt,) = doubts(path, text)
    assert (
        doubt
        == f"2: secret: {path.parent}/out can be read by others; run chmod 600 {path.parent}/out"
    )
    kept.chmod(0o600)
    assert doubts(path, text) == []


# --- policies, groups and expectations

ACCESS = """\
owner: team
policies:
  - id: team:read
    description: ~
    effect: allow
    subjects: [alice, "<a|b>", editors, alice]
    actions: [get]
    resources: ["photos:<[0-9]+>", "rn:hydra:clients"]
    conditions:
      ip: {type: CIDRCondition, options: {cidr: 10.0.0.0/8}}
      owner: {type: EqualsSubjectCondition, options: ~}
groups:
  - {id: editors, members: [carol, dave]}
  - {id: nobody, members: []}
removed:
  groups: [readers]
expect:
  - {subject: alice, action: get, resource: "photos:7", context: {ip: 10.0.0.1, n: [1, {}]}}
  - {subject: bob, action: get, resource: x, context: ~, allowed: no}
"""


def test_a_manifest_of_everything(path: Path) -> None:
    found = good(path, ACCESS)
    assert found.warnings == []
    assert found.kinds == {"policies", "groups"}
    (policy,) = found.policies
    assert policy.to_dict() == {
        "id": "team:read",
        "description": "",
        "effect": "allow",
        "subjects": ["alice", "<a|b>", "editors", "alice"],
        "actions": ["get"],
        "resources": ["photos:<[0-9]+>", "rn:hydra:clients"],
        "conditions": {
            "ip": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}},
            "owner": {"type": "EqualsSubjectCondition"},
        },
    }
    assert found.groups == {"editors": ["carol", "dave"], "nobody": []}
    assert found.removed_groups == ["readers"]
    assert found.expectations == [
        (
            f"{path}:18:5",
            Expectation("alice", "get", "photos:7", {"ip": "10.0.0.1", "n": [1, {}]}),
        ),
        (f"{path}:19:5", Expectation("bob", "get", "x", {}, False)),
    ]
    assert found.subjects == {"alice": f"{path}:6:16", "editors": f"{path}:6:32"}
    desired = found.desired()
    assert (desired.owner, desired.removed_groups) == ("team", ())
    assert found.desired(prune=True).removed_groups == ["readers"]
    assert found.keys() == [("policy", "team:read"), ("group", "editors"), ("group", "nobody")]


def test_an_anchor_with_merged_keys_is_a_context_twice(path: Path) -> None:
    found = good(
        path,
        """
x-base: &base {a: x, b: y}
x-context: &context {<<: *base, a: z}
expect:
  - {subject: alice, action: get, resource: x, context: *context}
  - {subject: bob, action: get, resource: x, context: *context}
""",
    )
    contexts = [expected.expectation.context for expected in found.expectations]
    assert contexts == [{"a": "z", "b": "y"}] * 2


FAULTY_ACCESS = """\
policies:
  - id: default-admin-policy
    effect: allow
  - effect: permit
    subjects: alice
    actions: [1]
    subject: [a]
  - id: a
    effect: allow
    conditions: [x]
  - id: a
    effect: deny
    conditions:
      x: {options: {cidr: 1}}
      y: {type: CIDRCondition, options: [z]}
      z: CIDRCondition
  - id: b/c
    effect: allow
  - none
groups:
  - {members: [a]}
  - {id: g}
  - {id: h, members: [~]}
  - {id: h, members: []}
  - none
removed: {groups: [h, 1], clients: [a]}
expect:
  - {subject: a, action: b}
  - {subject: 1, action: b, resource: c, allowed: "no", context: [x]}
  - {subject: a, action: b, resource: c, context: {d: 2018-01-01, x: .nan}}
  - {subject: a, action: b, resource: c, context: {1: x}}
  - none
"""


def test_null_is_not_a_condition(path: Path) -> None:
    (policy,) = good(path, "policies: [{id: a, effect: deny, conditions: ~}]").policies
    assert policy.conditions == {}


def test_faults_of_policies_groups_and_expectations(path: Path) -> None:
    assert faults(path, FAULTY_ACCESS) == [
        "2: default-admin-policy is never changed: use another id",
        "4: a policy: the key id is missing",
        "4: effect: expected allow or deny",
        "5: subjects: expected a list of strings: put it in brackets",
        "6: actions: expected a string, not a number: put it in quotes",
        "7: a policy: unknown key subject; did you mean subjects?",
        "10: conditions: expected a mapping",
        "11: id 'a': already used on line 8",
        "14: a condition: the key type is missing",
        "14: cidr: expected a string, not a number: put it in quotes",
        "15: options: expected a mapping",
        "16: a condition: expected a mapping",
        "17: id 'b/c': the API cannot address it: an id must not be empty, '.' or '..', and must "
        "not contain '/' or control characters",
        "19: a policy: expected a mapping",
        "21: a group: the key id is missing",
        "22: the group has no members; `members: []` is an empty group",
        "23: members: an item must not be empty",
        "24: id 'h': already used on line 23",
        "25: a group: expected a mapping",
        "26: id 'h': already used on line 23",
        "26: id: expected a string, not a number: put it in quotes",
        "26: removed: unknown key clients; known: groups",
        "28: an expectation: the key resource is missing",
        "29: allowed: expected true or false",
        "29: context: expected a mapping",
        "29: subject: expected a string, not a number: put it in quotes",
        "30: context: expected a mapping of values that JSON can represent",
        "31: context: expected a mapping",
        "32: an expectation: expected a mapping",
    ]
    assert faults(path, "clients: []\nremoved: 7") == ["2: removed: expected a mapping"]


DOUBTFUL_ACCESS = """\
owner: team
policies:
  - id: read
    effect: allow
    subjects: ["<a", "<(>", "a>", ok]
    actions: []
    resources: ["rn:hydra:client", "photos:<[>"]
    conditions:
      a: {type: CidrCondition}
      b: {type: CIDRCondition, options: {cidr: 10.0.0.0/64}}
"""


def test_an_action_that_its_resources_do_not_have(path: Path) -> None:
    policy = 'id: a, effect: allow, subjects: [b], actions: [get, "get,list", read]'
    assert doubts(path, f"policies: [{{{policy}, resources: [rn:hydra:clients]}}]") == [
        "1: actions: 'get,list': this is one action; use one item for each",
        "1: actions: 'read': Hydra checks no such action on these resources, only create, get, "
        "update",
    ]


def test_what_a_policy_is_warned_of(path: Path) -> None:
    assert doubts(path, DOUBTFUL_ACCESS) == [
        "3: id: does not begin with 'team:', so it is never pruned",
        "5: subjects: '<(>': not a valid template: error parsing regexp: missing closing ): `^($`. "
        "Hydra fails when it uses the policy",
        '5: subjects: \'<a\': not a valid template: Unbalanced braces in ""<a"". '
        "Hydra fails when it uses the policy",
        "5: subjects: 'a>': '>' without '<' is a literal character",
        "6: actions: empty, so the policy never applies",
        "7: resources: 'photos:<[>': not a valid template: error parsing regexp: missing closing "
        "]: `[$`. Hydra fails when it uses the policy",
        "7: resources: 'rn:hydra:client': Hydra has no such resource; did you mean "
        "rn:hydra:clients?",
        "9: conditions: a: unknown condition 'CidrCondition', which Hydra refuses; did you mean "
        "CIDRCondition?",
        "10: conditions: b: cidr: not valid: '10.0.0.0/64' is not a network such as 10.0.0.0/8",
    ]


# --- the schema

SCHEMA = json.loads(files("hydra_client.cli.manifest").joinpath("schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_has_every_field(run: Run) -> None:
    VALIDATOR.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["fields"]) == set(FIELDS)
    names = {str: "string", list: "array", bool: "boolean"}
    for name, kind in FIELDS.items():
        field = SCHEMA["$defs"]["fields"][name]
        assert field["type"] == [names[kind], "null"]
        assert field["description"]
        for place in (SCHEMA["properties"]["defaults"], SCHEMA["$defs"]["client"]):
            assert place["properties"][name]["$ref"] == f"#/$defs/fields/{name}"
    assert json.loads(run("plan", "--schema").output) == SCHEMA


# What a schema cannot say, or says of no single place.
BEYOND = ("already used", "duplicate key", "is not set", "does not exist", "No such file", "NUL")

TEXTS = st.sampled_from(
    ["", "a", "a b", ".", "..", "...", "a/b", "\x1f", "\x7f", "\x9f", "é", "\n"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
LISTS = st.lists(TEXTS | st.just(None) | st.integers(), max_size=2)
SECRETS = st.dictionaries(
    st.sampled_from(["env", "file", "generate", "out", "x-a"]),
    TEXTS | st.dictionaries(st.sampled_from(["out", "in"]), TEXTS | st.none(), max_size=2),
    max_size=2,
)
CLIENTS = st.dictionaries(
    st.sampled_from([*FIELDS, "id", "secret", "client_secret", "redirect_uri", "x-a"]),
    TEXTS | LISTS | SECRETS | st.booleans() | st.none(),
    max_size=4,
)
CONDITIONS = st.dictionaries(
    TEXTS,
    st.fixed_dictionaries(
        {},
        optional={
            "type": TEXTS | st.none(),
            "options": st.dictionaries(TEXTS, TEXTS, max_size=1) | ANYTHING,
            "a": TEXTS,
        },
    ),
    max_size=1,
)
IDS = st.sampled_from(["a", "b", "default-admin-policy"]) | TEXTS
EFFECTS = st.sampled_from(["allow", "deny", "Allow", None])
POLICIES = st.fixed_dictionaries(
    {"id": IDS, "effect": EFFECTS},
    optional={
        "description": TEXTS | st.none() | st.integers(),
        "subjects": LISTS | TEXTS,
        "resources": LISTS,
        "actions": LISTS | st.none(),
        "conditions": CONDITIONS | ANYTHING,
        "x-a": TEXTS,
    },
)
GROUPS = st.fixed_dictionaries({}, optional={"id": IDS, "members": LISTS | ANYTHING, "b": TEXTS})
REQUESTS = st.fixed_dictionaries(
    dict.fromkeys(("subject", "action", "resource"), TEXTS),
    optional={"context": ANYTHING, "allowed": st.booleans() | ANYTHING, "c": TEXTS},
)
TOPS = st.fixed_dictionaries(
    {},
    optional={
        "clients": st.lists(CLIENTS | st.builds(dict, id=TEXTS) | ANYTHING, max_size=3) | ANYTHING,
        "policies": st.lists(POLICIES | ANYTHING, max_size=2) | ANYTHING,
        "groups": st.lists(GROUPS | ANYTHING, max_size=2) | ANYTHING,
        "removed": st.fixed_dictionaries({}, optional={"groups": LISTS, "d": TEXTS}) | ANYTHING,
        "expect": st.lists(REQUESTS | ANYTHING, max_size=2) | ANYTHING,
        "defaults": CLIENTS | ANYTHING,
        "owner": TEXTS | ANYTHING,
        "$schema": ANYTHING,
        "x-a": ANYTHING,
        "client": ANYTHING,
    },
)


@given(document=TOPS | ANYTHING)
@example(document={"clients": [{"id": "a", "secret": {"generate": {"out": "b"}}}]})
@example(document={"owner": "a", "defaults": {"owner": "b"}, "clients": []})
@example(document={"owner": "a:b", "clients": []})
@example(document={"defaults": {"owner": "a:b"}, "clients": [{"id": "a", "owner": "a:b"}]})
@example(document={"clients": [{"id": "a", "owner": "a:b"}]})
def test_the_schema_agrees_with_the_checker(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "agrees.json"
    found = faults(path, json.dumps(document))
    structural = [fault for fault in found if not any(words in fault for words in BEYOND)]
    problems = [error.message for error in VALIDATOR.iter_errors(document)]
    assert bool(structural) == bool(problems), (structural, problems)
