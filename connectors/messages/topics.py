"""A topic says where a message comes from, so its levels become columns: `sensors/{district}/+/reading`."""

import re
from collections.abc import Callable, Sequence

_NAME = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_KNOWN_AT_ONCE = 10_000


def why_no_topic(topic: str) -> str | None:
    """What is wrong with a topic, or None."""
    levels = topic.split("/")
    if not topic or "\0" in topic or len(topic.encode("utf-8", "surrogatepass")) > 60_000:
        return "a topic is a text of 1 to 60,000 bytes"
    for place, level in enumerate(levels):
        if level == "#" and place == len(levels) - 1:
            continue
        if level == "+" or _NAME.fullmatch(level) or not set(level) & set("+#{}"):
            continue
        return f"'{level}' is no level of a topic: a text, +, {{name}}, or # as the last"
    names = _NAME.findall(topic)
    return f"'{topic}' names a level twice" if len(names) != len(set(names)) else None


def filter_of(topic: str) -> str:
    """The topic as a broker wants it: a captured level is a +."""
    return "/".join("+" if _NAME.fullmatch(level) else level for level in topic.split("/"))


def levels_by(topics: Sequence[str]) -> Callable[[str], dict[str, str] | None]:
    """Tells the captured levels of a message's topic by the first of the topics that fits it; None when none does."""
    patterns = [re.compile(_pattern(topic), re.DOTALL) for topic in topics]
    known: dict[str, dict[str, str] | None] = {}

    def levels(topic: str) -> dict[str, str] | None:
        if topic not in known:
            if len(known) >= _KNOWN_AT_ONCE:
                known.clear()
            known[topic] = next((found.groupdict() for pattern in patterns if (found := pattern.fullmatch(topic))), None)
        return known[topic]

    return levels


def _pattern(topic: str) -> str:
    steps = []
    for place, level in enumerate(topic.split("/")):
        if level == "#":  # stands for the level above too
            steps.append("(?:/.*)?" if place else ".*")
            continue
        name = _NAME.fullmatch(level)
        step = f"(?P<{name[1]}>[^/]*)" if name else "[^/]*" if level == "+" else re.escape(level)
        steps.append(f"/{step}" if place else step)
    return "".join(steps)
