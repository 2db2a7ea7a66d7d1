"""JSON and YAML that a command is given in a file or on stdin."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.manifest.lint import guess
from hydra_client.cli.secret_files import read_stdin, read_text
from hydra_client.cli.text import echo, name_of
from hydra_client.exceptions import ApiDecodeError

if TYPE_CHECKING:
    import yaml

    from hydra_client import OAuth2Client

_DEEPEST = 100  # levels; the C of PyYAML does not survive many thousand
_MOST_NODES = 1_000_000  # with anchors unfolded


def load(path: str) -> Any:
    """Read a JSON or YAML document; `-` is stdin. Messages hold no value of it."""
    text = read_stdin("a document") if path == "-" else read_text(path)
    where = "stdin" if path == "-" else path
    try:
        return json.loads(text, object_pairs_hook=partial(_members, where))
    except (ValueError, RecursionError) as error:
        if is_json(path):
            raise Failure(f"{where}{not_json(error)}", USAGE) from None
        # YAML then, of which JSON is almost a part
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    mark: Any = None
    why = "this is neither JSON nor YAML"
    try:
        if (deep := too_deep(text, loader)) is not None:
            mark, why = deep.start_mark, "too many levels"
        elif (node := too_much(root := yaml.compose(text, Loader=loader))) is not None:
            mark, why = node.start_mark, "anchors that unfold to too much, or to too many levels"
        elif (key := _doubled(root)) is not None:
            mark, why = key.start_mark, _twice(key.value)
        else:
            return yaml.load(text, Loader=loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if _is_too_deep(error):  # pragma: no cover - PyYAML from 6.0.4 on
            why = "too many levels"
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    raise Failure(f"{where}{place}: {why}", USAGE)


def too_deep(text: str, loader: Any) -> yaml.Event | None:
    """Find where YAML has more levels than can be read."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return event
    return None


def _is_too_deep(error: yaml.MarkedYAMLError) -> bool:
    """Whether PyYAML gave up by a limit of its own, which it has since 6.0.4."""
    return "nesting depth" in (error.problem or "")


def too_much(root: yaml.Node | None) -> yaml.Node | None:
    """Find a node of which anchors and merge keys would make too much, or something endless."""
    import yaml

    sizes: dict[int, tuple[int, int]] = {}  # of each node: how much it unfolds to, how deep
    culprit: list[yaml.Node] = []

    def size(node: yaml.Node, depth: int) -> tuple[int, int]:
        if id(node) in sizes:
            return sizes[id(node)]
        if depth > 2 * _DEEPEST:
            culprit.append(node)
            return 1, 1
        total, deepest = 1, 0
        if isinstance(node, yaml.CollectionNode):
            children = node.value
            if isinstance(node, yaml.MappingNode):
                children = [part for pair in node.value for part in pair]
            for child in children:
                count, height = size(child, depth + 1)
                total, deepest = total + count, max(deepest, height)
                if total > _MOST_NODES or deepest > 2 * _DEEPEST:
                    culprit.append(child)
                if culprit:
                    break
        sizes[id(node)] = (total, deepest + 1)
        return sizes[id(node)]

    if root is not None:
        size(root, 0)
    return culprit[0] if culprit else None


def is_json(path: str) -> bool:
    """Whether a file says by its name that it is JSON, and so not YAML."""
    return path.lower().endswith(".json")


def not_json(error: Exception) -> str:
    """Say where a text stops being JSON, and nothing of what is there."""
    if isinstance(error, json.JSONDecodeError):
        return f", line {error.lineno}, column {error.colno}: this is not JSON"
    return ": this is not JSON: too many levels or digits"


def _members(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Failure(f"{where}: {_twice(name)}", USAGE)
        found[name] = value
    return found


def _doubled(root: yaml.Node | None) -> yaml.Node | None:
    """Find a name that its mapping has already."""
    import yaml

    nodes = [root]
    seen = set()  # an anchor may be used often, and by itself
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            names = set()
            pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
            for key, value in pairs:
                name = key.tag, str(key.value)
                if name in names:
                    return key
                names.add(name)
                nodes.append(value)
    return None


def _twice(name: str) -> str:
    return f"{name_of(name)} is there twice"


def load_object(path: str) -> dict[str, Any]:
    """Read a document that is an object."""
    return _object(load(path), path)


def _object(document: Any, place: str) -> dict[str, Any]:
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise Failure(f"{place}: expected an object with names and values", USAGE)
    return document


def client_of(document: Any, place: str) -> OAuth2Client:
    """Make a client of an object; warn of fields that the API does not have.

    Raises:
        Failure: It is no client.
    """
    from hydra_client import OAuth2Client

    members = _object(document, place)
    if "clients" in members:
        raise Failure(f"{place}: this is a manifest; `hydra-client apply` takes it", USAGE)
    if "client_id" in members and "id" not in members:
        raise Failure(
            f"{place}: clients have no field client_id; did you mean id? Later Hydras call it "
            "client_id, 0.9 and 0.10 call it id",
            USAGE,
        )
    try:
        client = OAuth2Client.from_dict(members)
        client.to_json()
    except (ApiDecodeError, ValueError, TypeError) as error:
        raise Failure(f"{place}: {error}", USAGE) from None
    for name in members:
        if name not in OAuth2Client._by_wire:
            near = guess(name, OAuth2Client._by_wire)
            hint = f"; did you mean {near}?" if near else ""
            echo(f"Warning: {place}: clients have no field {name_of(name)}{hint}", err=True)
    return client
