"""The comparison on tables: its list, its statistics, and a run that was killed and continues."""

import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas
import pytest
from benchmarks.collection import Collection, listed
from benchmarks.limited import Limited
from benchmarks.table_data import split
from benchmarks.table_scores import balanced, difference, noise, ranks, shortfalls
from benchmarks.tables import main
from benchmarks.tuned import LIBRARIES

ROOT = Path(__file__).parents[2]


def rows(scores):
    """The rows of a comparison, from the scores of the splits by table and model."""
    return [
        {"table": table, "model": model, "split": at, "score": score, "rows": 9, "fit": 1.0}
        for table, models in scores.items()
        for model, values in models.items()
        for at, score in enumerate(values)
    ]


def test_the_list_is_well_formed():
    entries = listed()
    assert len(entries) == 38
    for name, entry in entries.items():
        assert len(name.split("/")) == 2 and entry.task in ("classification", "regression")
        assert entry.target and entry.target not in entry.drop
        assert bool(entry.remark) == bool(entry.drop)  # why columns are dropped
    assert len(Collection().names) == 37 and len(Collection().notes) == 1


def test_paired_differences_are_those_of_a_calculation_by_hand():
    """Two tables: their means are 0.2 and 0.1, so a resample has the mean 0.1, 0.15 or 0.2."""
    found = difference(
        rows({"a": {"x": [0.9, 0.9], "y": [0.6, 0.8]}, "b": {"x": [0.5], "y": [0.4], "z": [1]}}),
        "x",
        "y",
    )
    assert found.mean == pytest.approx(0.15)
    assert found.interval == pytest.approx((0.1, 0.2))
    # The splits of a differ by 0.3 and 0.1: s = √0.02, t(1) = 12.706, √(1/2 + 0.2/0.8) = √0.75.
    assert noise([0.3, 0.1]) == pytest.approx(12.7062 * np.sqrt(0.02 * 0.75), rel=1e-5)
    assert (found.wins, found.ties, found.losses) == (0, 2, 0)
    steady = rows(
        {"a": {"x": [0.9, 0.9], "y": [0.8, 0.8]}, "b": {"x": [0.4, 0.4], "y": [0.5, 0.5]}}
    )
    found = difference(steady, "x", "y")
    assert (found.wins, found.ties, found.losses) == (1, 0, 1)
    assert difference(steady, "x", "absent") is None


def test_summaries_use_the_splits_that_all_models_have():
    found = rows({"a": {"x": [0.9, 0.1], "y": [0.7]}, "b": {"x": [0.5], "y": [0.5]}})
    shared = balanced(found, ["x", "y"])
    assert len(shared) == 4
    assert shortfalls(shared) == pytest.approx({"x": 0.0, "y": 0.1})
    assert ranks(shared) == {"x": 1.25, "y": 1.75}


def written(folder, n_rows=120):
    """Two tables and their targets in a folder."""
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(n_rows, 2))
    frame = pandas.DataFrame(numbers, columns=["u", "v"])
    frame["word"] = np.where(frame["u"] > 0.5, "high", "low")
    frame.assign(t=np.where(frame["v"] > 0, "yes", "no")).to_csv(folder / "one.csv", index=False)
    frame.assign(t=frame["u"] - frame["v"]).to_csv(folder / "two.csv", index=False)
    lines = ["| one.csv | t | classification |", "| two.csv | t | regression |"]
    (folder / "TARGETS.md").write_text("\n".join(lines), "utf-8")


@pytest.mark.integration
def test_a_killed_run_continues_and_its_page_follows_from_the_rows(tmp_path, capsys):
    written(tmp_path)
    models = "scikit-learn linear,HistGradientBoosting"
    arguments = ["--folder", tmp_path, "--splits", 2, "--models", models, "--output", tmp_path]
    command = [sys.executable, "-m", "benchmarks.tables", *map(str, arguments)]
    path = os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    run = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL
    )
    file = tmp_path / "tables.jsonl"
    deadline = time.monotonic() + 120
    while not file.exists() or len(file.read_text("utf-8").splitlines()) < 3:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    kept = file.read_text("utf-8").splitlines()[1:3]
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"table": "one", "spl')
    assert main([*map(str, arguments)]) == 0
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()[1:]]
    assert [json.dumps(row, ensure_ascii=False) for row in found[:2]] == kept
    assert [(row["split"], row["table"]) for row in found] == [
        (at, name) for at in (0, 1) for name in ("one", "two") for _ in range(2)
    ]
    assert all(0.5 < row["score"] <= 1 and row["fit"] > 0 for row in found)
    page = (tmp_path / "tables.md").read_text("utf-8")
    assert "2 tables, 2 splits of each" in page
    capsys.readouterr()
    main(["--report", "--output", str(tmp_path)])
    assert capsys.readouterr().out == page
    assert (tmp_path / "tables-time.svg").read_text("utf-8").startswith("<?xml")


@pytest.mark.integration
def test_a_call_that_takes_too_long_is_killed_and_the_next_one_is_answered():
    with Limited(time.sleep, 2) as sleep:
        begun = time.monotonic()
        with pytest.raises(TimeoutError, match="not finished after 2 s"):
            sleep(60)
        assert time.monotonic() - begun < 30
    with Limited(len, 60) as length, Limited(os._exit, 60) as leave:
        assert length("four") == 4
        with pytest.raises(RuntimeError, match="ended with code 3"):
            leave(3)


@pytest.mark.integration
def test_a_call_ends_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    path = os.pathsep.join((str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    parent = subprocess.Popen(
        [sys.executable, script], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE
    )
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


#: A parent that prints the process of its child, and calls it for minutes.
PARENT = """
import time
from benchmarks.limited import Limited

if __name__ == "__main__":
    with Limited(time.sleep, 600) as call:
        call(0)
        print(call._process.pid, flush=True)
        call(300)
"""


def alive(process):
    try:
        os.kill(process, 0)
        return "zombie" not in Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return False


def test_a_missing_table_is_downloaded_once_and_rare_classes_go(tmp_path):
    """`AER/HMDA` has the target `deny`; here, one class has too few rows."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    (site / "AER").mkdir(parents=True)
    deny = ["yes"] * 20 + ["no"] * 20 + ["perhaps"] * 4
    frame = pandas.DataFrame({"rownames": range(44), "ratio": np.arange(44) % 7, "deny": deny})
    frame.to_csv(site / "AER" / "HMDA.csv", index=False)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tables = Collection(cache, f"http://127.0.0.1:{server.server_port}")
        table = tables.read("AER/HMDA")
        with pytest.raises(OSError, match=r"SmokeBan.csv was not downloaded \(HTTP Error 404"):
            tables.fetch(["AER/HMDA", "AER/SmokeBan"])
        server.shutdown()
    assert list(table.X.columns) == ["ratio"] and len(table.X) == 40 and table.classes == 2
    assert len(tables.read("AER/HMDA").y) == 40  # from the cache
    train, test = split(table, 0, 10)
    assert len(train) == 10 and len(test) == 8 and not {*train} & {*test}
    assert table.y[train].sum() == 5


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_settings_of_candidates_are_within_their_spaces(library):
    """The bounds of the paper, for those that are logarithmic."""
    random = np.random.default_rng(0)
    drawn = [
        {name: draw(random) for name, draw in LIBRARIES[library][0].items()} for _ in range(99)
    ]
    for settings in drawn:
        assert np.exp(-7) <= settings["learning_rate"] <= 1
        assert 1 <= settings.get("l2_leaf_reg", 1) <= 10
        assert 2 <= settings.get("num_leaves", 2) <= round(np.exp(7))
        assert 1 <= settings.get("min_child_samples", 1) <= round(np.exp(6))
