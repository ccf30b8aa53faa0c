"""The server as a process: it says what it does, is ready soon, and goes quietly."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.warehouses.duckdb import DuckDbWarehouse
from tests.portal.small_city import fill, read_catalog, write_definitions

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serve")]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int, **environment_too: str) -> Iterator[subprocess.Popen[str]]:
    """`chengmai serve` below a folder."""
    command = [sys.executable, "-c", "from portal.cli.main import main; main()", "serve", "--port", str(port)]
    places = ["--definitions", str(folder / "definitions"), "--var", str(folder / "var")]
    # A proxy that is not there: whoever reaches for the network fails.
    environment = {
        **os.environ,
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "COLUMNS": "200",
        **environment_too,
    }
    process = subprocess.Popen(
        [*command, *places], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def get(port: int, address: str) -> tuple[int, str]:
    """Status and body of an address."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", address, headers={"accept": "text/html"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def said_until(process: subprocess.Popen[str], word: str) -> str:
    """What a process says until a line has the word, or all it says."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            break
    return said


def asked_beside(folder: Path) -> str:
    """What `chengmai query` says in another terminal while the server holds the data file."""
    places = ["--definitions", str(folder / "definitions"), "--var", str(folder / "var")]
    command = [sys.executable, "-c", "from portal.cli.main import main; main()", "query", "waste.tons", *places]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_server_tells_that_it_is_ready_within_fifteen_seconds_answers_and_goes_at_ctrl_c(tmp_path: Path) -> None:
    write_definitions(tmp_path / "definitions")
    port, begun = free_port(), time.monotonic()
    with serving(tmp_path, port) as process:
        said = said_until(process, "就绪")
        assert f"http://127.0.0.1:{port}" in said
        assert time.monotonic() - begun < 15
        assert get(port, "/healthz")[0] == 200
        assert "清运量" in get(port, "/?plain=1")[1]
        assert "清运量（t）" in asked_beside(tmp_path)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_a_server_whose_command_is_killed_lets_go_of_port_and_data(tmp_path: Path) -> None:
    write_definitions(tmp_path / "definitions")
    port = free_port()
    with serving(tmp_path, port) as process:
        assert "就绪" in said_until(process, "就绪")
        process.kill()
    with serving(tmp_path, port) as again:
        assert "就绪" in said_until(again, "就绪")


def test_a_port_in_use_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    write_definitions(tmp_path / "definitions")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with serving(tmp_path, port) as process:
            said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"端口 {port} 已被占用" in said
    assert not (tmp_path / "var").exists()


def var_of(folder: Path) -> Path:
    """The data folder, there already."""
    (folder / "var").mkdir()
    return folder / "var"


def ask(port: int) -> tuple[str, float | None]:
    """By which definitions the tons were answered, and how many they are."""
    body = json.dumps([{"indicators": ["waste.tons"]}])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/api/query", body, {"content-type": "application/json"})
        line = json.loads(connection.getresponse().read())
    return line["definition_version"], line["rows"]["columns"]["waste.tons"][0]


def served_until(port: int, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What /api/definitions says once it is so."""
    until = time.monotonic() + 20
    while True:
        told: dict[str, Any] = json.loads(get(port, "/api/definitions")[1])
        if is_so(told):
            return told
        assert time.monotonic() < until, told
        time.sleep(0.1)


def test_a_running_server_takes_over_changed_definitions_and_keeps_the_old_ones_while_the_new_are_wrong(tmp_path: Path) -> None:
    folder = write_definitions(tmp_path / "definitions")
    catalog, warehouse = read_catalog(folder), DuckDbWarehouse(str(var_of(tmp_path) / "warehouse.duckdb"))
    fill(catalog, warehouse)
    warehouse.close()
    file = folder / "waste/tons.indicator.yaml"
    right, port = file.read_text(encoding="utf-8"), free_port()
    with serving(tmp_path, port) as process:
        assert "就绪" in said_until(process, "就绪")
        seen, is_over = set(), threading.Event()

        def keep_asking() -> None:
            while not is_over.is_set():
                seen.add(ask(port))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        first = json.loads(get(port, "/api/definitions")[1])["definition_version"]
        file.write_text(right.replace("agg: sum", "agg: max"), encoding="utf-8")
        second = served_until(port, lambda told: told["definition_version"] != first)["definition_version"]
        assert ask(port) == (second, 33)
        file.write_text("title: 清运量\n", encoding="utf-8")
        wrong = served_until(port, lambda told: not told["is_newest"])
        assert ask(port) == (second, 33)
        assert "missing-field" in {one["code"] for one in wrong["findings"]}
        assert "上一次正确的定义" in get(port, "/?plain=1")[1]
        file.write_text(right, encoding="utf-8")
        served_until(port, lambda told: told["definition_version"] == first and told["is_newest"])
        assert ask(port) == (first, 264)
        is_over.set()
        asking.join()
    assert seen == {(first, 264), (second, 33)}  # no answer mixes the two


def test_wrong_definitions_are_told_and_nothing_is_served(tmp_path: Path) -> None:
    folder = write_definitions(tmp_path / "definitions")
    (folder / "waste/tons.indicator.yaml").write_text("title: 清运量\n", encoding="utf-8")
    with serving(tmp_path, free_port()) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "missing-field" in said
    assert "就绪" not in said
