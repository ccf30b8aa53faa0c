"""The peers live in an environment of their own: what they need is not what we need."""

import subprocess
import sys
from pathlib import Path

from portal import wiring

PINNED = Path(__file__).parents[1] / "peers.txt"
FOLDER = wiring.REPOSITORY / "var" / "peers"


def interpreter() -> Path:
    """The Python that has the peers, installed when the pinned versions are not there yet."""
    python, stamp = FOLDER / "venv" / "bin" / "python", FOLDER / "installed.txt"
    pinned = PINNED.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != pinned:
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER / "venv")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(PINNED)], check=True)
        stamp.write_text(pinned, encoding="utf-8")
    return python


def version_of(name: str) -> str:
    """The pinned version of a package."""
    return next(line.partition("==")[2] for line in PINNED.read_text(encoding="utf-8").splitlines() if line.startswith(f"{name}=="))
