"""Secrets lie sealed in the state store, open only with the key, and are shown to nobody but the connector that is opened with them."""

import base64
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.rest import Rest
from engine.connector import SourceFailed, open_connector
from engine.state.migrate import migrate
from engine.state.secrets import (
    KeyIsWrong,
    SecretIsWrong,
    SecretsToo,
    key_in,
    key_of,
    known_secrets,
    read_secret,
    remove_secret,
    set_secret,
)  # fmt: skip
from engine.state.store import Store, open_store

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


@pytest.mark.postgres
def test_a_secret_is_read_back_with_its_key_and_lies_sealed_in_the_store(store: Store) -> None:
    set_secret(store, KEY, "waste-db.password", "口令 hunter2", NOW, "li")
    assert read_secret(store, KEY, "waste-db.password") == "口令 hunter2"
    [(sealed,)] = store.rows("SELECT sealed FROM secrets")
    assert b"hunter2" not in bytes(sealed)
    assert [(one.name, one.set_at, one.set_by) for one in known_secrets(store)] == [("waste-db.password", NOW, "li")]


@pytest.mark.postgres
def test_the_same_value_is_sealed_differently_each_time_and_a_new_one_replaces_the_old(store: Store) -> None:
    seals = set()
    for value in ("one", "one", "two"):
        set_secret(store, KEY, "a", value, NOW, "li")
        seals.add(bytes(store.rows("SELECT sealed FROM secrets")[0][0]))
    assert len(seals) == 3
    assert read_secret(store, KEY, "a") == "two"
    assert remove_secret(store, "a")
    assert not remove_secret(store, "a")
    assert read_secret(store, KEY, "a") is None


@pytest.mark.postgres
def test_another_key_no_key_a_changed_seal_and_a_seal_under_another_name_open_nothing(store: Store) -> None:
    set_secret(store, KEY, "a", "one", NOW, "li")
    set_secret(store, KEY, "b", "two", NOW, "li")
    for key in (OTHER, None):
        with pytest.raises(KeyIsWrong, match="「a」"):
            read_secret(store, key, "a")
    store.run("UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'b') WHERE name = 'a'")
    with pytest.raises(KeyIsWrong, match="被改动过"):
        read_secret(store, KEY, "a")
    store.run("UPDATE secrets SET sealed = 'x' WHERE name = 'b'")
    with pytest.raises(KeyIsWrong):
        read_secret(store, KEY, "b")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "value"), [("A", "x"), ("", "x"), ("a b", "x"), ("../a", "x"), ("a", ""), ("a", "x" * 65_537), ("a", "x\0")]
)
def test_what_can_be_no_secret_is_refused(store: Store, name: str, value: str) -> None:
    with pytest.raises(SecretIsWrong):
        set_secret(store, KEY, name, value, NOW, "li")
    assert known_secrets(store) == []


@pytest.mark.postgres
def test_a_connector_is_opened_with_its_secret_and_a_missing_one_is_named_with_the_remedy(store: Store) -> None:
    set_secret(store, KEY, "waste.key", "k1", NOW, "li")
    both = SecretsToo({"PLAIN": "x"}, store, lambda: KEY)
    settings = {"url": "http://waste.example.cn", "headers": {"X-Api-Key": {"secret": "waste.key"}, "X-Who": {"env": "PLAIN"}}}
    rest = open_connector(Rest, settings, both)
    assert isinstance(rest, Rest) and rest.headers == {"X-Api-Key": "k1", "X-Who": "x"}
    set_secret(store, KEY, "waste.key", "k2", NOW, "li")
    again = open_connector(Rest, settings, both)
    assert isinstance(again, Rest) and again.headers["X-Api-Key"] == "k2"
    assert (list(both), len(both)) == (["PLAIN"], 1)
    with pytest.raises(SourceFailed, match="`chengmai secret set other`"):
        open_connector(Rest, {**settings, "headers": {"X-Api-Key": {"secret": "other"}}}, both)
    with pytest.raises(SourceFailed, match="its key is another"):
        open_connector(Rest, settings, SecretsToo({}, store, lambda: OTHER))
    with pytest.raises(SourceFailed, match="no variable secret:waste"):
        open_connector(Rest, {**settings, "headers": {"X-Api-Key": {"env": "secret:waste"}}}, both)


def test_the_key_file_is_made_once_for_its_owner_only_and_refused_when_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret.key"
    assert key_in(path) is None
    made = key_in(path, lambda count: KEY[:count], make=True)
    assert made == KEY == key_in(path, make=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyIsWrong, match="chmod 600"):
        key_in(path)


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper() + "\n", base64.b64encode(KEY).decode()])
def test_a_key_is_written_in_hexadecimal_or_base64(text: str) -> None:
    assert key_of(text) == KEY


@pytest.mark.parametrize("text", ["", "password", KEY.hex()[:-1], base64.b64encode(KEY[:-1]).decode(), "钥匙" * 16])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(KeyIsWrong, match="32 字节"):
        key_of(text)
