import json
import os
import re
import signal
import tomllib
from pathlib import Path

import numpy as np
import pytest

from barenet import load
from barenet.engines import ENGINES, ReferenceEngine

pytestmark = pytest.mark.integration

SINE = [0.062748138, 0.006617542]

SHORT = ("--epochs", 1, "--no-plots")


def history_of(run: Path | str) -> list[dict[str, float]]:
    return [json.loads(line) for line in Path(run, "history.jsonl").read_text().splitlines()]


def model_of(run: Path | str) -> bytes:
    return Path(run, "model.safetensors").read_bytes()


def test_a_sine_wave_with_the_options_of_its_tutorial(barenet):
    options = "--layers 1 10 10 1 --learning_rate 0.01 --epochs 201 --verbose_epoch 200 --seed 2"
    done = barenet("train", "sine", *options.split(), "--no-plots").ok()
    printed = dict(re.findall(r"^epoch (\d+)  loss (\S+)", done.err, re.MULTILINE))
    assert printed == {"1": f"{SINE[0]:.9f}", "201": f"{SINE[1]:.9f}"}
    history = history_of("runs/sine")
    assert [row["epoch"] for row in history] == list(range(1, 202))
    np.testing.assert_allclose([history[0]["loss"], history[200]["loss"]], SINE, atol=6e-10)


def test_the_results_of_digits_are_printed_and_written(barenet):
    done = barenet("train", "digits").ok()
    score = float(re.search(r"^network +\S+ test +(\S+)", done.out, re.MULTILINE)[1])
    assert score >= 0.97
    rows = re.findall(r"^\d(?: +(?:\d+|·)){10}$", done.out, re.MULTILINE)
    assert len(rows) == 10
    assert re.search(r"^I'm \d+\.\d % sure that it's an? \d\. It is an? \d\.$", done.out, re.M)
    assert done.out.splitlines()[-4:-1] != ["", "", ""] and "█" in done.out
    names = ["digits.png", "history.jsonl", "history.png", "model.safetensors", "settings.toml"]
    assert sorted(path.name for path in Path("runs/digits").iterdir()) == names


def test_threads_are_no_setting_of_a_run(barenet, monkeypatch):
    used = []

    class Recording(ReferenceEngine):
        name = "recording"

        def __init__(self, job, threads=None):
            super().__init__(job, threads)
            used.append(threads)

    monkeypatch.setitem(ENGINES, "recording", Recording)
    barenet("train", "iris", "--engine", "recording", *SHORT, "--threads", 3).ok()
    settings = Path("runs/iris/settings.toml")
    assert "threads" not in tomllib.loads(settings.read_text())
    barenet("train", "--config", settings, "--no-plots").ok()
    with settings.open("a") as file:
        file.write("threads = 2\n")
    barenet("train", "--config", settings, "--no-plots").ok()
    assert used == [3, None, 2]


def test_the_settings_repeat_a_run_bit_for_bit(barenet):
    options = ["--hidden", "tanh", "--dropout", 0.1, "--schedule", "cosine"]
    options += ["--penalty", "l2:strength=0.001"]
    done = barenet("train", "iris", "--epochs", 5, "--seed", 3, *options, "--no-plots").ok()
    assert "the loss of the epochs includes the penalty" in done.out
    lines = re.findall(r"^epoch (\d)  loss .*  test \d\.\d{6}, accuracy \d\.", done.err, re.M)
    assert lines == [*"12345"] and "120 training rows, 30 test rows\n" in done.err
    assert "validation" not in done.out + done.err + barenet("info", "runs/iris").out
    again = ("train", "--config", "runs/iris/settings.toml", "--no-plots", "--out")
    barenet(*again, "again").ok()
    barenet(*again, "other", "--seed", 4).ok()
    assert model_of("again") == model_of("runs/iris") != model_of("other")
    files = [Path(run, "settings.toml").read_bytes() for run in ("runs/iris", "again")]
    losses = [[row["loss"] for row in history_of(run)] for run in ("runs/iris", "again")]
    assert files[0] == files[1] and losses[0] == losses[1]


def test_a_run_file_overrides_the_data_set_and_flags_override_it(barenet):
    text = 'data = "iris"\nepochs = 3\nlayers = [4, 5, 6, 3]\nshuffle = false\nloss = "ce"\n'
    Path("run.toml").write_text(f'{text}plots = false\nout = "here"\n')
    flags = ("--optimizer", "RMSprop:decay=0.8", "--hidden", "ReLU", "logistic")
    barenet("train", "--config", "run.toml", "--epochs", 4, *flags).ok()
    settings = tomllib.loads(Path("here/settings.toml").read_text())
    own = {"loss": "categorical_cross_entropy", "optimizer": "rmsprop:decay=0.8"}
    own |= {"hidden": ["relu", "sigmoid"], "epochs": 4, "layers": [4, 5, 6, 3], "shuffle": False}
    assert settings == settings | own
    assert not list(Path("here").glob("*.png"))


def test_patience_takes_validation_rows_from_the_training_rows(barenet):
    options = ("--patience", 3, "--epochs", 500, "--learning-rate", 0.2, "--no-plots", "--json")
    result = barenet("train", "iris", *options).json
    history, losses = result["history"], result["history"]["validation_loss"]
    assert result["rows"] == {"training": 108, "validation": 12, "held_out": 30}
    assert len(history["test_loss"]) == len(history["loss"]) < 500
    assert result["stopped_because"] == "validation_loss has not improved for 3 epochs"
    assert result["best_epoch"] == losses.index(min(losses)) + 1


def test_a_run_starts_from_the_weights_of_a_model(barenet, iris):
    new = barenet("train", "iris", "--test-size", 0, *SHORT, "--json").json
    assert new["metrics"]["evaluated_on"] == "training rows"
    result = barenet("train", "iris", "--start-from", iris, *SHORT, "--json").json
    assert result["history"]["loss"][0] < 0.5 * new["history"]["loss"][0]
    assert result["history"]["loss"][0] == pytest.approx(history_of(iris)[-1]["loss"], rel=0.2)
    error = barenet("train", "iris", "--layers", 4, 9, 3, "--start-from", iris).error
    assert "--start-from: the layers of" in error and "Dense(4, 9, 'relu')" in error


def test_a_diverged_run_keeps_its_checkpoint_alone(barenet):
    diverging = ("train", "plane", "--optimizer=sgd", "--batch-size=full", "--learning-rate")
    done = barenet(*diverging, 1e39)
    assert "error: a parameter became infinite or NaN in epoch 1, batch 1; try" in done.err
    assert done.status == 1 and "smaller --learning-rate" in done.err
    assert done.err.endswith(". No model is saved\n") and not Path("runs").exists()
    done = barenet(*diverging, 1000, "--out=new", "--checkpoint-every=1")
    [checkpoint] = re.findall(r"the loss bec.* saved; the checkpoint (\S+) is kept", done.err)
    assert Path(checkpoint) == Path("new/checkpoint.safetensors")
    assert "run is unfinished; `barenet train --resume new`" in barenet("info", "new").err


@pytest.mark.parametrize(
    ("package", "extra", "status"), [("matplotlib", "plot", 0), ("pyarrow", "tables", 2)]
)
def test_a_missing_extra_is_named(process, tmp_path, package, extra, status):
    """Without plots a run succeeds; without a reader of tables it ends in one line."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise ImportError('not installed')")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    data = ["sine", "--no-baselines", "--epochs", 1]
    if status:
        data = ["t.parquet", "--target", "b"]
    folders = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(folders)}
    started = process("train", *data, environment=environment)
    _, err = started.communicate()
    assert started.returncode == status and f"pip install '.[{extra}]'" in err
    assert "no plots: " in err or err.count("\n") == 1
    assert (tmp_path / "runs").exists() == (status == 0)


#: The files of a model.
SAVED = {"model.safetensors", "settings.toml"}


@pytest.mark.case(67, 117)
def test_files_without_room_on_the_disk_are_named_and_written_later(barenet, process, tmp_path):
    """First there is no room for the model, then for it alone."""
    folder = tmp_path / "runs/sine"
    run = ("train", "sine", "--epochs", 400, "--batch-size", 50, "--no-baselines")
    resumed = ("train", "--resume", "runs/sine", "--no-baselines")
    remedy = "once that is corrected, `barenet train --resume runs/sine` completes the run"
    for command, room, message, saved in (
        (run, 1000, "the training is over, and none of its results could be saved", set()),
        (resumed, 30_000, "but not history.jsonl, history.png, fit.png", SAVED),
    ):
        started = process(*command, largest_file=room)
        _, err = started.communicate()
        assert started.returncode == 1 and "Traceback" not in err
        assert err.splitlines()[-1].endswith(f"{message}: File too large; {remedy}")
        assert {path.name for path in folder.iterdir()} == {"unfinished.toml", *saved}
    barenet(*resumed).ok()
    barenet(*run, "--out", "whole").ok()
    names = {path.name for path in Path("whole").iterdir()}
    assert names == {path.name for path in folder.iterdir()} and len(names) == 5
    for name in names - {"history.jsonl"}:
        assert (folder / name).read_bytes() == Path("whole", name).read_bytes()


def test_a_terminal_shows_a_progress_bar(terminal):
    shown = terminal("train", "iris", "--epochs", "30", "--no-plots", NO_COLOR="1")
    assert re.search("(?s)epoch 30/30 .*loss .*accuracy.*saved in runs/iris:", shown)


def test_a_plot_or_a_score_that_fails_keeps_the_model(barenet, monkeypatch):
    def fail(*_, **more):
        raise ValueError("no such letter")

    with monkeypatch.context() as patch:
        patch.setattr("barenet.plots.plot_history", fail)
        done = barenet("train", "iris", "--epochs", 1)
    assert done.status == 1
    assert done.err.endswith("saved in runs/iris, but not history.png: no such letter\n")
    assert Path("runs/iris/confusion.png").exists()
    assert "the run is finished" in barenet("train", "--resume", "runs/iris").err
    monkeypatch.setattr("barenet.cli._score_tables.Measurement._measure", fail)
    done = barenet("train", "xor", *SHORT, "--no-baselines")
    assert done.status == 2 and "no such letter" in done.err
    card = load("runs/xor/model.safetensors").card
    assert card.scores == {} and card.log.n_epochs == 1


def test_a_reader_that_closes_the_pipe_leaves_a_whole_run(process, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    started = process("train", "sine", "--epochs", 1, "--no-baselines", stdout=writing)
    os.close(writing)
    _, err = started.communicate(timeout=100)
    assert (started.returncode, "Traceback" in err) == (0, False)
    assert (tmp_path / "runs/sine/fit.png").exists()
    assert not (tmp_path / "runs/sine/unfinished.toml").exists()


def test_the_output_folder_does_not_change_the_model(barenet):
    """No path or time is in it, so it reveals neither who has trained it nor where."""
    models = []
    for folder in ("secret", "elsewhere"):
        Path(folder).mkdir()
        table = Path(folder) / "rows.csv"
        table.write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
        options = ["--no-baselines", "--verbose-epoch", len(folder), "--out", f"of {folder}"]
        barenet("train", table.resolve(), "--target", "b", *SHORT, *options).ok()
        models.append(model_of(f"of {folder}"))
    assert models[0] == models[1]
    assert b"secret" not in models[0] and b"rows.csv" in models[0]


def test_an_interrupt_after_the_training_names_the_command_that_completes_it(barenet, monkeypatch):
    # The baselines begin when the last epoch is over and the model is written.
    with monkeypatch.context() as interrupted:
        interrupt = lambda *_, **more: signal.raise_signal(signal.SIGINT)  # noqa: E731
        interrupted.setattr("barenet.tasks._measurement.fit_baseline", interrupt)
        done = barenet("train", "iris", *SHORT, "--out", "a run")
    assert (done.status, done.out) == (130, "")
    assert done.err.endswith(
        "barenet train: error: interrupted after the training had ended; `barenet train --resume "
        "'a run'` writes the results that are missing\n"
    )
    barenet("evaluate", "a run").ok()
    assert "30 test" in barenet("train", "--resume", "a run", "--no-plots").out
    assert not Path("a run/unfinished.toml").exists()
