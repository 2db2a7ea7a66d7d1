"""Objects in JSON and YAML files."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run

from hydra_client.emulator import HydraEmulator


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "expected an object"),
        ("{1: 2}", "expected an object"),
        ('{"redirect_uris": "x"}', "OAuth2Client.redirect_uris: expected a list of strings"),
        ("client_name: 2020-01-01", "OAuth2Client.client_name: expected a string"),
        ("other: 2020-01-01", "JSON cannot represent"),
        ("client_secret: [a-secret", ":2:1: not valid JSON or YAML"),
        ("client_secret: *a-secret", ":1:16: not valid JSON or YAML"),
        ("client_secret: a-\0secret", ":1:18: a control character"),
        (b"client_secret: \xff", "not valid UTF-8"),
        ("x: " + "[" * 60_000, ":1:103: too many levels"),
        ("[" * 60_000 + "]" * 60_000, ":1:101: too many levels"),
        ("id: a\nscope: a-secret\nid: b", ":3:1: duplicate key id"),
        ('{"id": "a", "scope": "a-secret", "id": "b"}', ":1:34: duplicate key id"),
        ('{"contacts": [{"x": 1, "x": 1}]}', ":1:24: duplicate key x"),
        ("contacts:\n- {x: 1, x: 1}", ":2:10: duplicate key x"),
        ("<<: {id: a}\n<<: {scope: a}", ":2:1: duplicate key <<"),
        ("? [a]\n: b", ":1:3: a tag or key that is not supported"),
        ("a: !odd b", ":1:4: a tag or key that is not supported"),
        ("a: 2018-13-45", ":1:4: not a valid value of its type"),
        ("", "expected an object"),
        ('["a",,]', ":1:6: not valid JSON or YAML"),
        ('{"a" 1}', ":1:6: not valid JSON or YAML"),
        ("[1] a-secret", ":1:5: not valid JSON or YAML"),
        ("[" + "9" * 5000 + "]", ":1:2: not a valid value of its type"),
        ("other: &a [*a]", "anchors that expand to too much"),
    ],
)
def test_faulty_files(
    run: Run, root: HydraEmulator, tmp_path: Path, text: str | bytes, message: str
) -> None:
    """Named with no word of what they hold."""
    file = tmp_path / "client"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = run("clients", "create", "--file", str(file), "--show-secret")
    assert result.exit_code == 2
    assert message in result.stderr
    assert str(file) in result.stderr
    assert "a-secret" not in result.stderr
    assert root.requests == []


def test_an_unknown_field_is_warned_of_and_sent(
    run: Run, root: HydraEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "client"
    file.write_text('{"redirect_urls": [], "zzz": 1}')
    result = run("clients", "create", "--file", str(file), "--show-secret")
    assert result.exit_code == 0
    assert "unknown field redirect_urls; did you mean redirect_uris?\n" in result.stderr
    assert "unknown field zzz\n" in result.stderr
    assert '"zzz"' in root.requests[-1].body


def test_what_is_wrong_with_a_file_is_reported_where_it_is_read(run: Run, tmp_path: Path) -> None:
    for arguments in (("plan",), ("clients", "import"), ("discover", "--config")):
        result = run(*arguments, str(tmp_path), HYDRA_URL="http://127.0.0.1:1")
        assert result.exit_code == 2
        assert result.stderr.endswith(f"Error: {tmp_path}: Is a directory\n")
