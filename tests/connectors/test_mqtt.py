"""Messages of a real Mosquitto become rows, and none is lost, whoever dies; what is in them is judged one by one."""

import contextlib
import json
import random
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from engine.connector import SourceFailed, sample, stream_of
from engine.warehouse import Table, TableColumn
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.connectors.brokers import Broker, broker, publish
from tests.connectors.follower import follow, kill_while_it_stores
from tests.connectors.mqtt_streams import AROUND, TOPICS, Follower, readings, rows


def test_a_message_becomes_a_row_with_the_levels_of_its_topic(shared: Broker) -> None:
    follower = Follower(shared.port, "levels")
    follower.join()
    publish(shared.port, [("sensors/东城/s1/reading", b'{"value": 3.5, "at": {"lon": 116.4}}'), ("sensors/other", b"{}")])
    [row] = rows(follower.take(1))
    assert {name: row[name] for name in row if name != "mqtt_id"} == {
        "value": 3.5, "at.lon": 116.4, "district": "东城", "mqtt_topic": "sensors/东城/s1/reading",
    }  # fmt: skip


def test_an_array_is_several_rows_each_with_its_own_id_and_a_text_line_has_named_cells(shared: Broker) -> None:
    several, lines = Follower(shared.port, "several", message={"rows_at": "list"}), Follower(
        shared.port, "lines", message={"format": "csv", "columns": ["id", "value"], "delimiter": ";"}
    )  # fmt: skip
    several.join()
    publish(shared.port, [("sensors/a/b/reading", b'{"list": [{"n": 1}, 7, {"n": 2}]}')])
    [batch] = several.take(3)
    assert [row["n"] for row in rows([batch])] == [1, 2]
    assert len({row["mqtt_id"] for row in rows([batch])}) == 2
    assert [(one.number, one.reason_en) for one in batch.refused] == [(2, "it is not a JSON object")]
    lines.join()
    publish(shared.port, [("sensors/a/b/reading", b'1;"2;5"\n3\n4;6\n')])
    [batch] = lines.take(3)
    assert [(row["id"], row["value"]) for row in rows([batch])] == [("1", "2;5"), ("4", "6")]
    assert [one.reason_zh for one in batch.refused] == ["列数不是 2"]


def test_what_was_not_stored_comes_again_as_the_same_row_and_what_was_does_not(shared: Broker) -> None:
    follower = Follower(shared.port, "again")
    follower.join()
    publish(shared.port, readings(range(300)))
    first = rows(follower.take(300, is_stored=False))
    second = rows(follower.take(300))
    assert {row["mqtt_id"] for row in first} == {row["mqtt_id"] for row in second} and len(second) == 300
    publish(shared.port, readings(range(300, 301)))
    assert [row["n"] for row in rows(follower.take(1))] == [300]


def test_a_sample_shows_what_the_broker_retains_and_takes_nothing_away(shared: Broker) -> None:
    follower = Follower(shared.port, "sampled", topics=("retained/{district}",))
    follower.join()
    publish(shared.port, [("retained/a", b'{"n": 1}')], retain=True)
    assert sample(follower.connector, follower.stream, AROUND, 5).column("n").to_pylist() == [1]
    assert [row["n"] for row in rows(follower.take(1))] == [1]
    assert sample(follower.connector, stream_of(follower.connector, {"topics": ["no/such"], "client": "y"}), AROUND, 5).num_rows == 0


def test_what_waits_in_memory_is_bounded_and_the_rest_waits_with_the_broker(shared: Broker) -> None:
    follower = Follower(shared.port, "bounded", most_bytes=1_000_000, message={"largest": 2_000_000})
    follower.join()
    publish(shared.port, [("sensors/a/b/reading", json.dumps({"n": n, "text": "x" * 500_000}).encode()) for n in range(120)])
    batches, stop = follower.connector.follow(follower.stream, AROUND, None, stop := threading.Event()), stop
    first = next(batches)
    before = resident()
    time.sleep(1.5)  # the warehouse is slow; 60 MB could come meanwhile
    assert resident() - before < 20_000_000
    got = list(range(first.rows.num_rows))
    follower.connector.stored(first)
    for batch in batches:
        assert batch.rows.nbytes < 4_000_000
        got += batch.rows.column("n").to_pylist()
        follower.connector.stored(batch)
        if len(got) == 120:
            stop.set()
    assert sorted(got) == list(range(120))


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_broker_that_is_killed_and_comes_back_has_lost_nothing_that_it_had_saved(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as started:
        follower = Follower(started.port, "killed", batch=50)
        follower.join()
        publish(started.port, readings(range(400)))
        started.save()
        stop, seen, kills = threading.Event(), set[int](), [100, 250]
        for batch in follower.connector.follow(follower.stream, AROUND, None, stop):
            if kills and len(seen) >= kills[0]:
                kills.pop(0)
                started.kill()
                started.start()
            seen |= set(batch.rows.column("n").to_pylist())
            follower.connector.stored(batch)
            if len(seen) == 400:
                stop.set()
        assert seen == set(range(400)) and not kills


def test_a_broker_that_stays_away_is_said_after_our_patience(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as started:
        follower = Follower(started.port, "left", patience=1)
        follower.join()
        publish(started.port, readings(range(1)))
        batches = follower.connector.follow(follower.stream, AROUND, None, threading.Event())
        next(batches)
        started.kill()
        with pytest.raises(SourceFailed, match="cannot be reached"):
            next(batches)


DEFINITIONS = {
    "project.yaml": "title: 传感\nzone: Asia/Shanghai\n",
    "city/readings.dataset.yaml": (
        "title: 读数\none_row_is: 一次读数\nkey: [n]\nfrom: sensors/readings\nregion: public\n"
        "times: [{name: at, column: at, default: true}]\ncolumns:\n  - {name: n, title: 序号, type: integer}\n"
        "  - {name: at, title: 时间, type: timestamp}\n  - {name: district, title: 区, type: text}\n  - {name: value, title: 值, type: float}\n"
    ),
}  # fmt: skip
READINGS = Table("city", "readings", (TableColumn("n", "integer"),))


def definitions(folder: Path, port: int) -> Path:
    source = {
        "title": "传感器", "connector": "mqtt", "settings": {"host": "127.0.0.1", "port": port, "linger": 20, "batch": 20},
        "streams": [{"name": "readings", "read": {"topics": list(TOPICS), "client": "city"}, "identity": ["n"]}],
    }  # fmt: skip
    for path, text in {**DEFINITIONS, "sensors.source.yaml": json.dumps(source)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def timed_readings(numbers: range) -> list[tuple[str, bytes]]:
    return [
        (
            f"sensors/d{n % 16}/s/reading",
            json.dumps({"n": n, "at": f"2026-01-05 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}", "value": n / 3}).encode(),
        )
        for n in numbers
    ]


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.chaos)])
def test_a_follower_that_is_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    chance = random.Random(seed := random.randrange(10**6))
    each, file = 400, tmp_path / "house.duckdb"
    with broker(tmp_path / "broker") as started:
        Follower(started.port, "city").join()
        folder = definitions(tmp_path / "definitions", started.port)
        for round_ in range(kills):
            publish(started.port, timed_readings(range(round_ * each, (round_ + 1) * each)))
            kill_while_it_stores(folder, "city.readings", file, chance.uniform(0, 0.6))
        publish(started.port, timed_readings(range(kills * each, kills * each + 1)))
        warehouse = DuckDbWarehouse(str(file), memory_limit="500MB")
        stop = threading.Event()
        threading.Timer(5, stop.set).start()
        follow(folder, "city.readings", warehouse, stop)
        state = warehouse.state(READINGS)
        warehouse.close()
        assert state is not None and state.rows == kills * each + 1, f"seed {seed}"


def test_user_and_password_are_asked_for_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("city:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    with broker(tmp_path / "broker", ["allow_anonymous false", f"password_file {passwords}"]) as started:
        follower = Follower(started.port, "city", user="city", password="secret")
        follower.connector.check(AROUND)
        follower.join()
        publish(started.port, readings(range(3)), user="city", password="secret")
        assert len(rows(follower.take(3))) == 3
        for user, password in (("city", "wrong"), (None, None)):
            with pytest.raises(SourceFailed, match="Not authorized") as failure:
                Follower(started.port, "city", user=user, password=password).join()
            assert "secret" not in str(failure.value)


def certificate(name: str, folder: Path) -> str:
    """A self-signed certificate of a host with its key in the folder; its PEM text."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    text = made.public_bytes(Encoding.PEM)
    (folder / f"{name}.pem").write_bytes(text)
    return text.decode()


def test_with_tls_only_a_broker_that_shows_the_right_certificate_is_spoken_to(tmp_path: Path) -> None:
    good, other = certificate("localhost", tmp_path), certificate("elsewhere", tmp_path)
    lines = ["allow_anonymous true", f"certfile {tmp_path}/localhost.pem", f"keyfile {tmp_path}/localhost.key"]
    with broker(tmp_path / "broker", lines) as started:
        follower = Follower(started.port, "city", host="localhost", tls=True, ca=good)
        follower.connector.check(AROUND)
        for host, ca in (("localhost", other), ("127.0.0.1", good), ("localhost", None)):
            with pytest.raises(SourceFailed, match="certificate verify failed"):
                Follower(started.port, "city", host=host, tls=True, ca=ca).connector.check(AROUND)
        with pytest.raises(SourceFailed, match="the certificate in `ca` cannot be read"):
            Follower(started.port, "city", tls=True, ca="nonsense").connector.check(AROUND)


def test_two_programs_with_one_client_id_do_not_push_each_other_out_for_ever(shared: Broker) -> None:
    follower = Follower(shared.port, "twice")
    follower.join()
    publish(shared.port, readings(range(1)))
    stop, other = threading.Event(), Follower(shared.port, "twice")
    rival = threading.Thread(target=lambda: endured(other, stop))
    rival.start()
    with pytest.raises(SourceFailed, match="client id 'twice' too"):
        for _ in follower.connector.follow(follower.stream, AROUND, None, stop):
            pass
    stop.set()
    rival.join()


def endured(follower: Follower, stop: threading.Event) -> None:
    """Comes back however often it is pushed out."""
    while not stop.is_set():
        with contextlib.suppress(SourceFailed):
            for _ in follower.connector.follow(follower.stream, AROUND, None, stop):
                pass


def test_hosts_that_are_not_allowed_and_brokers_that_are_not_there_are_said(shared: Broker) -> None:
    with pytest.raises(SourceFailed, match="not on the list"):
        Follower(shared.port, "x", host="10.0.0.1").connector.check(AROUND)
    with pytest.raises(SourceFailed, match="cannot be reached"):
        Follower(1, "x").connector.check(AROUND)
