"""Secrets that definitions name as {secret: name}: sealed in the state store by a key that lies elsewhere, and never shown again."""

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from engine.connector import SECRET_PREFIX, SourceFailed
from engine.state.store import Store

KEY_BYTES, _NONCE = 32, 12
LARGEST = 65_536  # bytes of a secret: a private key with room to spare
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,99}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyIsWrong(Exception):
    """The key is no key, lies open to others, or is not the one that a secret was sealed with; the message is for the operator."""


class SecretIsWrong(Exception):
    """A name or a value that no secret can have; the message is for the operator."""


class KnownSecret(Struct, frozen=True):
    """That a secret is there, since when and by whom (密钥条目); never what it is."""

    name: str
    set_at: datetime
    set_by: str


def key_of(text: str) -> bytes:
    """The key as CHENGMAI_KEY says it: 32 bytes in hexadecimal or base64. Raises KeyIsWrong."""
    plain = text.strip()
    try:
        key = bytes.fromhex(plain) if re.fullmatch(r"[0-9a-fA-F]{64}", plain) else base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyIsWrong("密钥应是 32 字节，写成 64 位十六进制或 base64；`openssl rand -hex 32` 可生成一个")
    return key


def key_in(path: Path, random: Callable[[int], bytes] = os.urandom, *, make: bool = False) -> bytes | None:
    """The key in a file that only its owner may read; None when there is none and none is to be made. Raises KeyIsWrong."""
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return key_in(path, random)
        with os.fdopen(handle, "w") as file:
            file.write(random(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    if not path.exists():
        return None
    if path.stat().st_mode & _OTHERS:
        raise KeyIsWrong(f"密钥文件 {path} 别人也能读\n    chmod 600 {path}")
    return key_of(path.read_text(encoding="ascii", errors="replace"))


def set_secret(
    store: Store, key: bytes, name: str, value: str, now: datetime, by: str, random: Callable[[int], bytes] = os.urandom
) -> None:
    """Seal a secret and store it in the place of what was there. Raises SecretIsWrong."""
    if _NAME.fullmatch(name) is None:
        raise SecretIsWrong("名称只能用小写字母、数字、点、横线和下划线，以字母开头：waste-db.password")
    if not value or len(value.encode()) > LARGEST or "\0" in value:
        raise SecretIsWrong(f"值不能为空，不能超过 {LARGEST:,} 字节，不能有空字符")
    nonce = random(_NONCE)
    # The name is sealed along: whoever can write to the store must not be able to give one secret in the place of another.
    values = {
        "name": name,
        "sealed": nonce + AESGCM(key).encrypt(nonce, value.encode(), name.encode()),
        "at": now.astimezone(UTC),
        "by": by,
    }
    changed = store.run("UPDATE secrets SET sealed = %(sealed)s, set_at = %(at)s, set_by = %(by)s WHERE name = %(name)s", values)
    if not changed:
        try:
            store.run("INSERT INTO secrets (name, sealed, set_at, set_by) VALUES (%(name)s, %(sealed)s, %(at)s, %(by)s)", values)
        except psycopg.errors.UniqueViolation:  # another process set it first: the later value counts
            store.run("UPDATE secrets SET sealed = %(sealed)s, set_at = %(at)s, set_by = %(by)s WHERE name = %(name)s", values)


def remove_secret(store: Store, name: str) -> bool:
    """Forget a secret; False when there was none."""
    return store.run("DELETE FROM secrets WHERE name = %(name)s", {"name": name}) == 1


def known_secrets(store: Store) -> list[KnownSecret]:
    """What secrets there are, by name."""
    return [KnownSecret(*row) for row in store.rows("SELECT name, set_at, set_by FROM secrets ORDER BY name")]


def read_secret(store: Store, key: bytes | None, name: str) -> str | None:
    """The value; None when there is no such secret. Raises KeyIsWrong when it was sealed with another key, or changed since."""
    rows = store.rows("SELECT sealed FROM secrets WHERE name = %(name)s", {"name": name})
    if not rows:
        return None
    if key is None:
        raise KeyIsWrong(f"密钥「{name}」封存着，而这里没有打开它的钥匙（CHENGMAI_KEY 或 var/secret.key）")
    sealed = bytes(rows[0][0])
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode()).decode()
    except (InvalidTag, ValueError):
        raise KeyIsWrong(f"密钥「{name}」打不开：是用另一把钥匙封存的，或被改动过\n    用 chengmai secret set {name} 重新设置") from None


class SecretsToo(Mapping[str, str]):
    """The environment, in which `secret:name` stands for a stored secret (环境与密钥): read when it is asked for, so that a new value counts at once."""

    def __init__(self, environment: Mapping[str, str], store: Store, key: Callable[[], bytes | None]) -> None:
        self._environment, self._store, self._key = environment, store, key

    def __getitem__(self, name: str) -> str:
        if not name.startswith(SECRET_PREFIX):
            return self._environment[name]
        try:
            value = read_secret(self._store, self._key(), name.removeprefix(SECRET_PREFIX))
        except KeyIsWrong as error:
            raise SourceFailed(
                str(error).split("\n")[0], f"the secret '{name.removeprefix(SECRET_PREFIX)}' cannot be opened: its key is another"
            ) from error
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name.startswith(SECRET_PREFIX):
            try:
                self[name]
            except KeyError:
                return False
            return True
        return name in self._environment

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)  # secrets are not listed: whoever goes through all of it has no business with them

    def __len__(self) -> int:
        return len(self._environment)
