"""The comparison of the JAX engine with other loops on its device, and its page."""

import dataclasses
import json
import subprocess
import sys

import pytest
from benchmarks.devices import RESULTS, main, report
from benchmarks.peers import DEVICE_PEERS, PEERS
from benchmarks.populations import POPULATIONS
from benchmarks.rows import make_rows
from benchmarks.suite import Suite
from benchmarks.threads import NO_GPU, environment
from benchmarks.works import WORKS, Work

#: One work of each task, on few rows.
FEW_ROWS = (
    WORKS[0].but(data="digits", sizes=(64, 8, 10), n_rows=100),
    POPULATIONS[0][0].but(n_rows=100, epochs=2, networks=3),
    Work(
        name="ensemble", data="friedman", sizes=(20, 1), n_rows=200, batch_size=1, task="ensemble"
    ),
)
PAGES = sorted(RESULTS.glob("*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("work", FEW_ROWS, ids=lambda work: work.task)
@pytest.mark.parametrize(
    "peer", [PEERS["barenet"], *DEVICE_PEERS.values()], ids=lambda peer: peer.name
)
def test_every_library_does_its_tasks(peer, work):
    if not peer.does(work):
        assert work.task == "ensemble"
        return
    if not peer.installed:
        pytest.skip(f"{peer.library} is not installed")
    job = peer.job(work, make_rows(work))
    job.run(2)
    if peer.name == "barenet, JAX engine":
        assert job.about()  # the device
    if work.task == "ensemble":
        assert "R² 0." in job.about()


def test_a_missing_library_is_left_out_once():
    """Two of its loops are compared."""
    ours = PEERS["barenet"]
    missing = dataclasses.replace(PEERS["tutorial"], library="missing")
    suite = Suite(libraries=(ours, missing, dataclasses.replace(missing, name="another loop")))
    suite.note_missing()
    assert suite.peers == [ours]
    assert suite.left_out == ["missing is not installed, so it is left out: pip install missing"]


def test_only_libraries_on_a_device_see_the_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    hidden = environment("all")
    assert {name: hidden[name] for name in NO_GPU} == NO_GPU
    seen = environment("all", on_device=True)
    assert seen["CUDA_VISIBLE_DEVICES"] == "1"
    assert "JAX_PLATFORMS" not in seen
    assert [peer.name for peer in PEERS.values() if peer.on_device] == []


@pytest.mark.slow
def test_without_jax_one_line_names_the_remedy(tmp_path):
    (tmp_path / "without_jax.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'jax' else found(name)\n"
        "from benchmarks.devices import main\n"
        "raise SystemExit(main([]))\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "without_jax.py"],
        env=environment("all") | {"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "JAX is not installed: pip install '.[jax]'\n"


@pytest.mark.slow
def test_a_quick_run_writes_a_page(tmp_path, capsys):
    if not PEERS["JAX"].installed:
        pytest.skip("jax is not installed")
    assert main(["--quick", "--output", str(tmp_path)]) == 0
    [figures] = tmp_path.glob("*.json")
    results = json.loads(figures.read_text("utf-8"))
    assert figures.with_suffix(".md").read_text("utf-8") == report(results)
    assert results["device"] in capsys.readouterr().out
    for each in results["works"]:
        assert "barenet, JAX engine" in {one["peer"] for one in each["measured"]}


def test_there_is_a_page():
    assert PAGES


@pytest.mark.parametrize("figures", PAGES, ids=lambda path: path.stem)
def test_a_page_follows_from_its_figures(figures):
    results = json.loads(figures.read_text("utf-8"))
    assert figures.with_suffix(".md").read_text("utf-8") == report(results)
