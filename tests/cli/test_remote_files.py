"""Commands with data at an address: those of a file on this machine, from a real web server."""

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from barenet import load_predictor, save

ROWS = [f"{i % 13 / 3},{'ab'[i % 2]},{i % 13 + i % 2}" for i in range(120)]
TABLE = "\n".join(["size,town,price", *ROWS])
QUICK = ("--target", "price", "--quick", "--epochs", 3, "--no-plots", "--no-baselines")


@pytest.fixture
def address(web):
    """The address of a table, with more of them beside it."""
    (web.folder / "prices.csv").write_text(TABLE)
    (web.folder / "parts").mkdir()
    for part in range(2):
        (web.folder / "parts" / f"{part}.csv").write_text(TABLE)
    return f"{web.address}/prices.csv"


@pytest.fixture
def run(barenet, address):
    """A run on the table, and its secret address."""
    secret = f"{address}?token=secret"
    barenet("train", secret, *QUICK, "--out", "run").ok()
    return Path("run"), secret


def test_every_command_reads_them(barenet, web, address, run):
    folder, secret = run
    Path("prices.csv").write_text(TABLE)
    barenet("train", "prices.csv", *QUICK, "--out", "local").ok()
    model = "model.safetensors"
    assert (folder / model).read_bytes() == Path("local", model).read_bytes()
    own = barenet("predict", folder, "prices.csv", "--keep", "town").rows
    assert barenet("predict", folder, address, "--keep", "town").rows == own
    parts = f"{web.address}/parts/*.csv"
    assert barenet("predict", folder, parts, "--keep", "town").rows == own * 2
    for command in ("evaluate", "importance"):
        done = barenet(command, folder, "--json").json
        assert done["rows"] == 24 and '"evaluated_on": "test rows"' in json.dumps(done)
    assert barenet("drift", folder, address, "--json").json["n_rows"] == 120
    assert "row 3 of prices.csv" in barenet("explain", folder, secret, "--rows", 3).words
    integers = ("--arithmetic", "int8", "--calibration", address)
    barenet("export", folder, "--out", "net.c", *integers).ok()
    barenet("train", parts, *QUICK).ok()
    assert Path("runs/parts/model.safetensors").is_file()


def test_a_run_has_the_address_and_its_card_the_name(barenet, run):
    folder, secret = run
    settings = tomllib.loads((folder / "settings.toml").read_text())
    assert settings["data"] == secret
    model = load_predictor(folder / "model.safetensors")
    assert model.card.settings["data"] == model.dataset == "prices.csv"
    assert b"secret" not in (folder / "model.safetensors").read_bytes()
    again = barenet("train", "--config", folder / "settings.toml", "--no-plots", "--out", "again")
    again.ok()
    assert Path("again/model.safetensors").read_bytes() == (
        (folder / "model.safetensors").read_bytes()
    )


def test_nothing_is_fetched_for_the_card_of_a_model(barenet, web, run):
    model = load_predictor(run[0] / "model.safetensors")
    spy = f"{web.address}/spy.csv"
    card = replace(model.card, settings={**model.card.settings, "data": spy})
    for given in (card, None):
        save(replace(model, card=given, dataset=spy), "stranger.safetensors")
        assert "spy.csv, not found here" in barenet("evaluate", "stranger.safetensors").error
    assert not any("spy" in request for request in web.requests)


def test_rejected_rows_have_the_address(barenet, web, run):
    (web.folder / "new.csv").write_text("size,town\n1,a\nx,b\n2,a\n")
    barenet("predict", run[0], f"{web.address}/new.csv?token=1", "--rejected", "bad.csv").ok()
    with Path("bad.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["line"]) == (f"{web.address}/new.csv", "3")


def test_errors_name_the_address_and_write_nothing(barenet, web, run):
    for name, problem in {
        f"{web.address}/none.csv": "no such file",
        f"{web.address}/busy.csv": "cannot be read: Service Unavailable",
        "http://127.0.0.1:9/x.csv": "cannot be read: Connect call failed ('127.0.0.1', 9)",
    }.items():
        for command in (("train", name, "--target", "price"), ("predict", run[0], name)):
            assert barenet(*command).error == f"barenet {command[0]}: error: {name}: {problem}"
    assert [*Path().iterdir()] == [run[0]]


@pytest.mark.integration
def test_the_playground_opens_a_table_at_an_address(barenet, address):
    barenet("play", address, "--out", "page.html", "--epochs", 2).ok()
    assert "prices.csv" in Path("page.html").read_text("utf-8")


@pytest.mark.integration
def test_a_terminal_shows_the_progress(terminal, address):
    shown = terminal("train", address, *map(str, QUICK))
    assert "copying prices.csv" in shown
