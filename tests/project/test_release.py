"""What a release consists of beside the code: one address, one version, workflows that match."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_every_file_has_the_addresses_of_the_project():
    """The account is a placeholder until it is chosen: it is replaced everywhere, or nowhere."""
    source, pages = PROJECT["urls"]["Source"], PROJECT["urls"]["Documentation"]
    files = [*ROOT.glob("*.*"), *GITHUB.rglob("*.*"), *(ROOT / "docs").glob("**/*.md")]
    texts = {
        path: path.read_text("utf-8")
        for path in files
        if path.suffix in {".md", ".yml", ".toml", ".cff"} and "_build" not in path.parts
    }
    found = {
        (path.name, address)
        for path, text in texts.items()
        for address in re.findall(r"https://github\.com/[^/\s]+/barenet\b", text)
        + re.findall(r"https://[\w-]+\.github\.io/barenet/", text)
    }
    assert {name for name, _ in found} >= {"pyproject.toml", "CITATION.cff", "SECURITY.md"}
    assert {address for _, address in found} == {source, pages}
    assert all(address.startswith((source, pages)) for address in PROJECT["urls"].values())


def test_the_citation_has_the_version_and_its_date():
    citation = read(ROOT / "CITATION.cff")
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert citation["version"] == PROJECT["version"]
    assert f"## [{citation['version']}] - {citation['date-released']}" in changes
    # The license of the code: several in a citation would be a choice between them.
    assert citation["license"] == PROJECT["license"].split(" AND ")[0]
    assert citation["repository-code"] == PROJECT["urls"]["Source"]


def test_the_tests_run_on_every_system_and_every_python_of_the_classifiers():
    matrix = read(GITHUB / "workflows" / "tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    pattern = r"Programming Language :: Python :: (3\.\d+)"
    versions = re.findall(pattern, "\n".join(PROJECT["classifiers"]))
    assert matrix["python"] == versions
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_few_rights_and_known_commands(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    targets = re.findall(r"^([\w-]+):.*  ## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for job in workflow["jobs"].values():
        needed = job.get("needs", [])
        assert {*([needed] if isinstance(needed, str) else needed)} <= workflow["jobs"].keys()
        for step in job.get("steps", []):
            assert ("uses" in step) != ("run" in step)
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@[\w./-]+", step["uses"])
            assert {*re.findall(r"\bmake ([\w-]+)", step.get("run", ""))} <= {*targets}


def test_only_tested_files_are_published_without_a_password():
    text = (GITHUB / "workflows" / "release.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert {*jobs["publish"]["needs"]} == {"tests", "build"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert text.count("python -m build") == 1 and "secrets." not in text


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_needs(path):
    form = read(path)
    if path.stem == "config":
        assert all({"name", "url", "about"} == link.keys() for link in form["contact_links"])
        return
    assert form["name"] and form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len({*ids}) and all(field["attributes"]["label"] for field in form["body"])


def test_dependabot_watches_the_actions_and_the_packages():
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert [entry["package-ecosystem"] for entry in updates] == ["github-actions", "pip"]
