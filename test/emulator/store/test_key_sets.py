"""How the stores keep sets of keys, and which keys Hydra generates."""

from __future__ import annotations

import base64

import pytest

from hydra_client.emulator.errors import BadRequestError, NotFoundError, PlainError
from hydra_client.emulator.store.jwk import Jwk
from hydra_client.emulator.store.key_sets import (
    OWN_SET,
    MemoryKeySets,
    SqlKeySets,
    generate,
)
from hydra_client.emulator.store.keys import SigningKey, load_test_key
from hydra_client.emulator.variant import Variant

MISSING = "^: Not found$"


def key(kid: str) -> Jwk:
    return Jwk(kid, "oct", parts={"k": "AQ"})


def kids(keys: list[Jwk]) -> list[str]:
    return [key.kid for key in keys]


def memory() -> MemoryKeySets:
    return MemoryKeySets(Variant("0.10", "memory"), SigningKey(load_test_key))


def sql(*, is_0_9: bool = False) -> SqlKeySets:
    return SqlKeySets(Variant("0.9" if is_0_9 else "0.10", "sql"), SigningKey(load_test_key))


def test_both_stores() -> None:
    for store in (memory(), sql()):
        assert kids(store.get(OWN_SET)) == ["private", "public"]
        store.add("x", [key("a"), key("b")])
        assert kids(store.get("x")) == ["a", "b"]
        assert kids(store.get_key("x", "b")) == ["b"]
        store.delete("x")
        store.delete("x")
        for call in (
            lambda store=store: store.get("x"),
            lambda store=store: store.get_key("x", "a"),
            lambda store=store: store.get_key(OWN_SET, "a"),
        ):
            with pytest.raises(NotFoundError, match=MISSING):
                call()
        store.add("x", [])
        with pytest.raises(NotFoundError, match=MISSING):
            store.get("x")


def test_the_memory_store() -> None:
    store = memory()
    store.add("x", [key("a"), key("b")])
    store.add("x", [key("a"), Jwk()])
    assert kids(store.get("x")) == ["a", "b", "a", ""]
    assert kids(store.get_key("x", "a")) == ["a", "a"]
    store.delete_key("x", "nope")  # deletes all keys: a bug of Hydra
    assert store.get("x") == []
    store.add("x", [key("c")])
    assert kids(store.get("x")) == ["c"]
    with pytest.raises(NotFoundError, match=MISSING):
        store.delete_key("nope", "a")


@pytest.mark.parametrize("is_0_9", [True, False])
def test_the_sql_store(*, is_0_9: bool) -> None:
    store = sql(is_0_9=is_0_9)
    store.add("x", [key("a"), key("b")])
    with pytest.raises(PlainError, match=r'unique constraint "hydra_jwk_pkey"$'):
        store.add("x", [key("c"), key("a")])
    with pytest.raises(PlainError, match="unknown key type"):
        store.add("x", [key("c"), Jwk()])
    store.add("x", [key("c")])
    assert kids(store.get("x")) == (["a", "b", "c"] if is_0_9 else ["c", "a", "b"])
    for kid in ("a", "nope", "b", "c"):
        assert store.get("x")
        store.delete_key("x", kid)
    store.delete_key("x", "c")
    with pytest.raises(NotFoundError, match=MISSING):
        store.get("x")


def test_strings_that_the_sql_store_refuses() -> None:
    store = sql()
    for call in (
        lambda: store.get("\0"),
        lambda: store.get_key("x", "\0"),
        lambda: store.delete("\0"),
        lambda: store.delete_key("\0", "x"),
        lambda: store.delete_key("x", "\0"),
        lambda: store.add("\0", [key("a")]),
        lambda: store.add("x", [key("\0")]),
    ):
        with pytest.raises(PlainError, match="invalid byte sequence"):
            call()
    for set, kid in (("x" * 256, "a"), ("x", "a" * 256)):
        with pytest.raises(PlainError, match=r"character varying\(255\)$"):
            store.add(set, [key(kid)])


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_generators(version: str) -> None:
    variant = Variant(version, "memory")

    def secret(alg: str, kid: str = "") -> tuple[str, int]:
        (made,) = generate(variant, alg, kid)
        return made.kid, len(base64.urlsafe_b64decode(made.parts["k"] + "=="))

    assert kids(generate(variant, "RS256", "a")) == ["private:a", "public:a"]
    assert secret("HS256", "a")[0] == "a"
    if variant.is_0_9:
        assert kids(generate(variant, "ES521", "")) == ["private", "public"]
        kid, size = secret("HS256")
        assert kid == "shared"
        assert size >= 32  # 32 characters, some of which have two bytes
    else:
        assert kids(generate(variant, "ES512", "")) == ["private", "public"]
        assert (secret("HS256"), secret("HS512")) == (("", 16), ("", 32))
    for alg in ("ES512", "HS512") if variant.is_0_9 else ("ES521", "", "XX"):
        with pytest.raises(BadRequestError, match=f"^Generator {alg} unknown$"):
            generate(variant, alg, "a")
