"""Tables that are read block by block: training, resuming after a kill, and other commands."""

import re
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import load_predictor, stream
from barenet.data import _stream_fit

pytestmark = pytest.mark.integration

N_ROWS = 6_000


@pytest.fixture
def table(tmp_path):
    """Houses in three Parquet files of four row groups each."""
    rng, folder = np.random.default_rng(0), tmp_path / "houses"
    folder.mkdir()
    rows = pd.DataFrame({"size": rng.normal(100, 30, N_ROWS), "rooms": rng.integers(1, 9, N_ROWS)})
    rows["town"] = rng.choice(["Rome", "Oslo", "Lima"], N_ROWS)
    rows["price"] = rows["size"] * 2 + 30 * rows["rooms"] + 50 * (rows["town"] == "Oslo")
    for number, part in enumerate(np.array_split(np.arange(N_ROWS), 3)):
        rows.iloc[part].to_parquet(folder / f"{number}.parquet", row_group_size=500)
    return rows


def test_a_pattern_is_trained_on_and_predicted(barenet, table):
    done = barenet("train", "houses/*.parquet", "--target", "price", "--epochs", 12).ok()
    assert "0.parquet and 2 more: read in 12 blocks\n" in done.err
    assert {path.name for path in Path("runs/houses").iterdir()} > {"report.html", "history.png"}
    predictor = load_predictor("runs/houses/model.safetensors")
    counts = predictor.card.rows
    assert sum(counts.values()) == N_ROWS and 1000 < counts["held_out"] < 1400
    predicted = barenet("predict", "runs/houses", "houses/*.parquet", "--keep", "price").rows
    assert len(predicted) == N_ROWS
    prices = [float(row["prediction"]) for row in predicted]
    assert np.corrcoef(prices, table["price"])[0, 1] > 0.99
    one = barenet("predict", "runs/houses", "houses/1.parquet").rows
    assert [row["prediction"] for row in one] == [row["prediction"] for row in predicted[2000:4000]]
    scores = barenet("evaluate", "runs/houses", "houses/2.parquet", "--json").json
    assert scores["metrics"]["r2"] > 0.98


def test_a_csv_file_is_read_block_by_block_with_a_memory(barenet, table):
    table.to_csv("houses.csv", index=False)
    run = ["train", "houses.csv", "--target", "price", "--epochs", 2, "--no-plots"]
    for folder, memory in (("a", "1GB"), ("b", "200MB")):
        barenet(*run, "--memory", memory, "--out", folder).ok()
    first, second = (Path(name, "model.safetensors").read_bytes() for name in "ab")
    assert first == second
    assert "which need about" in barenet(*run, "--memory", "1MB").error
    assert "expected a size" in barenet(*run, "--memory", "99999999999TB").error
    barenet("train", "--resume", "a", "--memory", "2GB").ok()
    barenet(*run, "--quick", "--out", "c").ok()
    error = barenet("train", "--resume", "c", "--memory", "2GB").error
    assert "memory was nothing, and is 2GB" in error


def test_a_killed_run_is_resumed_within_an_epoch(process, barenet, table):
    command = ["train", "houses/*.parquet", "--target", "price", "--batch-size", "4", "--no-plots"]
    command += ["--epochs", "12", "--threads", "1"]
    barenet(*command, "--out", "whole").ok()
    child = process(*command, "--out", "killed", "--checkpoint-every", "0.05s")
    deadline = time.monotonic() + 60
    while not list(Path("killed").glob("checkpoint*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    barenet("train", "--resume", "killed", "--threads", "1", "--memory", "900MB").ok()
    assert 'memory = "900MB"' in Path("killed/settings.toml").read_text()
    models = [Path(name, "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert models[0] == models[1]


def test_options_that_are_refused_are_not_proposed(barenet, table):
    table["day"] = np.datetime64("2020-01-01") + np.arange(N_ROWS)
    table.to_parquet("days.parquet", row_group_size=1000)
    run = ["train", "days.parquet", "--target", "price", "--epochs", 1, "--no-plots"]
    assert "--split-by day" in barenet(*run, "--quick").ok().err
    assert "--split-by" not in barenet(*run, "--memory", "1GB").ok().err


TRAIN = ["--target", "y", "--epochs", 2, "--no-plots", "--no-baselines"]


@pytest.fixture
def months(barenet):
    """Three files of 400 rows."""
    rng = np.random.default_rng(0)
    Path("data").mkdir()
    for month in (1, 2, 3):
        size, rooms, town = rng.normal(100, 30, 400), rng.integers(1, 9, 400), rng.random(400)
        columns = {"size": size, "rooms": rooms, "town": np.where(town < 0.5, "Rome", "Oslo")}
        table = pd.DataFrame(columns | {"y": size + 30 * rooms})
        table.to_csv(f"data/2026-0{month}.csv", index=False)
    return Path("data")


@pytest.fixture
def run(barenet, months):
    barenet("train", "data/*.csv", *TRAIN, "--out", "run").ok()
    return Path("run")


@pytest.fixture
def run_of_one(barenet, months):
    barenet("train", "data/2026-01.csv", *TRAIN, "--memory", "1GB", "--out", "one").ok()
    return Path("one")


def test_the_test_rows_of_a_pattern_are_those_of_the_training(barenet, months):
    trained = barenet("train", "data/*.csv", *TRAIN, "--json", "--out", "run").json
    by_default = barenet("evaluate", "run", "--no-baselines", "--json")
    held_out = stream("data/*.csv", "y", test_size=0.2, validation_size=0.1).test
    assert by_default.json["rows"] == held_out.n_samples == trained["rows"]["held_out"]
    assert by_default.json["rows_seen"] == 0
    for name in ("r2", "rmse"):
        assert by_default.json["metrics"][name] == trained["metrics"][name]
    Path("alone.safetensors").write_bytes(Path("run/model.safetensors").read_bytes())
    for model in ("run", "alone.safetensors"):
        named = barenet("evaluate", model, "data/*.csv", "--no-baselines", "--json")
        assert named.json | {"model": ""} == by_default.json | {"model": ""}
    sample = barenet("evaluate", "run", "--rows", "training", "--json").json
    assert sample["rows"] == sample["rows_seen"] == trained["rows"]["training"]
    assert "is read block by block" in barenet("evaluate", "run", "--rows", "all").error


@pytest.mark.parametrize("most_rows", [200, 10_000])
def test_scores_of_a_sample_are_not_called_those_of_all_rows(
    barenet, months, monkeypatch, most_rows
):
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", most_rows)
    trained = barenet("train", "data/*.csv", *TRAIN, "--out", "run").out
    [name] = re.findall("[0-9,]+ (.*training) ", trained)
    n_rows = barenet("info", "run", "--json").json["data"]["rows"]["training"]
    shown = {200: "sampled training", 10_000: f"{n_rows:,} training"}[most_rows]
    assert shown.endswith(name) and re.search(rf"^{shown} ", barenet("info", "run").out, re.M)


def test_other_commands_take_the_test_rows_of_a_pattern(barenet, run):
    n_rows = barenet("evaluate", run, "--json").json["rows"]
    assert barenet("importance", run, "--json").json["rows"] == n_rows
    for kind in ("fit", "residuals"):
        assert Path(barenet("plot", kind, run).ok().out.strip()).is_file()
    page = Path(barenet("report", run).ok().out.strip()).read_text()
    assert f"on {n_rows} rows that it was not trained on" in page
    assert "row 399 of 2026-01.csv" in barenet("explain", run, "--row", 399).words
    first = Path("data/2026-01.csv").read_text().splitlines()[400].split(",")
    assert f"{float(first[0]):.6g}" in barenet("explain", run, "--row", 399).words


def test_one_file_read_block_by_block_has_not_changed(barenet, run_of_one):
    Path("alone.safetensors").write_bytes((run_of_one / "model.safetensors").read_bytes())
    for model in (run_of_one, "alone.safetensors"):
        done = barenet("evaluate", model, "data/2026-01.csv", "--json")
        assert done.err == "" and done.json["metrics"]["evaluated_on"] == "test rows"
    page = Path(barenet("report", run_of_one).ok().out.strip()).read_text()
    assert "memory = &quot;auto&quot;" in page  # the settings that repeat the run
    repeated = ["train", "data/2026-01.csv", *TRAIN, "--memory", "auto", "--out", "again"]
    barenet(*repeated).ok()
    files = [Path(name, "model.safetensors").read_bytes() for name in ("one", "again")]
    assert files[0] == files[1]


def test_files_that_have_changed_are_not_the_training_data(barenet, run, run_of_one):
    first = Path("data/2026-01.csv")
    first.write_text(first.read_text().replace("Rome", "Roma"))
    assert "2026-01.csv has changed since the training" in barenet("evaluate", run_of_one).err
    changed = "was trained on, or a file of it has been added or changed since; name one of them"
    for data in ("data/*.csv", "data/2026-0[12].csv"):
        error = barenet("evaluate", run, data).error
        assert changed in error and error.endswith("such as data/2026-01.csv")
    for path in Path("data").iterdir():
        path.write_text("size,town,y\n1,Rome,2\n2,Oslo,3\n")
    assert changed in barenet("evaluate", run).error
    assert "2026-01.csv" in barenet("evaluate", run_of_one).error
    for path in Path("data").iterdir():
        path.unlink()
    assert "*.csv, not found here; name the rows" in barenet("evaluate", run).error


def test_a_file_of_the_pattern_was_in_the_training(barenet, run):
    barenet("train", "data/*.csv", *TRAIN, "--test-size", 0, "--out", "all").ok()
    done = barenet("evaluate", "all", "--json").json
    assert done["metrics"]["evaluated_on"] == "training rows" and done["rows_seen"] == done["rows"]
    assert "has no known test rows" in barenet("evaluate", "all", "--rows", "test").error
    warning = "of which {} is a file: its scores on new rows may be worse"
    Path("alone.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    for model in (run, "alone.safetensors"):
        done = barenet("evaluate", model, "data/2026-02.csv", "--json")
        assert done.json["rows_seen"] is None and warning.format("data/2026-02.csv") in done.err
    Path("new.csv").write_bytes(Path("data/2026-02.csv").read_bytes())
    assert barenet("evaluate", run, "new.csv", "--json").err == ""
