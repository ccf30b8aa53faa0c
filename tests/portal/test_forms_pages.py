"""Forms over HTTP: template out, file in, confirmed, reviewed, counted; and what other sites' pages can't do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from engine.loading.catalog import Catalog
from engine.running.definitions import load_checked
from engine.state.migrate import migrate
from engine.state.store import open_store
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.definition_version import definition_version
from portal.api.form_desk import desk_over
from portal.api.titles import Titles
from portal.api.world import World
from portal.app import create_app
from portal.wiring import create_tables
from tests.engine.running.form_city import GOOD, NOW, filled_file
from tests.engine.running.test_pictures import HERE, photo
from tests.portal.form_texts import write_form_city

pytestmark = pytest.mark.postgres
Client = TestClient[Any]
PAGE = {"accept": "text/html"}
FORM = "/forms/snow.reports"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    checked = load_checked(write_form_city(tmp_path_factory.mktemp("forms")))
    assert [finding.text("en") for finding in checked.findings] == []
    return checked.catalog


@pytest.fixture
def client(catalog: Catalog, postgres_dsn: str, tmp_path: Path) -> Iterator[Client]:
    warehouse, store = DuckDbWarehouse(memory_limit="1GB"), open_store(postgres_dsn)
    migrate(store)
    create_tables(catalog, warehouse)
    (tmp_path / "files").mkdir()
    desk = desk_over(catalog, warehouse, store, lambda: NOW, tmp_path)
    world = World(
        catalog,
        warehouse,
        lambda: NOW,
        definition_version(catalog),
        tmp_path,
        Titles(catalog, warehouse),
        is_demo=False,
        desk=desk,
        store=store,
    )
    with TestClient(create_app(world), base_url="http://127.0.0.1:8000") as client:
        yield client
    store.close()


def file_of(client: Client, catalog: Catalog, *rows: dict[str, Any]) -> dict[str, Any]:
    world = DuckDbWarehouse()
    content = filled_file(catalog, world, *rows)
    world.close()
    return {"file": ("一月.xlsx", content, "application/octet-stream")}


def uploaded(client: Client, catalog: Catalog, *rows: dict[str, Any], **more: Any) -> str:
    """Address of the entry that an upload has become."""
    answer = client.post(f"{FORM}/upload", files={**file_of(client, catalog, *rows), **more}, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return str(answer.url.path)


def number(client: Client) -> float | None:
    """What the indicator says of the fifth."""
    question = {"indicators": ["snow.salt"], "period": {"from": "2026-01-05", "to": "2026-01-06"}}
    line = client.post("/api/query", json=[question]).text
    found = re.search(r'"snow\.salt":\[([^\]]*)\]|"value":\[([^\]]*)\]', line)
    assert found is not None, line
    said = (found[1] or found[2]).strip('"')
    return None if said in ("", "null") else float(said)


def test_every_form_is_listed_and_says_what_to_fill_in(client: Client) -> None:
    assert f'href="{FORM}"' in client.get("/forms", headers=PAGE).text
    page = client.get(FORM, headers=PAGE).text
    assert "融雪剂用量（t）" in page
    assert "不小于 0、不大于 500" in page
    template = client.get(f"{FORM}/template.xlsx")
    assert template.content.startswith(b"PK")
    assert template.headers["content-disposition"] == 'attachment; filename="snow.reports.xlsx"'


def test_a_file_is_uploaded_confirmed_reviewed_and_counted(client: Client, catalog: Catalog) -> None:
    entry = uploaded(client, catalog, GOOD, {**GOOD, "区": "朝阳区", "融雪剂用量": 7.5})
    assert "将新增 2 行、替换 0 行" in client.get(entry, headers=PAGE).text
    assert number(client) is None
    assert "待复核" in client.post(f"{entry}/confirm", headers=PAGE).text
    assert number(client) is None
    assert "已入库" in client.post(f"{entry}/accept", headers=PAGE).text
    assert number(client) == 20
    assert "已入库" in client.post(f"{entry}/accept", headers=PAGE).text
    assert number(client) == 20


def test_wrong_cells_are_listed_and_the_marked_file_is_handed_out(client: Client, catalog: Catalog) -> None:
    entry = uploaded(client, catalog, {**GOOD, "区": "西域", "出动人数": 1.5, "融雪剂用量": 900})
    page = client.get(entry, headers=PAGE).text
    assert re.findall(r"<td><code>(\w+)</code></td>", page) == ["A2", "C2", "D2"]
    assert "确认提交" not in page
    assert client.get(f"{entry}/annotated.xlsx").content.startswith(b"PK")
    assert client.post(f"{entry}/confirm", headers=PAGE).status_code == 409


def test_an_entry_is_sent_back_with_its_reason(client: Client, catalog: Catalog) -> None:
    entry = uploaded(client, catalog, GOOD)
    client.post(f"{entry}/confirm", headers=PAGE)
    assert client.post(f"{entry}/return", data={"reason": " "}, headers=PAGE).status_code == 409
    assert "退回原因：<b>与台账不符" not in client.post(f"{entry}/return", data={"reason": "<b>与台账不符"}, headers=PAGE).text
    assert "退回原因：&lt;b&gt;与台账不符" in client.get(entry, headers=PAGE).text
    assert number(client) is None


def test_one_row_with_a_photo_is_written_on_the_page_and_corrected(client: Client) -> None:
    said = {"district": "110101", "day": "2026-01-05", "salt": "９", "done": "90", "state": "clear"}
    again = client.post(f"{FORM}/write", data={**said, "salt": "900"}, headers=PAGE)
    assert again.status_code == 422
    assert "900 超出范围" in again.text
    assert 'value="2026-01-05"' in again.text
    files = {"photo": ("现场.jpg", photo(gps=HERE), "text/html")}
    entry = client.post(f"{FORM}/write", data=said, files=files, headers=PAGE)
    assert entry.status_code == 200
    client.post(f"{entry.url.path}/confirm", headers=PAGE)
    done = client.post(f"{entry.url.path}/accept", headers=PAGE).text
    hash = re.search(r'href="/files/([0-9a-f]{64})"', done)
    assert hash is not None
    assert "116.39080, 39.90420" in done
    assert client.get(f"/files/{hash[1]}").headers["content-type"] == "image/jpeg"
    assert b"Exif" not in client.get(f"/files/{hash[1]}/small").content
    assert client.get("/files/" + "0" * 64, headers=PAGE).status_code == 404
    assert number(client) == 9
    key = re.search(r'href="(/forms/snow.reports/history\?key=[^"]*)"', client.get(FORM, headers=PAGE).text)
    assert key is not None
    history = client.get(key[1].replace("&amp;", "&"), headers=PAGE).text
    change = re.search(r'href="(/forms/snow.reports/write\?key=[^"]*)"', history)
    assert change is not None
    form = client.get(change[1], headers=PAGE).text
    assert f'name="photo:kept" value="{hash[1]}"' in form
    entry = client.post(f"{FORM}/write", data={**said, "salt": "11", "photo:kept": hash[1]}, files={"photo": ("", b"")}, headers=PAGE)
    assert "将新增 0 行、替换 1 行" in entry.text
    client.post(f"{entry.url.path}/confirm", headers=PAGE)
    client.post(f"{entry.url.path}/accept", headers=PAGE)
    assert number(client) == 11
    assert '<del class="before">9</del>' in client.get(key[1], headers=PAGE).text


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_another_sites_form_does_nothing(client: Client, catalog: Catalog, headers: dict[str, str]) -> None:
    entry = uploaded(client, catalog, GOOD)
    client.post(f"{entry}/confirm", headers=PAGE)
    assert client.post(f"{entry}/accept", headers=headers).status_code == 403
    assert client.post(f"{FORM}/upload", files=file_of(client, catalog, GOOD), headers=headers).status_code == 403
    assert number(client) is None


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04half", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_a_file_that_is_no_workbook_is_told_on_the_page(client: Client, content: bytes) -> None:
    answer = client.post(f"{FORM}/upload", files={"file": ("x.xlsx", content, "x")}, headers=PAGE)
    assert answer.status_code == 422
    assert "没有上传成功：" in answer.text


@pytest.mark.parametrize("address", ["/forms/no.such", "/forms/entries/none", f"{FORM}/history?key=x", "/forms/no.such/template.xlsx"])
def test_what_is_not_there_is_a_page_that_says_so(client: Client, address: str) -> None:
    assert client.get(address, headers=PAGE).status_code == 404
