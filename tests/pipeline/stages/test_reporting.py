"""The Report node, and its published page."""

import pytest

from components.report.component import ReportPage
from components.report.render import html
from components.report.request import ReportRequest
from pipeline.paths import RunPaths
from pipeline.stages.reporting import publish, report_request
from relation.load import RECIPES, load_recipe


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_the_request_of_every_recipe_travels_as_json(name):
    request = report_request(load_recipe(name))
    assert ReportRequest.model_validate_json(request.model_dump_json()) == request
    assert set(request.features) == set(request.relation.entities)


def test_what_the_page_says_of_a_recipe():
    request = report_request(load_recipe("entity_matching"))
    assert request.split == "by group block, 3 : 1"
    assert request.seeds == {"relation": 1, "training": 1}
    assert set(request.fingerprints) == {"tuples", "training"}


def test_a_template_is_code():
    before = html.template_fingerprint()
    assert before == html.template_fingerprint()
    assert len(before) == 16


def test_an_edited_template_changes_the_fingerprint(tmp_path, monkeypatch):
    for name in ("a.j2", "b.j2"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(html, "TEMPLATES", tmp_path)
    before = html.template_fingerprint()
    (tmp_path / "b.j2").write_text("edited")
    assert html.template_fingerprint() != before


def test_the_page_is_replaced_as_a_whole(tmp_path):
    artifact = ReportPage()
    artifact.uri = str(tmp_path / "made")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "index.html").write_text("new")
    paths = RunPaths(tmp_path / "run")
    paths.report.parent.mkdir(parents=True)
    paths.report.write_text("old")
    linked = tmp_path / "linked"
    linked.hardlink_to(paths.report)  # Keeps what a reader that opened it before goes on reading.
    assert publish(artifact, paths) == paths.report
    assert paths.report.read_text() == "new"
    assert linked.read_text() == "old"
    assert [path.name for path in paths.report.parent.iterdir()] == ["index.html"]
