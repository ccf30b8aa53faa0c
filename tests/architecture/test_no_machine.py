"""The repository runs anywhere: no file names a directory of somebody's machine or a host on the network."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.code_tree import ROOT, place, written

# A package index belongs in the machine's own settings; a page that fetches from elsewhere fails in a closed network.
ALLOWED_HOSTS = (
    r"127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0",
    r"(?:[\w-]+\.)*(?:example|test|invalid|localhost)\b",
    r"(?:[\w-]+\.)*example\.(?:com|org|net|cn)\b",
    r"json-schema\.org|(?:www\.)?w3\.org",  # names of formats, never fetched
)
FOREIGN = re.compile(
    r"(?P<path>(?<![\w.~}$/-])/(?:home|root|Users|mnt|srv|opt|work)/[\w.]+)"
    rf"|(?P<host>\bhttps?://(?!(?:[^/@\s]*@)?(?:{'|'.join(ALLOWED_HOSTS)}))[\w[][\w.-]*\.[\w.-]+)"
    r"|(?P<index>\b(?:pypi|pythonhosted|npmjs|debian|crates)\.(?:org|com|io)\b|--(?:extra-)?index[-]url|--find[-]links)"
)
# npm writes down where each package asks for donations; what it may not write down is where a package was fetched from.
FUNDING = re.compile(r'^\s*(?:"url"|"funding"): "https://[^"]+",?$')
OPAQUE = {".png", ".woff2", ".ttf", ".otf", ".parquet", ".xlsx", ".xls", ".gz", ".duckdb", ".zip", ".jpg", ".ico"}


def kept_files(root: Path) -> list[Path]:
    """Files under version control, and new ones that are not ignored."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True, text=True)
    return [root / name for name in sorted(listing.stdout.split("\0")) if name and (root / name).is_file()]


def foreign_names(root: Path, files: list[Path]) -> Iterator[str]:
    """Every line that names a machine's directory, a foreign host or a package index."""
    for path in files:
        if path.suffix not in OPAQUE:
            for number, line in enumerate(path.read_bytes().decode("utf-8", errors="replace").splitlines(), 1):
                if path.name == "package-lock.json" and FUNDING.match(line):
                    continue
                if found := FOREIGN.search(line):
                    yield f"{place(root, path, number)}: {found[0]}"


def test_no_file_names_a_machine_or_a_host() -> None:
    assert list(foreign_names(ROOT, kept_files(ROOT))) == []


@pytest.mark.parametrize(
    "line",
    ["open('/" + "home/li/rows.csv')", "https://" + "cdn.somewhere.net/echarts.js", "pip --" + "index-url x", "see py" + "pi.org"],
)
def test_a_foreign_name_is_seen(tmp_path: Path, line: str) -> None:
    root = written(tmp_path, {"docs/a.md": f"fine\n{line}\n"})
    assert len(list(foreign_names(root, [root / "docs/a.md"]))) == 1


def test_a_lock_file_may_ask_for_donations_and_not_say_where_it_fetched(tmp_path: Path) -> None:
    text = '      "url": "https://' + 'opencollective.com/x"\n      "resolved": "https://' + 'registry.somewhere.net/x.tgz"\n'
    root = written(tmp_path, {"portal/web/package-lock.json": text})
    assert [line.partition(": ")[0] for line in foreign_names(root, [root / "portal/web/package-lock.json"])] == ["portal/web/package-lock.json:2"]


@pytest.mark.parametrize(
    "line",
    [
        "http://127.0.0.1:8000/api",
        "https://sso.example.com/cas",
        "http://www.w3.org/2000/svg",
        "GET /api/home/screens",
        "/usr/bin/env bash",
        "~/work/rows",
    ],
)
def test_a_local_name_is_fine(tmp_path: Path, line: str) -> None:
    root = written(tmp_path, {"docs/a.md": f"{line}\n"})
    assert list(foreign_names(root, [root / "docs/a.md"])) == []
