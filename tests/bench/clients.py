"""Many clients of one server in a process of their own, so that their work is not counted as the server's."""

import asyncio
import random
import subprocess
import sys
from time import perf_counter
from typing import Any, Literal

import httpx
import msgspec
from msgspec import Struct

from portal import wiring
from tests.bench.screens import ten, twenty

JSON = {"content-type": "application/json"}
INDICATORS = (
    "waste.tons",
    "waste.first_tons",
    "waste.kitchen_tons",
    "waste.recycled_share",
    "waste.loads",
    "waste.mean_load",
    "hotline.opened",
)
SPLITS: tuple[list[str], ...] = ([], ["waste.kind"], ["waste.facility"])


class Crowd(Struct, frozen=True):
    """What a crowd does (人群)."""

    address: str
    asking: Literal["screen", "different"]  # all the same screen of forty, or each time a question nobody has asked
    clients: int
    seconds: float
    every: float  # from the beginning of one question to that of the next; 0: at once
    seed: int = 1


class Heard(Struct):
    """What came back (人群结果)."""

    milliseconds: list[float] = []
    refused: list[float] = []  # milliseconds after which a 503 came
    told_when: int = 0  # of these, how many said when to come back
    errors: list[str] = []

    def percentile(self, part: float) -> float:
        """Milliseconds within which this part of the answers came."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else float("nan")


def forty() -> bytes:
    """The screen of forty tiles as a body."""
    return msgspec.json.encode([*twenty(), *ten(), *ten()])


def one_of_many(chance: random.Random) -> bytes:
    """A question of a span, split and grain of its own, over two and a half thousand days."""
    first = f"{chance.randint(2019, 2024)}-{chance.randint(3, 12):02}-{chance.randint(1, 28):02}"
    of = chance.choice(INDICATORS)
    split = [] if of.startswith("hotline") else chance.choice(SPLITS)
    question: dict[str, Any] = {
        "indicators": [of],
        "by": split,
        "period": {"from": first},
        "grain": chance.choice(["month", "week", "quarter"]),
    }
    return msgspec.json.encode([question])


async def crowd(does: Crowd) -> Heard:
    """Every client asks, reads and waits until the time is over; the first questions are spread over one interval."""
    heard, until = Heard(), perf_counter() + does.seconds
    limits = httpx.Limits(max_connections=does.clients, max_keepalive_connections=does.clients)
    async with httpx.AsyncClient(base_url=does.address, timeout=60, limits=limits) as client:
        await asyncio.gather(*(one_client(does, client, number, until, heard) for number in range(does.clients)))
    return heard


async def one_client(does: Crowd, client: httpx.AsyncClient, number: int, until: float, heard: Heard) -> None:
    """One of the crowd."""
    chance, screen = random.Random(does.seed * 1000 + number), forty()
    await asyncio.sleep(does.every * number / does.clients)
    while (begun := perf_counter()) < until:
        rest = await ask(client, screen if does.asking == "screen" else one_of_many(chance), heard, 40 if does.asking == "screen" else 1)
        await asyncio.sleep(max(does.every - (perf_counter() - begun), rest))


async def ask(client: httpx.AsyncClient, body: bytes, heard: Heard, lines: int) -> float:
    """One batch, timed to its last byte; how many seconds the server says to wait before the next."""
    begun = perf_counter()
    try:
        answer = await client.post("/api/query", content=body, headers=JSON)
    except httpx.HTTPError as error:
        heard.errors.append(f"{type(error).__name__} {error}"[:200])
        return 1.0
    took = (perf_counter() - begun) * 1000
    if answer.status_code == 503:
        heard.refused.append(took)
        heard.told_when += "retry-after" in answer.headers
        return float(answer.headers.get("retry-after", 1))
    if answer.status_code != 200 or answer.content.count(b"\n") != lines or answer.content.count(b'"findings":[]') != lines:
        heard.errors.append(f"{answer.status_code} {answer.text[-200:]}")
    else:
        heard.milliseconds.append(took)
    return 0.0


def in_a_process(does: Crowd) -> Heard:
    """The crowd in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.clients"]
    done = subprocess.run(command, input=msgspec.json.encode(does), stdout=subprocess.PIPE, check=True, cwd=wiring.REPOSITORY)
    return msgspec.json.decode(done.stdout, type=Heard)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(crowd(msgspec.json.decode(sys.stdin.buffer.read(), type=Crowd)))))
