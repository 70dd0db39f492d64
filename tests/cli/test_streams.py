"""Tables that are read block by block: training, resuming after a kill, and other commands."""

import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import load
from barenet.streams import _stream_fit
from barenet.streams._stream import stream

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
    done = barenet("train", "houses/*.parquet", "--target", "price", "--epochs", 6).ok()
    assert "0.parquet and 2 more: read in 12 blocks\n" in done.err
    assert {path.name for path in Path("runs/houses").iterdir()} > {"report.html", "history.png"}
    predictor = load("runs/houses/model.safetensors")
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
    run += ["--no-baselines"]
    for folder, memory in (("a", "1GB"), ("b", "200MB")):
        barenet(*run, "--memory", memory, "--out", folder).ok()
    first, second = (Path(name, "model.safetensors").read_bytes() for name in "ab")
    assert first == second
    assert "which need about" in barenet(*run, "--memory", "1MB").error
    assert "expected a size" in barenet(*run, "--memory", "99999999999TB").error
    barenet("train", "--resume", "a", "--memory", "2GB").ok()
    barenet(*run, "--model", "network", "--out", "c").ok()
    error = barenet("train", "--resume", "c", "--memory", "2GB").error
    assert "memory was nothing, and is 2GB" in error


def test_a_killed_run_is_resumed_within_an_epoch(process, barenet, table):
    command = ["train", "houses/*.parquet", "--target", "price", "--batch-size", "4", "--no-plots"]
    command += ["--no-baselines", "--epochs", "12", "--threads", "1"]
    barenet(*command, "--out", "whole").ok()
    child = process(*command, "--out", "killed", "--checkpoint-every", "0.05s")
    deadline = time.monotonic() + 60
    while not list(Path("killed").glob("checkpoint*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    resumed = ("train", "--resume", "killed", "--threads", "1", "--memory", "900MB")
    barenet(*resumed, "--no-baselines").ok()
    assert 'memory = "900MB"' in Path("killed/settings.toml").read_text()
    models = [Path(name, "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert models[0] == models[1]


def test_options_that_are_refused_are_not_proposed(barenet, table):
    table["day"] = np.datetime64("2020-01-01") + np.arange(N_ROWS)
    table.to_parquet("days.parquet", row_group_size=1000)
    run = ["train", "days.parquet", "--target", "price", "--epochs", 1, "--no-plots"]
    assert "--split-by-time day" in barenet(*run, "--model", "network").ok().err
    assert "--split-by" not in barenet(*run, "--memory", "1GB").ok().err
    for option in ("--split-by-time", "--split-by-group", "--split-by"):
        error = barenet(*run, "--memory", "1GB", option, "day").error
        assert f"{option}: not for rows that are read block by block" in error


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
    assert "trained on perhaps some of these" in barenet("evaluate", run_of_one).err
    changed = "was trained on, or a file of it has been added or changed since; name one of them"
    error = barenet("evaluate", run, "data/*.csv").error
    assert changed in error and error.endswith("such as data/2026-01.csv")
    done = barenet("evaluate", run, "data/2026-0[12].csv").ok()
    assert "trained on perhaps some of these" in done.err
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
    Path("alone.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    for model in (run, "alone.safetensors"):
        done = barenet("evaluate", model, "data/2026-02.csv", "--json")
        assert done.json["rows_seen"] is None and "trained on perhaps some of these" in done.err
    Path("new.csv").write_bytes(Path("data/2026-02.csv").read_bytes())
    assert barenet("evaluate", run, "new.csv", "--json").err == ""


def write_held_out(folder, n_rows=1_000, **changes):
    """Write houses that no training has seen to two files, and return them."""
    rng = np.random.default_rng(9)
    rows = pd.DataFrame({"size": rng.normal(100, 30, n_rows), "rooms": rng.integers(1, 9, n_rows)})
    rows["town"] = rng.choice(["Rome", "Oslo", "Lima"], n_rows)
    rows["price"] = rows["size"] * 2 + 30 * rows["rooms"] + 50 * (rows["town"] == "Oslo")
    Path(folder).mkdir()
    for number, part in enumerate(np.array_split(np.arange(n_rows), 2)):
        rows.iloc[part].to_parquet(f"{folder}/{number}.parquet", row_group_size=200)
    return rows


@pytest.mark.case(192)
def test_a_streamed_model_is_scored_on_held_out_files(barenet, table):
    train = ["train", "houses/*.parquet", "--target", "price", "--epochs", 5, "--no-plots"]
    barenet(*train, "--no-baselines", "--out", "run").ok()
    rows = write_held_out("new")
    rows.to_csv("new.csv", index=False)
    found = barenet("evaluate", "run", "new/*.parquet", "--json").json
    expected = barenet("evaluate", "run", "new.csv", "--json").json
    assert found["rows"] == expected["rows"] == 1_000
    assert found["dataset"] == "0.parquet and 1 more" and found["rows_seen"] == 0
    for name, score in expected["metrics"].items():
        assert found["metrics"][name] == (
            pytest.approx(score, rel=1e-5) if isinstance(score, float) else score
        )
    predicted = barenet("predict", "run", "new/*.parquet").rows
    errors = rows["price"] - [float(row["prediction"]) for row in predicted]
    assert found["metrics"]["mae"] == pytest.approx(errors.abs().mean(), rel=1e-4)

    drifts = [barenet("drift", "run", data, "--json").json for data in ("new/*.parquet", "new.csv")]
    for one, other in zip(*(each["columns"] for each in drifts), strict=True):
        assert one == other
    seen = barenet("evaluate", "run", "houses/[01].parquet").ok().err
    assert "trained on perhaps some of these" in seen
    assert "no file matches this pattern" in barenet("drift", "run", "none/*.parquet").error


@pytest.mark.case(189)
def test_allow_missing_columns_is_an_option_of_every_command(barenet, table):
    path = Path("houses/0.parquet")
    pd.read_parquet(path).drop(columns="rooms").to_parquet(path)
    train = ["train", "houses/*.parquet", "--target", "price", "--epochs", 2, "--no-plots"]
    train += ["--no-baselines"]
    refused = barenet(*train, "--out", "run").error
    assert "houses/0.parquet: no column rooms; 2 of 3 files have 'rooms'; to read its" in refused
    assert "use --allow-missing-columns; to leave it out, use --columns rooms=drop" in refused
    assert not Path("run").exists()
    done = barenet(*train, "--allow-missing-columns", "--out", "run").ok()
    assert "missing columns: 'rooms' in 1 of 3 files" in done.err
    # The option is one of the settings of the run, by which its own data are read again.
    assert barenet("evaluate", "run", "--json").json["metrics"]["evaluated_on"] == "test rows"
    assert len(barenet("predict", "run", "houses/*.parquet").rows) == N_ROWS

    write_held_out("new")
    path = Path("new/1.parquet")
    pd.read_parquet(path).drop(columns="rooms").to_parquet(path)
    for command in ("predict", "evaluate", "drift"):
        refused = barenet(command, "run", "new/*.parquet").error
        assert "new/1.parquet: no column rooms; the columns are size, town, price" in refused
        assert "use --allow-missing-columns" in refused
        done = barenet(command, "run", "new/*.parquet", "--allow-missing-columns").ok()
        assert "missing columns: 'rooms' in 1 of 2 files" in done.err
    one = barenet("predict", "run", "new/1.parquet", "--allow-missing-columns").rows
    assert len(one) == 500


@pytest.mark.slow
@pytest.mark.case(192)
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from Linux's /proc")
def test_the_memory_of_scores_does_not_grow_with_the_columns(measured, tmp_path):
    """Of 700,000 rows, the columns are 62 MB; read at once, they took about 400 MB more."""
    rng = np.random.default_rng(0)
    for name, n_rows in (("few", 20_000), ("many", 700_000)):
        columns = {f"x{number}": rng.normal(size=n_rows) for number in range(10)}
        columns["y"] = columns["x0"] + rng.normal(size=n_rows)
        pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet", row_group_size=20_000)
    train = [
        "train",
        "few.parquet",
        "--target",
        "y",
        "--epochs",
        1,
        "--model",
        "network",
        "--no-plots",
    ]
    assert measured(*train, "--out", "run")[0].returncode == 0
    for command in ("evaluate", "drift"):
        peaks = []
        for data in ("few.parquet", "many.parquet" if command == "evaluate" else "m*.parquet"):
            done, peak, _ = measured(command, "run", data)
            assert done.returncode == 0, done.stderr
            peaks.append(peak)
        assert max(peaks[1:]) < peaks[0] + 120e6, peaks
