"""Commands with data at an address: those of a file on this machine, from a real web server."""

import csv
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from barenet import load, save
from barenet.files._model_path import UNFINISHED
from barenet.storage import _remote_file as remote_file

ROWS = [f"{i % 13 / 3},{'ab'[i % 2]},{i % 13 + i % 2}" for i in range(120)]
TABLE = "\n".join(["size,town,price", *ROWS])
QUICK = ("--target", "price", "--model", "network", "--epochs", 3, "--no-plots", "--no-baselines")


@pytest.fixture
def address(web):
    """The address of a table, with more of them beside it."""
    (web.folder / "prices.csv").write_text(TABLE)
    (web.folder / "parts").mkdir()
    for part in range(2):
        (web.folder / "parts" / f"{part}.csv").write_text(TABLE)
    return f"{web.address}/prices.csv"


def hidden(secret):
    """An address as it is shown."""
    return secret.replace("me:secret-word@", "…@").replace("token=secret", "…")


@pytest.fixture
def run(barenet, address):
    """A run on the table, and its secret address."""
    secret = address.replace("://", "://me:secret-word@") + "?token=secret"
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
    done = barenet("evaluate", folder, secret, "--json").json
    assert done["rows"] == 24 and done["metrics"]["evaluated_on"] == "test rows"


def test_a_run_has_the_address_and_its_card_the_name(run):
    folder, secret = run
    settings = tomllib.loads((folder / "settings.toml").read_text())
    assert settings["data"] == hidden(secret)
    model = load(folder / "model.safetensors")
    assert model.card.settings["data"] == model.dataset == "prices.csv"


def test_no_output_has_a_password_or_a_token(barenet, web, run):
    folder, secret = run
    (web.folder / "bad.csv").write_text("size,town,price\n1,a,2\nx,b\n2,a,3\n")
    bad = secret.replace("prices", "bad")
    Path("settings.toml").write_text(f"data = '{bad}'\n")
    for words in (
        ("drift", folder, secret, "--out", "drift.html"),
        ("predict", folder, bad, "--rejected", "rejected.csv"),
        ("explain", folder, bad),
        ("train", "--config", "settings.toml", *QUICK),
        ("evaluate", secret),
        ("train", "--engine", secret),
        ("play", secret.replace("csv", "xyz")),
    ):
        done = barenet(*words)
        assert "secret" not in done.out + done.err, words
    Path("settings.toml").unlink()
    written = [path for path in Path().rglob("*") if path.is_file()]
    assert {"drift.html", "rejected.csv"} <= {path.name for path in written}
    assert not [path for path in written if b"secret" in path.read_bytes()]


@pytest.mark.integration
def test_a_run_with_a_token_needs_its_address_again(barenet, run, monkeypatch):
    folder, secret = run
    (folder / "settings.toml").rename(folder / UNFINISHED)
    (folder / "model.safetensors").unlink()
    monkeypatch.setattr(remote_file, "_SECRETS", {})  # as in another process
    problem = f"run names {hidden(secret)}, which is read only if you name it, too"
    remedy = "if you trust its server, name the data by their whole address"
    resumed = "train", "--resume", folder, "--no-plots", "--no-baselines"
    assert barenet(*resumed).error == f"barenet train: error: DATA: {problem}; {remedy}"
    barenet(*resumed, secret).ok()
    monkeypatch.setattr(remote_file, "_SECRETS", {})
    assert "which is read only if you name it" in barenet("evaluate", folder).error
    monkeypatch.setattr(remote_file, "_SECRETS", {})
    Path("whole.toml").write_text(f"data = '{hidden(secret)}'\n")
    problem = "a password or a token is not saved; name the data by their whole address"
    assert barenet("train", "--config", "whole.toml").error.endswith(problem)
    assert "network 24 test" in barenet("evaluate", folder, secret).words


def test_nothing_is_fetched_for_the_card_of_a_model(barenet, web, run):
    model = load(run[0] / "model.safetensors")
    spy = f"{web.address}/spy.csv"
    card = replace(model.card, settings={**model.card.settings, "data": spy})
    for given in (card, None):
        save(replace(model, card=given, dataset=spy), "stranger.safetensors")
        assert "spy.csv, not found here" in barenet("evaluate", "stranger.safetensors").error
    assert not any("spy" in request for request in web.requests)


#: Commands that read the data of a run by default.
READERS = [
    ("evaluate", "run"),
    ("importance", "run"),
    ("report", "run"),
    ("plot", "confusion", "run"),
    ("plot", "residuals", "run"),
    ("explain", "run"),
    ("predict", "run", "prices.csv", "--reasons", 1),
    ("drift", "run", "prices.csv"),
    ("train", "--teacher", "run"),
    ("export", "run", "--to", "c", "--arithmetic", "int8"),
]


@pytest.mark.case(206)
@pytest.mark.parametrize("command", READERS, ids=lambda words: " ".join(map(str, words)))
def test_no_command_reads_an_address_that_only_a_run_names(barenet, web, run, command):
    """A run may be a stranger's, whose server would learn of each command."""
    Path("prices.csv").write_text(TABLE)
    web.requests.clear()
    done = barenet(*command)
    assert web.requests == []
    if done.status:
        assert "which is read only if you name it, too" in done.err


@pytest.mark.case(206)
@pytest.mark.parametrize("name", ["data", "start_from", "teacher"])
def test_a_resumed_run_reads_the_addresses_that_the_user_names(barenet, web, address, name):
    Path("prices.csv").write_text(TABLE)
    barenet("train", "prices.csv", *QUICK, "--out", "other").ok()
    (web.folder / "other.safetensors").write_bytes(Path("other/model.safetensors").read_bytes())
    data = "prices.csv"
    options: tuple[str, ...] = ()
    if name == "data":
        data = named = address
    else:
        named = f"{web.address}/other.safetensors"
        options = (f"--{name.replace('_', '-')}", named)
    barenet("train", data, *QUICK, *options, "--out", "run").ok()
    Path("run/settings.toml").rename(Path("run", UNFINISHED))
    Path("run/model.safetensors").unlink()
    web.requests.clear()
    resumed = ("train", "--resume", "run", "--no-plots", "--no-baselines")
    refused = barenet(*resumed).error
    assert web.requests == []
    assert f"run names {named}, which is read only if you name it, too" in refused
    barenet(*resumed, *(options or [named])).ok()
    assert web.requests


@pytest.mark.case(206)
def test_a_named_address_is_read_as_that_of_the_run(barenet, web, address, run):
    assert "network 24 test" in barenet("evaluate", "run", run[1]).words
    for command in (("report", "run"), ("plot", "confusion", "run")):
        web.requests.clear()
        barenet(*command, run[1]).ok()
        assert web.requests


def test_rejected_rows_have_the_address(barenet, web, run):
    (web.folder / "new.csv").write_text("size,town\n1,a\nx,b\n2,a\n")
    barenet("predict", run[0], f"{web.address}/new.csv?token=1", "--rejected", "bad.csv").ok()
    with Path("bad.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["line"]) == (f"{web.address}/new.csv?…", "3")


def test_errors_name_the_address_and_write_nothing(barenet, web):
    for name, problem in {
        f"{web.address}/none.csv": "no such file",
        f"{web.address}/busy.csv": "cannot be read: Service Unavailable",
        "http://127.0.0.1:9/x.csv": "cannot be read: Connect call failed ('127.0.0.1', 9)",
    }.items():
        error = barenet("train", name, "--target", "price").error
        assert error == f"barenet train: error: {name}: {problem}"
    assert not [*Path().iterdir()]


@pytest.mark.integration
def test_the_playground_opens_a_table_at_an_address(barenet, address):
    barenet("play", address, "--out", "page.html", "--epochs", 2).ok()
    assert "prices.csv" in Path("page.html").read_text("utf-8")


@pytest.mark.integration
def test_a_terminal_shows_the_progress(terminal, address):
    shown = terminal("train", address, *map(str, QUICK))
    assert "copying prices.csv" in shown
