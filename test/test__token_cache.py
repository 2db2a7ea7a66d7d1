"""The folder of tokens: what is written, and what is not touched."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
from pathlib import Path

import pytest

from hydra_client._token_cache import TokenCache
from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.protocol.client_credentials import Key

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners of files here")

KEY = Key("https://hydra.example.com", "my-app", "my-secret", frozenset({"b", "a"}))
TOKEN = ("the-access-token", 1_700_000_000.5, 3599)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


@pytest.fixture
def cache(folder: Path) -> TokenCache:
    """With one token in it."""
    cache = TokenCache(folder)
    cache.save(KEY, *TOKEN)
    assert cache.load(KEY) == TOKEN
    return cache


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_each_set_of_headers_has_its_own_file(cache: TokenCache, folder: Path) -> None:
    assert only_file(folder).name == (
        "e6c1ab4f5bd923e07d7defa5d9ac36b599fb16d5fe1b96259ff4370c86bcd764.json"
    )
    other = KEY._replace(headers=(("X-Tenant", "two"),))
    assert cache.load(other) is None
    cache.save(other, *TOKEN)
    assert len(list(folder.iterdir())) == 2


def test_nothing_is_there_or_made_before_a_token_is_kept(folder: Path) -> None:
    assert TokenCache(folder).load(KEY) is None
    assert not folder.exists()


def test_only_the_owner_may_look(cache: TokenCache, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600


def test_only_the_owner_may_look_whatever_the_umask(folder: Path) -> None:
    old = os.umask(0)
    try:
        TokenCache(folder / "deep").save(KEY, *TOKEN)
    finally:
        os.umask(old)
    for made in (folder, folder.parent, folder / "deep"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder / "deep").stat().st_mode) == 0o600


def test_neither_name_nor_content_reveals_the_secret(cache: TokenCache, folder: Path) -> None:
    path = only_file(folder)
    assert json.loads(path.read_text()) == {
        "access_token": "the-access-token",
        "issued_at": 1_700_000_000.5,
        "expires_in": 3599,
    }
    assert "my-secret" not in str(path)
    assert "my-app" not in str(path)


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(host="https://hydra.example.org"),
        KEY._replace(client_id="my-other-app"),
        KEY._replace(client_secret="my-new-secret"),
        KEY._replace(scopes=frozenset({"a"})),
        KEY._replace(client_id="my-app\x00my", client_secret="secret"),
    ],
    ids=["host", "client", "secret", "scopes", "framing"],
)
def test_a_token_serves_its_own_key_only(cache: TokenCache, other: Key) -> None:
    assert cache.load(other) is None
    cache.save(other, "another-token", 1.0, None)
    assert cache.load(other) == ("another-token", 1.0, None)
    assert cache.load(KEY) == TOKEN


def test_a_new_token_takes_the_place_of_the_old_one(cache: TokenCache, folder: Path) -> None:
    before = only_file(folder).stat().st_ino
    cache.save(KEY, "newer", 1_700_000_100, 60)
    assert cache.load(KEY) == ("newer", 1_700_000_100, 60)
    assert repr(cache.load(KEY)) == "('***', 1700000100, 60)", "as tracebacks show it"
    assert only_file(folder).stat().st_ino != before, "written aside, then moved into its place"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_file_that_others_may_touch_is_ignored(
    cache: TokenCache, folder: Path, mode: int
) -> None:
    only_file(folder).chmod(mode)
    assert cache.load(KEY) is None
    cache.save(KEY, *TOKEN)
    assert cache.load(KEY) == TOKEN, "and replaced"


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o707, 0o755, 0o777])
def test_a_folder_that_others_may_touch_is_left_alone(
    cache: TokenCache, folder: Path, mode: int
) -> None:
    content = only_file(folder).read_bytes()
    folder.chmod(mode)
    assert cache.load(KEY) is None
    cache.save(KEY, "newer", 1.0, None)
    assert only_file(folder).read_bytes() == content
    assert stat.S_IMODE(folder.stat().st_mode) == mode, "nor is it changed"


def test_what_somebody_else_owns_is_left_alone(
    cache: TokenCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = only_file(folder).read_bytes()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert cache.load(KEY) is None
    cache.save(KEY, "newer", 1.0, None)
    assert only_file(folder).read_bytes() == content


def test_a_file_that_somebody_else_put_there_is_ignored(
    cache: TokenCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def foreign_file(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return status
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:]))

    monkeypatch.setattr(os, "fstat", foreign_file)
    assert cache.load(KEY) is None


@pytest.mark.parametrize("place", ["folder", "above"])
def test_somebody_elses_link_is_not_followed(
    folder: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    TokenCache(real / "tokens").save(KEY, *TOKEN)
    link = tmp_path / "link"
    link.symlink_to(real / "tokens" if place == "folder" else real)
    cache = TokenCache(link if place == "folder" else link / "tokens")
    assert cache.load(KEY) == TOKEN, "one's own link is fine"
    look = Path.lstat

    def foreign_links(path: Path) -> os.stat_result:
        status = look(path)
        if not stat.S_ISLNK(status.st_mode):
            return status
        return os.stat_result((*status[:4], 12345, *status[5:]))

    monkeypatch.setattr(Path, "lstat", foreign_links)
    assert cache.load(KEY) is None
    cache.save(KEY, "newer", 1.0, None)
    monkeypatch.undo()
    assert cache.load(KEY) == TOKEN


def test_a_file_that_is_a_link_is_not_followed(
    cache: TokenCache, folder: Path, tmp_path: Path
) -> None:
    path = only_file(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    content = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    assert cache.load(KEY) is None
    cache.save(KEY, "newer", 1.0, None)
    assert cache.load(KEY) == ("newer", 1.0, None)
    assert elsewhere.read_bytes() == content


def open_files(folder: Path) -> int:
    """Those in the folder only: threads of earlier tests may still close files elsewhere."""
    count = 0
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(descriptor).startswith(str(folder))
    return count


@pytest.mark.parametrize("kind", ["folder", "pipe", "pipe with a writer"])
def test_what_is_not_a_file_is_ignored(cache: TokenCache, folder: Path, kind: str) -> None:
    path = only_file(folder)
    path.unlink()
    writer = None
    if kind == "folder":
        path.mkdir(0o700)
    else:
        os.mkfifo(path, 0o600)
        if kind == "pipe with a writer":
            writer = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        before = open_files(folder)
        assert cache.load(KEY) is None
        cache.save(KEY, *TOKEN)
        assert open_files(folder) == before, "nothing stays open"
    finally:
        if writer is not None:
            os.close(writer)
    assert [entry for entry in folder.iterdir() if entry != path] == [], "nothing is left over"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b"{}",
        b"[" * 50_000,
        b'{"access_token": "t", "issued_at": 1}',
        b'{"access_token": "t", "expires_in": 1}',
        b'{"issued_at": 1, "expires_in": 1}',
        b'{"access_token": 1, "issued_at": 1, "expires_in": 1}',
        b'{"access_token": "Bearer t", "issued_at": 1, "expires_in": 1}',
        b'{"access_token": "t", "issued_at": "1", "expires_in": 1}',
        b'{"access_token": "t", "issued_at": null, "expires_in": 1}',
        b'{"access_token": "t", "issued_at": NaN, "expires_in": 1}',
        b'{"access_token": "t", "issued_at": 1e999, "expires_in": 1}',
        b'{"access_token": "t", "issued_at": -1e999, "expires_in": 1}',
        b'{"access_token": "t", "issued_at": 1, "expires_in": "1"}',
        b'{"access_token": "t", "issued_at": 1, "expires_in": 1.5}',
        b'{"access_token": "t", "issued_at": 1' + b"0" * 400 + b', "expires_in": 1}',
        b'{"access_token": "' + b"t" * 70_000 + b'", "issued_at": 1, "expires_in": 1}',
    ],
    ids=lambda content: repr(content[:60]),
)
def test_what_is_not_a_token_is_ignored(cache: TokenCache, folder: Path, content: bytes) -> None:
    only_file(folder).write_bytes(content)
    assert cache.load(KEY) is None
    cache.save(KEY, *TOKEN)
    assert cache.load(KEY) == TOKEN


def test_a_disk_that_fails_breaks_nothing(
    cache: TokenCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        cache.save(KEY, "newer", 1.0, None)
        patch.setattr(os, "unlink", full)
        cache.save(KEY, "newer", 1.0, None)
    assert cache.load(KEY) == TOKEN
    assert len(list(folder.iterdir())) == 2, "one could not be taken away, the other was"


@pytest.mark.parametrize("place", ["file/tokens", "no\x00path"])
def test_a_place_that_cannot_be_breaks_nothing(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    cache = TokenCache(tmp_path / place)
    cache.save(KEY, *TOKEN)
    assert cache.load(KEY) is None


def test_the_log_says_why_and_shows_no_secret(
    cache: TokenCache, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "hydra_client")
    only_file(folder).chmod(0o644)
    cache.load(KEY)
    folder.chmod(0o755)
    cache.save(KEY, *TOKEN)
    ours = [record for record in caplog.records if record.name.startswith("hydra_client")]
    assert [record.getMessage() for record in ours] == [
        f"token cache {folder}: not read: others can read or write it",
        f"token cache {folder}: not written: others can read or write it",
    ]


def test_home_is_understood_and_the_place_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    TokenCache("~/tokens").save(KEY, *TOKEN)
    assert only_file(tmp_path / "tokens")
    monkeypatch.chdir(tmp_path)
    relative = TokenCache("tokens")
    monkeypatch.chdir("/")
    assert relative.load(KEY) == TOKEN


def test_arguments_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiTypeError, match="cache must be a path, got int"):
        TokenCache(3)  # type: ignore[arg-type]
    monkeypatch.delattr(os, "geteuid")
    with pytest.raises(ApiValueError, match="cannot restrict a file to its owner"):
        TokenCache("tokens")
