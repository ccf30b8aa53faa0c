"""A project is read whole: one finding of shape for a file, all files at once, and a changed file alone the next time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.findings import in_order
from engine.loading.project import load, load_texts, reload, reload_file
from engine.running.definitions import Checked, load_checked, load_texts_checked, recheck, reload_checked, reload_file_checked
from tests.engine.checks.city import CITY


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_id_is_the_path_and_the_kind_the_suffix(tmp_path: Path) -> None:
    catalog = load(written(tmp_path, CITY)).catalog
    assert catalog.ids("indicator") == ["sanitation.msw"]
    assert catalog.ids("project") == ["project"]
    assert catalog.project.title == "城市监测"
    assert catalog.dataset("sanitation.weighings") is not None
    assert catalog.dataset("sanitation.msw") is None
    assert catalog.place("indicator", "sanitation.msw", "measure", "of").line == 3


def test_a_folder_and_its_texts_are_read_alike(tmp_path: Path) -> None:
    from_folder, from_texts = load(written(tmp_path, CITY)), load_texts(CITY)
    assert {key: found.spec for key, found in from_folder.catalog.definitions.items()} == {
        key: found.spec for key, found in from_texts.catalog.definitions.items()
    }


def test_each_file_has_one_finding_of_shape_and_all_files_have_theirs() -> None:
    files = {
        "a/x.indicator.yaml": "titel: 1\nunitt: 2\n",
        "a/y.dataset.yaml": "title: 3\n",
        "a/z.access.yaml": "a: [\n",
        "a/q.indicatr.yaml": "",
    }
    findings = load_texts(files).findings
    assert [(finding.place.file, finding.code) for finding in findings] == [
        ("a/q.indicatr.yaml", "unknown-kind"),
        ("a/x.indicator.yaml", "unknown-field"),
        ("a/y.dataset.yaml", "wrong-type"),
        ("a/z.access.yaml", "yaml-syntax"),
    ]


def test_findings_are_sorted_and_never_repeated() -> None:
    findings = load_texts_checked({**CITY, "sanitation/msw.indicator.yaml": "title: x\nunit: t\nformula: a + b + a\n"}).findings
    assert list(findings) == in_order(findings)


def test_what_a_broken_file_defines_is_not_reported_missing() -> None:
    findings = load_texts_checked({**CITY, "sanitation/weighings.dataset.yaml": "title: [\n"}).findings
    assert {finding.place.file for finding in findings} == {"sanitation/weighings.dataset.yaml"}


def test_a_missing_folder_is_a_broken_world(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        load(tmp_path / "nowhere")


def test_a_file_that_goes_and_comes_back_leaves_no_trace(tmp_path: Path) -> None:
    folder = written(tmp_path, CITY)
    before = load_checked(folder)
    path = folder / "sanitation/weighings.dataset.yaml"
    text = path.read_text(encoding="utf-8")

    path.unlink()
    without = reload_file_checked(before, folder, "sanitation/weighings.dataset.yaml")
    path.write_text(text, encoding="utf-8")
    again = reload_file_checked(without, folder, "sanitation/weighings.dataset.yaml")

    assert before.findings == again.findings == ()
    assert "unknown-reference" in {finding.code for finding in without.findings}


def test_other_files_keep_what_was_read_from_them() -> None:
    before = load_texts(CITY)
    after = reload(before, "city/dates.dataset.yaml", "city/dates.dataset.yaml", CITY["city/dates.dataset.yaml"] + "# x\n")
    same = [path for path in before.files if before.files[path] is after.files[path]]
    assert sorted(same) == sorted(set(CITY) - {"city/dates.dataset.yaml"})


def test_a_changed_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path, CITY)
    loaded = load(folder)
    (folder / "city/dates.dataset.yaml").write_bytes(b"\xff\xfe")
    assert [finding.code for finding in reload_file(loaded, folder, "city/dates.dataset.yaml").findings] == ["not-utf8"]


EDITS: dict[str, list[str | None]] = {
    "sanitation/msw.indicator.yaml": [None, "title: x\n", "title: x\nunit: t\nformula: sanitation.twice / 2\n", CITY["sanitation/msw.indicator.yaml"]],
    "sanitation/twice.indicator.yaml": [None, "title: 两倍\nunit: t\nformula: 2 * sanitation.msw\n", "title: 两倍\nunit: km\nof: sanitation.msw\n"],
    "sanitation/twice.test.yaml": [None, "ask: {}\nexpect: []\n", "of: sanitation.msw\nask: {}\nexpect: []\n"],
    "sanitation/msw.test.yaml": [None, CITY["sanitation/msw.test.yaml"], "of: sanitation.twice\nask: {}\nexpect: []\n"],
    "sanitation/weighings.dataset.yaml": [
        None,
        CITY["sanitation/weighings.dataset.yaml"],
        CITY["sanitation/weighings.dataset.yaml"].replace("net_ton", "tons"),
        CITY["sanitation/weighings.dataset.yaml"].replace("unit: t", "unit: km"),
    ],
    "sanitation/facilities.dataset.yaml": [CITY["sanitation/facilities.dataset.yaml"], CITY["sanitation/facilities.dataset.yaml"].replace("district_code", "code")],
    "city/district.dimension.yaml": [None, CITY["city/district.dimension.yaml"], "title: 区\ncodes: [{code: a, title: A}]\n"],
    "sanitation/waste_kind.dimension.yaml": [None, CITY["sanitation/waste_kind.dimension.yaml"], "title: x\ncodes: [{code: dry, title: 干}]\n"],
    "project.yaml": [CITY["project.yaml"], "title: x\n", CITY["project.yaml"].replace("city.district", "city.regions")],
    "sources/waste.source.yaml": [None, CITY["sources/waste.source.yaml"], CITY["sources/waste.source.yaml"].replace("weighings", "weights")],
}  # fmt: skip
edits = st.lists(st.sampled_from([(name, text) for name, texts in EDITS.items() for text in texts]), min_size=1, max_size=8)


@given(edits)
def test_checking_what_changed_finds_what_checking_all_finds(changes: list[tuple[str, str | None]]) -> None:
    files: dict[str, str] = dict(CITY)
    checked: Checked = load_texts_checked(files)
    for name, text in changes:
        files = {file: old for file, old in files.items() if file != name} | ({} if text is None else {name: text})
        checked = reload_checked(checked, name, name, text)
    assert [finding.text() for finding in checked.findings] == [finding.text() for finding in load_texts_checked(files).findings]


def test_only_what_a_change_touches_is_looked_at_again() -> None:
    before = load_texts_checked({**CITY, "sanitation/twice.indicator.yaml": "title: 两倍\nunit: t\nformula: 2 * sanitation.msw\n"})
    text = CITY["sanitation/msw.indicator.yaml"].replace("unit: t", "unit: kg")
    after = recheck(before, reload(before.loaded, "sanitation/msw.indicator.yaml", "sanitation/msw.indicator.yaml", text))
    kept = {key[1] for key in before.by_definition if before.by_definition[key] is after.by_definition[key]}
    assert "city.dates" in kept
    assert "sanitation.weighings" in kept
    assert not {"sanitation.msw", "sanitation.twice"} & kept
