"""Tables that are read block by block: training, resuming after a kill, and predictions."""

import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import load_predictor
from barenet.data import _csv_table

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
    assert (
        "memory was nothing, and is 2GB"
        in barenet("train", "--resume", "c", "--memory", "2GB").error
    )


def test_a_csv_file_beyond_memory_is_predicted_block_by_block(barenet, table, monkeypatch):
    table.to_csv("houses.csv", index=False)
    barenet("train", "houses.csv", "--target", "price", "--quick", "--no-plots").ok()
    predict = ["predict", "runs/houses", "houses.csv", "--keep", "size"]
    whole = barenet(*predict).out
    monkeypatch.setattr(_csv_table, "_BLOCK", 20_000)
    monkeypatch.setenv("BARENET_MEMORY", "1MB")
    assert barenet(*predict).out == whole
    assert "block by block" in barenet(*predict, "--json").error


def write_oddly(table, rng):
    """Write rows with random line ends and quotes, some of which are not closed."""
    table["town"] = rng.choice(["Rome", '"Os\nlo"', '"Li\r""ma"', 'Bo"nn'], len(table))
    table.loc[table.index[rng.integers(100)], "town"] = rng.choice(["Rome", '"Oslo', '"Os"lo'])
    columns = table[["rooms", "size", "town"]].astype(str)
    ends = rng.choice([["\n", "\n"], ["\r", "\r"], ["\r\n", "\n"], ["\r", "\n"]])
    lines = ["rooms,size,town", *map(",".join, columns.itertuples(index=False))]
    text = "".join(line + str(rng.choice(ends)) * rng.integers(1, 3) for line in lines)
    Path("odd.csv").write_bytes(text.removesuffix("\n").encode())


def test_fault_125_126_predictions_in_blocks_are_those_of_the_whole_file(
    barenet, table, monkeypatch
):
    barenet("train", "houses/*.parquet", "--target", "price", "--epochs", 1, "--no-plots").ok()
    predict, statuses = ["predict", "runs/houses"], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        write_oddly(table[:100].copy(), rng)
        monkeypatch.setattr(_csv_table, "_BLOCK", int(rng.integers(1, 2000)))
        done = []
        for data, memory in (("odd.csv", "1GB"), ("odd.csv", "20kB"), ("*.csv", "1GB")):
            monkeypatch.setenv("BARENET_MEMORY", memory)
            done.append(barenet(*predict, data, "--keep", "town", "--keep", "size"))
        assert done[0] == done[1] == done[2], seed
        statuses.append(done[0].status)
    assert 5 < statuses.count(0) < 20
    Path("odd.csv").write_text("rooms,size,town\n" + "\n" * 5_000)
    monkeypatch.setenv("BARENET_MEMORY", "90kB")
    assert barenet(*predict, "odd.csv").ok().out == "prediction\n"


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
