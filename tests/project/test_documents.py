"""The code of the documents and the examples runs, and the documents' links lead somewhere.

In README.md, CONTRIBUTING.md and docs/, blocks run from the top down in one empty folder:

- ``python`` in one namespace for each document; as doctests where they hold ``>>>``;
- ``bash`` as a script that stops at its first failure;
- ``console`` line by line after ``$``, compared with the output shown (``...`` matches anything).

A comment on the line above tells of an exception: ``<!-- test: exit 2 -->`` for a command that
should fail, ``<!-- test: skip REASON -->`` for a block that cannot run in a minute, or at all.
Blocks such as ``{code-cell}`` are Sphinx's, which runs them when it builds the documentation.
"""

import doctest
import os
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]
IDS = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]

DIRECTIVE = r"<!-- test:(?P<directive>[^>]*)-->"
BLOCK = re.compile(
    rf"(?:^[ ]*{DIRECTIVE}\n)?"
    r"^[ ]*(?P<fence>```+)(?P<language>[^\n`]*)\n(?P<code>.*?)^[ ]*(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
SHOWN_ONLY = {"text", "toml", "json", "csv", "c", "js", "yaml", "bibtex"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECONDS = 240


@dataclass
class Block:
    """A fenced block of a document, with the exceptions of its comment."""

    place: str
    line: int
    language: str
    code: str
    status: int = 0
    skipped: bool = False


def blocks(path: Path) -> list[Block]:
    text = path.read_text("utf-8")
    found = list(BLOCK.finditer(text))
    message = [match["directive"] for match in found if match["directive"] is not None]
    assert len(message) == len(re.findall(DIRECTIVE, text)), (
        f"{path}: a test: comment above no block"
    )
    return [read(path, text, match) for match in found]


def read(path: Path, text: str, match: re.Match[str]) -> Block:
    line = text.count("\n", 0, match.start("code"))
    directive = (match["directive"] or "exit 0").strip()
    known = re.fullmatch(r"exit (?P<status>\d+)|skip (?P<reason>\S.*)", directive)
    assert known, f"{path.name}:{line}: test: {directive!r} is neither 'exit N' nor 'skip REASON'"
    place, language, code = f"{path.name}:{line}", match["language"].strip(), dedent(match["code"])
    return Block(place, line, language, code, int(known["status"] or 0), bool(known["reason"]))


def run_python(block: Block, namespace: dict[str, object]) -> None:
    if ">>>" in block.code:
        test = doctest.DocTestParser().get_doctest(
            block.code, namespace, block.place, block.place, block.line
        )
        runner, report = doctest.DocTestRunner(optionflags=FLAGS), []
        runner.run(test, out=report.append, clear_globs=False)
        namespace.update(test.globs)
        assert runner.failures == 0, "".join(report)
    else:
        exec(compile("\n" * block.line + block.code, block.place, "exec"), namespace)


def run_shell(code: str, folder: Path, block: Block) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=folder, text=True, timeout=SECONDS,
        env={**os.environ, "PATH": path, "TERM": "dumb", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == block.status, f"{block.place}: {code}\n{done.stdout}"
    return done.stdout


def run_console(block: Block, folder: Path) -> None:
    session = re.split(r"^\$ ", block.code, flags=re.MULTILINE)
    assert session[0] == "" and len(session) > 1, f"{block.place}: start each command with '$ '"
    for part in session[1:]:
        command, shown = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*\n)(.*)", part, re.DOTALL).groups()
        printed = run_shell(command, folder, block)
        same = doctest.OutputChecker().check_output(shown.rstrip() + "\n", printed, FLAGS)
        assert same or not shown.strip(), f"{block.place}: {command}{printed}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_code_in_documents_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(path):
        if block.skipped or block.language.startswith("{") or block.language in SHOWN_ONLY:
            continue
        if block.language == "python":
            run_python(block, namespace)
        elif block.language == "bash":
            run_shell(block.code, tmp_path, block)
        elif block.language == "console":
            run_console(block, tmp_path)
        else:
            pytest.fail(f"{block.place}: say what the block holds, not {block.language!r}")


#: A link to the playground of a site, and the page that it leads to where there is no playground.
TO_PLAYGROUND = re.compile(r'href="(?:\.\./)*play/[^"]*" data-otherwise="([^"]+)\.html')


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_links_resolve(path):
    prose = re.sub(r"`[^`\n]+`", "", BLOCK.sub("", path.read_text("utf-8")))
    prose = TO_PLAYGROUND.sub(r'href="\1.md', prose)
    links = re.findall(r"\]\(<?([^)>\s]+)", prose) + re.findall(r"(?:src|href)=\"([^\"]+)\"", prose)
    links += re.findall(r"^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE)
    files = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [name for name in files if not (path.parent / name).exists()] == []


def test_the_readme_contains_runnable_code():
    languages = [block.language for block in blocks(ROOT / "README.md") if not block.skipped]
    assert "python" in languages
    assert {"bash", "console"} & set(languages)


EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(path, tmp_path, monkeypatch, capsys):
    """Its `main` takes `epochs`, so that a test need not train for long."""
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))["main"](epochs=2)
    assert capsys.readouterr().out or list(tmp_path.iterdir()), "it has no output"
