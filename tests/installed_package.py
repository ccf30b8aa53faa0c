"""Installs a small package of somebody else's outside the repository, as pip does it, so that its entry points are found."""

import subprocess
import sys
import zipfile
from pathlib import Path

_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def install(folder: Path, module: str, text: str, entry_points: str) -> Path:
    """A folder for PYTHONPATH into which pip has installed a wheel of one module; no network and no build tool is needed."""
    wheel, target = folder / f"{module}-1.0-py3-none-any.whl", folder / "site"
    written = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{module}.py", text)
        archive.writestr(f"{written}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        archive.writestr(f"{written}/WHEEL", _WHEEL)
        archive.writestr(f"{written}/entry_points.txt", entry_points)
        archive.writestr(f"{written}/RECORD", "")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return target
