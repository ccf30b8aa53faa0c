"""Log lines are JSON with the trace of what they belong to, and no secret is ever among what they say."""

import logging
import re
from collections.abc import Iterable, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

import structlog

from portal.api.tracing import TRACE

HIDDEN = "***"
_NAMES = re.compile(r"passw|secret|token|api[_-]?key|authorization|cookie|credential|private_key", re.IGNORECASE)
_PATTERNS = (
    re.compile(r"(?<=://)([^/\s:@]*):[^@\s]+(?=@)"),  # of an address
    re.compile(
        r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|client_secret|access_token|signature)(\s*[=:]\s*)(['\"]?)[^\s'\"&,;)]+"
    ),
    re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"),
)
_WRITTEN = (r"\1:***", r"\1\2\3***", r"\1 ***")
LARGEST, FILES = 100_000_000, 5
SHORTEST = 4  # a secret shorter than this would hide half of every line


def hide(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without what looks like a secret, and without the given ones."""
    for secret in sorted((one for one in secrets if len(one) >= SHORTEST), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, written in zip(_PATTERNS, _WRITTEN, strict=True):
        text = pattern.sub(written, text)
    return text


def hidden(value: Any, secrets: Iterable[str]) -> Any:
    """A value of a log line without secrets, however deep it is nested."""
    if isinstance(value, str):
        return hide(value, secrets)
    if isinstance(value, dict):
        return {key: HIDDEN if _NAMES.search(str(key)) else hidden(one, secrets) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(one, secrets) for one in value]
    return value if isinstance(value, int | float | bool | None) else hide(str(value), secrets)


def log_as_json(handlers: Iterable[logging.Handler], secrets: Iterable[str] = ()) -> None:
    """Everything that `chengmai` logs from INFO on goes to the handlers, a line of JSON each; `secrets` are values that must not appear."""
    known = tuple(secrets)

    def without_secrets(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: HIDDEN if _NAMES.search(key) else hidden(value, known) for key, value in event.items()}

    def with_trace(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**event, "trace": event.get("trace") or TRACE.get()}

    shared: list[Any] = [
        structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info, with_trace,
    ]  # fmt: skip
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        without_secrets,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    logger = logging.getLogger("chengmai")
    logger.handlers, logger.propagate = list(handlers), False
    logger.setLevel(logging.INFO)
    for handler in logger.handlers:
        handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))


def handlers_of(var: Path, terminal: TextIO) -> list[logging.Handler]:
    """All lines into files below var/log that never outgrow LARGEST in all; to the terminal only what somebody should see.

    Nobody may be reading the terminal: a pipe that is full would stop the server.
    """
    (var / "log").mkdir(parents=True, exist_ok=True)
    everything = RotatingFileHandler(
        var / "log" / "chengmai.jsonl", maxBytes=LARGEST // FILES, backupCount=FILES - 1, encoding="utf-8", delay=True
    )
    told = logging.StreamHandler(terminal)
    told.setLevel(logging.WARNING)
    return [everything, told]
