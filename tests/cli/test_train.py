import json
import os
import re
import signal
import subprocess
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from barenet import load_predictor
from barenet.engines import ENGINES, ReferenceEngine

# From the tutorials' own algorithms, run faithfully in NumPy.
MOONS = [0.693127, 0.671018, 0.442552, 0.354652, 0.329080, 0.320810]
SINE = [0.062748138, 0.006617542]


def test_two_moons(barenet):
    result = barenet("train", "moons", "--epochs", 5001, "--no-plots", "--json").json
    np.testing.assert_allclose(result["history"]["loss"][::1000], MOONS, atol=6e-7)
    assert result["metrics"]["accuracy"] == 0.85
    assert result["layers"] == [2, 1, 1]


def test_a_sine_wave_with_the_options_of_its_tutorial(barenet):
    options = "--layers 1 10 10 1 --learning_rate 0.01 --epochs 201 --verbose_epoch 200 --seed 2"
    done = barenet("train", "sine", *options.split(), "--no-plots")
    printed = dict(re.findall(r"^epoch (\d+)  loss (\S+)", done.err, re.MULTILINE))
    assert done.status == 0
    assert printed == {"1": f"{SINE[0]:.9f}", "201": f"{SINE[1]:.9f}"}
    history = [json.loads(row) for row in Path("runs/sine/history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in history] == list(range(1, 202))
    np.testing.assert_allclose([history[0]["loss"], history[200]["loss"]], SINE, atol=6e-10)


def test_digits_are_learned_and_told(barenet):
    done = barenet("train", "digits")
    assert done.status == 0
    score = float(re.search(r"^network +\S+ test +(\S+)", done.out, re.MULTILINE)[1])
    assert score >= 0.97
    rows = re.findall(r"^\d(?: +(?:\d+|·)){10}$", done.out, re.MULTILINE)
    assert len(rows) == 10
    assert re.search(r"^I'm \d+\.\d % sure that it's an? \d\. It is an? \d\.$", done.out, re.M)
    assert done.out.splitlines()[-4:-1] != ["", "", ""] and "█" in done.out
    files = sorted(path.name for path in Path("runs/digits").iterdir())
    assert files == [
        "digits.png",
        "history.jsonl",
        "history.png",
        "model.safetensors",
        "settings.toml",
    ]


def test_mnist_is_learned_from_the_folder_of_its_files(barenet):
    folder = os.environ.get("BARENET_DATA")
    if not folder:
        pytest.skip("BARENET_DATA does not say where MNIST is")
    options = ("--data-dir", folder, "--epochs", 1, "--no-plots")
    done = barenet("train", "mnist", *options)
    assert done.status == 0
    assert "46,900 training rows, 23,100 test rows\n784 features, 10 classes" in done.err
    assert float(re.search(r"^network +\S+ test +(\S+)", done.out, re.MULTILINE)[1]) > 0.8


def test_threads_are_for_this_run_and_no_setting(barenet, monkeypatch):
    told = []

    class Recording(ReferenceEngine):
        name = "recording"

        def __init__(self, job, threads=None):
            super().__init__(job, threads)
            told.append(threads)

    monkeypatch.setitem(ENGINES, "recording", Recording)
    options = ("--engine", "recording", "--epochs", 1, "--no-plots")
    assert barenet("train", "iris", *options, "--threads", 3).status == 0
    settings = Path("runs/iris/settings.toml")
    assert "threads" not in tomllib.loads(settings.read_text())
    assert barenet("train", "--config", settings, "--no-plots").status == 0
    with settings.open("a") as file:
        file.write("threads = 2\n")
    assert barenet("train", "--config", settings, "--no-plots").status == 0
    assert told == [3, None, 2]


def test_json_is_one_document_and_nothing_else(barenet):
    done = barenet("train", "iris", "--test-size", 0, "--epochs", 2, "--no-plots", "--json")
    result = done.json
    assert done.out.count("\n") == 1
    assert {"dataset", "layers", "engine", "seed", "history", "metrics", "model"} <= set(result)
    assert result["metrics"]["evaluated_on"] == "training rows"
    assert "iris" in done.err and "epoch" not in done.err


def test_its_settings_repeat_a_run_bit_for_bit(barenet):
    options = ["--hidden", "tanh", "--dropout", 0.1, "--l2", 0.001, "--schedule", "cosine"]
    assert barenet("train", "iris", "--epochs", 5, "--seed", 3, *options, "--no-plots").status == 0
    parameters = load_predictor("runs/iris/model.safetensors").network.parameters
    settings = Path("runs/iris/settings.toml").read_bytes()
    done = barenet("train", "--config", "runs/iris/settings.toml", "--out", "again", "--no-plots")
    assert done.status == 0
    assert (load_predictor("again/model.safetensors").network.parameters == parameters).all()
    assert Path("again/settings.toml").read_bytes() == settings
    losses = [
        [json.loads(row)["loss"] for row in Path(run, "history.jsonl").read_text().splitlines()]
        for run in ("runs/iris", "again")
    ]
    assert losses[0] == losses[1]
    barenet(
        "train", "--config", "runs/iris/settings.toml", "--out", "other", "--seed", 4, "--no-plots"
    )
    assert (load_predictor("other/model.safetensors").network.parameters != parameters).any()


def test_a_run_file_goes_over_the_data_set_and_flags_over_it(barenet):
    Path("run.toml").write_text(
        'data = "iris"\nepochs = 3\nlayers = [4, 5, 3]\nshuffle = false\n'
        'plots = false\nout = "here"\n'
    )
    assert barenet("train", "--config", "run.toml", "--epochs", 4).status == 0
    settings = tomllib.loads(Path("here/settings.toml").read_text())
    assert (settings["epochs"], settings["layers"], settings["shuffle"]) == (4, [4, 5, 3], False)
    assert not list(Path("here").glob("*.png"))


def test_patience_takes_validation_rows_from_the_training_rows(barenet):
    options = ("--patience", 3, "--epochs", 500, "--learning-rate", 0.2, "--no-plots", "--json")
    result = barenet("train", "iris", *options).json
    assert result["rows"] == {"training": 108, "validation": 12, "held_out": 30}
    assert len(result["history"]["loss"]) < 500
    assert result["stopped_because"] == "validation_loss has not improved for 3 epochs"
    assert len(result["history"]["test_loss"]) == len(result["history"]["loss"])
    losses = result["history"]["validation_loss"]
    assert result["best_epoch"] == losses.index(min(losses)) + 1


def test_rows_that_decide_nothing_are_called_test_rows_everywhere(barenet):
    done = barenet("train", "iris", "--epochs", 3, "--verbose-epoch", 1, "--no-plots")
    lines = re.findall(r"^epoch (\d)  loss .*  test \d\.\d{6}, accuracy \d\.", done.err, re.M)
    assert lines == ["1", "2", "3"]
    assert "120 training rows, 30 test rows\n" in done.err
    result = barenet("train", "iris", "--epochs", 3, "--no-plots", "--json").json
    assert result["rows"]["validation"] == 0
    assert {"test_loss", "test_accuracy"} <= result["history"].keys()
    told = barenet("info", "runs/iris").out
    assert "test loss" in told and "validation" not in done.out + done.err + told
    assert not [name for name in result["history"] if name.startswith("validation")]


def test_a_run_starts_from_the_weights_of_a_model(barenet, iris):
    options = ("--epochs", 1, "--no-plots", "--json")
    new = barenet("train", "iris", *options).json
    result = barenet("train", "iris", "--start-from", iris, *options).json
    learned = [json.loads(row) for row in (iris / "history.jsonl").read_text().splitlines()]
    assert result["history"]["loss"][0] < 0.5 * new["history"]["loss"][0]
    assert result["history"]["loss"][0] == pytest.approx(learned[-1]["loss"], rel=0.2)
    done = barenet("train", "iris", "--layers", 4, 9, 3, "--start-from", iris)
    assert done.status == 2
    assert "--start-from: the layers of" in done.err and "Dense(4, 9, 'relu')" in done.err


def test_a_run_that_diverges_leaves_the_older_model(barenet):
    assert barenet("train", "plane", "--epochs", 1, "--no-plots").status == 0
    before = Path("runs/plane/model.safetensors").read_bytes()
    done = barenet("train", "plane", "--optimizer", "sgd", "--learning-rate", 1e9, "--no-plots")
    assert done.status == 1
    last = done.err.splitlines()[-1]
    assert re.match(r"barenet train: error: the loss became \S+ in epoch 1, and nothing is", last)
    assert "--learning-rate" in last
    assert Path("runs/plane/model.safetensors").read_bytes() == before
    diverging = ("--optimizer", "sgd", "--learning-rate", 1e9)
    assert barenet("train", "plane", *diverging, "--out", "new").status == 1
    assert not Path("new").exists()


def test_pictures_need_an_extra_and_a_missing_one_is_no_failure(process, tmp_path):
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("raise ImportError('not installed')")
    done = process("train", "iris", "--epochs", 1, environment={"PYTHONPATH": str(tmp_path)})
    _, err = done.communicate()
    assert done.returncode == 0
    assert "no plots: " in err and "pip install 'barenet[plot]'" in err
    assert (tmp_path / "runs/iris/model.safetensors").exists()


def test_a_table_needs_an_extra_and_a_missing_one_is_one_line_and_status_2(process, tmp_path):
    (tmp_path / "pyarrow").mkdir()
    (tmp_path / "pyarrow" / "__init__.py").write_text("raise ImportError('not installed')")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n2,3\n3,4\n")
    done = process("train", "t.csv", "--target", "b", environment={"PYTHONPATH": str(tmp_path)})
    out, err = done.communicate()
    assert (done.returncode, out) == (2, "")
    assert err.count("\n") == 1 and "pip install 'barenet[tables]'" in err
    assert not (tmp_path / "runs").exists()


def test_fault_66_a_folder_that_cannot_be_written_is_found_before_training(barenet):
    Path("file").write_text("in the way")
    done = barenet("train", "sine", "--epochs", 10**6, "--out", "file/run")
    assert done.status == 1
    (line,) = done.err.splitlines()
    said = "is a file, and no folder can be made there; choose another place"
    assert line == f"barenet train: error: --out: file {said}"


def test_fault_67_a_full_disk_leaves_the_older_model(barenet, process, tmp_path):
    assert barenet("train", "iris", "--epochs", 1, "--no-plots").status == 0
    model = tmp_path / "runs/iris/model.safetensors"
    before = model.read_bytes()
    done = process("train", "iris", "--epochs", 2, "--no-plots", largest_file=1000)
    _, err = done.communicate()
    assert done.returncode == 1
    assert err.splitlines()[-1] == (
        "barenet train: error: the training is over, and none of its results could be saved: File "
        "too large; once that is corrected, `barenet train --resume runs/iris` completes the run"
    )
    assert "Traceback" not in err
    assert model.read_bytes() == before
    suffixes = sorted(path.suffix for path in model.parent.iterdir())
    assert suffixes == [".jsonl", ".safetensors", ".toml", ".toml"]
    assert barenet("train", "--resume", "runs/iris", "--no-plots").status == 0
    assert model.read_bytes() != before and len(list(model.parent.iterdir())) == 3


def test_an_interrupt_before_the_training_is_one_line(process, tmp_path):
    begun = tmp_path / "runs/one/unfinished.toml"
    started = process("train", "-", "--target", "y", "--out", begun.parent, stdin=subprocess.PIPE)
    while not begun.exists():  # From then on, the process reads its table.
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert started.returncode == 130
    assert err == "barenet train: error: interrupted\n"


def test_fault_72_two_runs_do_not_write_into_one_folder(process, barenet):
    options = ("--no-plots", "--no-baselines")
    first = process("train", "sine", "--epochs", 100_000, "--verbose-epoch", 1, *options)
    assert any(printed.startswith("epoch") for printed in first.stderr)
    second = barenet("train", "sine", "--epochs", 1, *options)
    first.kill()
    first.communicate()
    assert second.status == 1
    assert second.err == "barenet train: error: runs/sine: another run is writing there\n"
    assert barenet("train", "sine", "--epochs", 1, *options).status == 0


def test_on_a_terminal_there_is_a_bar(terminal):
    shown = terminal("train", "iris", "--epochs", "30", "--no-plots", NO_COLOR="1")
    assert re.search("(?s)epoch 30/30 .*loss .*accuracy.*saved in runs/iris:", shown)


def test_a_table_whose_target_is_far_from_1_is_learned_from_the_defaults(barenet):
    """As prices are: with three flat columns and a target around 250,000."""
    rng = np.random.default_rng(0)
    X = rng.uniform([40, 1, 0], [160, 6, 30], (200, 3))
    price = 90_000 + X @ [2_400.0, 9_000.0, -500.0] + rng.normal(0, 5_000, 200)
    rows = [
        ",".join(f"{value:.3f}" for value in (*row, y)) for row, y in zip(X, price, strict=True)
    ]
    Path("prices.csv").write_text("\n".join(["area,rooms,age,price", *rows]) + "\n")
    result = barenet("train", "prices.csv", "--target", "price", "--no-plots", "--json").json
    assert result["metrics"]["r2"] > 0.95
    assert result["metrics"]["mae"] < 15_000
    (row,) = barenet("predict", "runs/prices", "prices.csv", "--row", 0).out.splitlines()[1:]
    assert float(row) == pytest.approx(price[0], rel=0.15)


def test_fault_117_all_that_a_full_disk_has_no_room_for_is_named_and_written_later(
    barenet, process, tmp_path
):
    run = ("train", "iris", "--epochs", 400, "--no-baselines")
    _, err = process(*run, largest_file=30_000).communicate()
    assert err.splitlines()[-1] == (
        "barenet train: error: the model is saved in runs/iris, but not history.jsonl, "
        "history.png, confusion.png: File too large; once that is corrected, `barenet train "
        "--resume runs/iris` completes the run"
    )
    folder = tmp_path / "runs/iris"
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.safetensors", "settings.toml", "unfinished.toml"}
    assert barenet("train", "--resume", "runs/iris", "--no-baselines").status == 0
    assert barenet(*run, "--out", "whole").status == 0
    names = {path.name for path in Path("whole").iterdir()}
    assert names == {path.name for path in folder.iterdir()} and len(names) == 5
    for name in names - {"history.jsonl"}:
        assert (folder / name).read_bytes() == Path("whole", name).read_bytes()


def test_a_picture_that_cannot_be_drawn_leaves_no_run_to_resume(barenet, monkeypatch):
    def fail(*_, **more):
        raise ValueError("no such letter")

    monkeypatch.setattr("barenet.plots.plot_history", fail)
    done = barenet("train", "iris", "--epochs", 1)
    assert done.status == 1
    assert done.err.endswith("saved in runs/iris, but not history.png: no such letter\n")
    assert Path("runs/iris/confusion.png").exists()
    assert "the run is finished" in barenet("train", "--resume", "runs/iris").err


def test_a_reader_who_has_had_enough_leaves_a_whole_run(process, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    started = process("train", "iris", "--epochs", 1, "--no-baselines", stdout=writing)
    os.close(writing)
    _, err = started.communicate(timeout=100)
    assert (started.returncode, "Traceback" in err) == (0, False)
    assert (tmp_path / "runs/iris/confusion.png").exists()
    assert not (tmp_path / "runs/iris/unfinished.toml").exists()


def test_a_name_of_dots_has_a_folder_of_its_own(barenet):
    Path("..csv").write_text("x,y\n" + "".join(f"{x},{x / 2}\n" for x in range(20)))
    assert barenet("train", "..csv", "--target", "y", "--epochs", 1, "--no-plots").status == 0
    assert Path("runs/data/model.safetensors").exists()


def test_a_penalty_in_the_loss_of_the_epochs_is_told(barenet):
    options = ("--epochs", 1, "--no-plots")
    assert "penalty" in barenet("train", "iris", "--l2", 0.1, *options).out
    assert "penalty" not in barenet("train", "iris", *options).out


def test_pictures_of_an_earlier_run_go_and_those_of_others_stay(barenet):
    barenet("train", "xor", "--epochs", 1, "--out", "here")
    assert Path("here/boundary.png").exists()
    barenet("train", "plane", "--epochs", 1, "--out", "here", "--no-plots")
    assert not Path("here/boundary.png").exists() and not Path("here/history.png").exists()


def test_the_same_run_in_another_folder_makes_the_same_model(barenet):
    """No path is in it, and no time; so it says nothing of who has trained it, and where."""
    models = []
    for folder in ("secret", "elsewhere"):
        Path(folder).mkdir()
        table = Path(folder) / "rows.csv"
        table.write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
        plan = ["--target", "b", "--epochs", 2, "--no-plots", "--no-baselines", "--verbose-epoch"]
        assert (
            barenet("train", table.resolve(), *plan, len(folder), "--out", f"of {folder}").status
            == 0
        )
        models.append((Path(f"of {folder}") / "model.safetensors").read_bytes())
    assert models[0] == models[1]
    assert b"secret" not in models[0] and b"rows.csv" in models[0]


def test_scores_that_cannot_be_measured_leave_the_model(barenet, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("no scores")

    monkeypatch.setattr("barenet.cli._scores.choose_engine", fail)
    done = barenet("train", "xor", "--epochs", 1, "--no-plots", "--no-baselines")
    assert done.status == 2 and "no scores" in done.err
    card = load_predictor("runs/xor/model.safetensors").card
    assert card.scores == {} and card.log.n_epochs == 1


def test_who_interrupts_what_comes_after_the_training_hears_where_the_model_is(
    barenet, monkeypatch
):
    # The baselines begin when the last epoch is over and the model is written.
    with monkeypatch.context() as interrupted:
        interrupt = lambda *_, **more: signal.raise_signal(signal.SIGINT)  # noqa: E731
        interrupted.setattr("barenet.cli._scores.fit_baseline", interrupt)
        done = barenet("train", "iris", "--epochs", 2, "--no-plots", "--out", "a run")
    assert (done.status, done.out) == (130, "")
    assert done.err.endswith(
        "barenet train: error: interrupted after the training had ended; `barenet train --resume "
        "'a run'` writes the results that are missing\n"
    )
    assert barenet("evaluate", "a run").status == 0
    assert "30 test" in barenet("train", "--resume", "a run", "--no-plots").out
    assert not Path("a run/unfinished.toml").exists()
