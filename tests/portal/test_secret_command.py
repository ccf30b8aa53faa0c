"""Secrets are set from a pipe, listed by name only and removed; hosts come from the administrator alone."""

import io
from datetime import datetime
from pathlib import Path

import pytest

from portal import wiring
from portal.cli.main import run


@pytest.mark.postgres
def test_a_secret_is_set_listed_and_removed_and_its_value_is_never_shown(
    tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_dsn)
    monkeypatch.setenv("CHENGMAI_VAR", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert run(["secret", "set", "waste-db.password"]) == 0
    assert run(["secret", "list"]) == 0
    said = capsys.readouterr()
    assert "waste-db.password" in said.out
    assert "{secret: waste-db.password}" in said.out
    settings = wiring.read_this_process()
    with wiring.opened_state(settings) as store:
        assert wiring.with_secrets(settings, store)["secret:waste-db.password"] == "hunter2"
    assert run(["secret", "remove", "waste-db.password"]) == 0
    assert run(["secret", "remove", "waste-db.password"]) == 2
    assert run(["secret", "set"]) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(["secret", "set", "empty"]) == 2
    (tmp_path / "secret.key").chmod(0o644)
    monkeypatch.setattr("sys.stdin", io.StringIO("x"))
    assert run(["secret", "set", "a"]) == 2
    said = capsys.readouterr()
    assert "chmod 600" in said.err
    assert "hunter2" not in said.out + said.err


def test_hosts_come_from_the_environment_and_a_file_of_the_administrator_and_are_none_otherwise(tmp_path: Path) -> None:
    now = datetime(2026, 1, 5)
    assert wiring.surroundings(wiring.read_settings({}, var=tmp_path), now).hosts == frozenset()
    (tmp_path / "hosts.txt").write_text("# systems of the bureau\nwaste-db:5432  # tables\n\n10.1.0.0/16 exchange.example.cn\n")
    settings = wiring.read_settings({"CHENGMAI_HOSTS": "a.example.cn, b.example.cn"}, var=tmp_path)
    listed = frozenset({"a.example.cn", "b.example.cn", "waste-db:5432", "10.1.0.0/16", "exchange.example.cn"})
    assert wiring.surroundings(settings, now).hosts == listed
