"""A connector in a package of its own, installed outside the repository, is found, checked, tried and read like ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed_package import install

MODULE = '''
"""Heights of the tide, from a package of somebody else's."""
from typing import Annotated, ClassVar
import pyarrow as pa
from msgspec import Meta
from engine.connector import Connector, RowBatch, SourceFailed
from engine.parts import Part
class TideStream(Part, frozen=True):
    """A gauge (潮位站)."""
    gauge: Annotated[str, Meta(title="站", description="Name of the gauge")]
class Tide(Connector, frozen=True):
    """Heights of the tide (潮位)."""
    tag: ClassVar[str] = "tide"
    stream: ClassVar = TideStream
    seed: Annotated[int, Meta(title="种子", description="Another seed, another sea", ge=0)] = 1
    def read(self, stream, around, since=None):
        first = int(since) if since else 0
        yield RowBatch(pa.table({"gauge": [stream.gauge] * 3, "cm": [first, first + 1, first + 2]}), pa.array([1, 2, 3], pa.int64()), stream.gauge, str(first + 2))
    def check(self, around):
        if self.seed == 0:
            raise SourceFailed("没有海", "there is no sea")
'''
USED = """
from datetime import datetime
from engine.connector import Surroundings, open_connector, sample, stream_of
from engine.loading.members import connectors
tide = open_connector(connectors()["tide"], {"seed": 2}, {})
around = Surroundings(now=datetime(2026, 1, 5))
tide.check(around)
stream = stream_of(tide, {"gauge": "塘沽"})
print(sample(tide, stream, around, 2).to_pylist(), [batch.cursor for batch in tide.read(stream, around, "2")])
"""
FILES = {
    "project.yaml": "title: 小城\ndomains: [{name: sea, title: 海洋}]\n",
    "sea/tide.source.yaml": "title: 潮位\nconnector: tide\nsettings: {seed: 2}\nstreams:\n  - {name: heights, read: {gauge: 塘沽}}\n",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed a package that brings a connector."""
    return install(tmp_path_factory.mktemp("tide"), "city_tide", MODULE, "[chengmai.connectors]\ntide = city_tide:Tide\n")


def ran(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(installed)])}
    return subprocess.run([sys.executable, *arguments], env=surroundings, capture_output=True, text=True, check=False)


def checked(installed: Path, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """What `chengmai check` says of the small project."""
    for name, text in FILES.items():
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    done = ran(installed, "-c", "from portal.cli.main import main; main()", "check", "--definitions", str(folder))
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_it_is_found_and_read(installed: Path) -> None:
    done = ran(installed, "-c", USED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[{'gauge': '塘沽', 'cm': 0}, {'gauge': '塘沽', 'cm': 1}] ['4']"


def test_its_settings_and_streams_are_checked_where_they_are_written(installed: Path, tmp_path: Path) -> None:
    assert "tide.source.yaml" not in (done := checked(installed, tmp_path)).stdout + done.stderr
    done = checked(installed, tmp_path, seed="sead")
    assert "tide.source.yaml:3:12: unknown-field" in done.stdout + done.stderr
    done = checked(installed, tmp_path, gauge="gage")
    assert "tide.source.yaml:5" in done.stdout + done.stderr


def test_without_its_package_it_is_an_unknown_connector(tmp_path: Path) -> None:
    done = checked(tmp_path, tmp_path)
    assert "connector-settings" in done.stdout + done.stderr
