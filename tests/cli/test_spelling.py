from __future__ import annotations

from pathlib import Path

import pytest

from barenet.cli._flags import PARAMETER
from barenet.cli._main import COMMANDS, app
from barenet.cli._spelling import Spelling, name_of

#: A command that is right, to which one wrong option is added.
RIGHT = {
    "train": ["train", "iris", "--no-plots", "--epochs", "1"],
    "predict": ["predict", "IRIS", "iris"],
    "evaluate": ["evaluate", "IRIS"],
    "importance": ["importance", "IRIS"],
    "plot": ["plot", "confusion", "IRIS"],
    "info": ["info", "IRIS"],
    "export": ["export", "IRIS", "--to", "json"],
    "explain": ["explain", "iris"],
    "play": ["play"],
    "datasets": ["datasets"],
    "doctor": ["doctor"],
    "completion": ["completion", "bash"],
}
#: An option whose wrong value is another than a word with a question mark.
WRONG = {"--at": "x", "--out": "", "--config": "", "--resume": "", "--data": ""}
#: Taken as they are where no table is read, or without any text that would be wrong.
ANY_TEXT = {
    "plot": {"--delimiter", "--encoding"},
    "export": {"--delimiter", "--encoding", "--data-dir"},
    "play": {"--target"},
}


def options() -> list[tuple[str, str]]:
    found = []
    for command in COMMANDS:
        arguments = app[command].assemble_argument_collection(default_parameter=PARAMETER)
        for argument in arguments:
            flags = [name for name in argument.names if name.startswith("--")]
            flags = [flag for flag in flags if flag not in ANY_TEXT.get(command, set())]
            found += [(command, flag) for flag in flags if flag != "--data" or command == "export"]
    return found


@pytest.mark.parametrize(("command", "flag"), options())
def test_an_error_begins_with_the_flag_as_it_was_typed(barenet, iris, command, flag):
    right = [iris if word == "IRIS" else word for word in RIGHT[command]]
    right = right[:-2] if flag == "--to" else right
    for typed in {flag, f"--{flag[2:].replace('-', '_')}"}:
        if typed == "--epochs":
            right = [word for word in right if word not in ("--epochs", "1")]
        done = barenet(*right, f"{typed}={WRONG.get(flag, 'wrong?')}")
        assert done.status == 2, done
        assert done.err.startswith(f"barenet {command}: error: {typed}: "), done.err
        assert len(done.err.splitlines()) == 1
    assert not any(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ("--learning_rate=-1", "--learning_rate: expected a number above 0, got -1.0"),
        ("--learning-rate=nan", "--learning-rate: expected a number above 0, got nan"),
        ("--optimizer adam:learning_rate=-1", "--optimizer: adam's learning_rate: expected"),
        ("--optimizer lbfgs --learning-rate 1", "--learning-rate: lbfgs finds its own step"),
        ("--optimizer=", "--optimizer: unknown ''"),
        ("--output=", "--output: unknown ''"),
        ("--hidden leaky_relu:slope=x", "--hidden: leaky_relu's slope: expected a number"),
        ("--bias-init normal:std=-1", "--bias-init: normal's std: expected a number of 0"),
        ("--schedule step:every=0", "--schedule: step's every: expected a number above 0"),
        ("--l1=-1", "--l1: expected a number of 0 or more"),
        ("--clip-norm=0", "--clip-norm: expected a number above 0"),
        ("--patience=-1", "--patience: expected a whole number of 0 or more"),
        ("--split-seed=-1", "--split-seed: expected a whole number from 0"),
        ("--verbose-epoch=0", "--verbose-epoch: expected a whole number of 1 or more"),
        ("--start-from nowhere", "--start-from: nowhere: there is no such file"),
        ("--dtype float16", "--dtype: expected float32 or float64, got 'float16'"),
        ("--epoch 3", "--epoch: unknown option; did you mean --epochs?"),
        ("--learning_rat 3", "--learning_rat: unknown option; did you mean --learning-rate?"),
        ("--seed 1 --seed 2", "--seed: given twice; give it once"),
        ("--data moons", "unexpected: iris"),
    ],
)
def test_a_wrong_value_is_named_by_its_flag(barenet, arguments, start):
    done = barenet("train", "iris", *arguments.split())
    assert done.status == 2
    assert done.err.startswith(f"barenet train: error: {start}"), done.err


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("epochs = -3", "epochs in {path}: expected a whole number of 1 or more, got -3"),
        ("epochz = 3", "epochz in {path}: unknown option; did you mean epochs?"),
        ("learning_rate = 'x'", "learning_rate in {path}: expected a number, got 'x'"),
        ("optimizer = 'adam:beta1=3'", "optimizer in {path}: adam's beta1: expected a number"),
    ],
)
def test_a_key_of_a_run_file_is_named_with_its_file(barenet, setting, problem):
    Path("run.toml").write_text(f"data = 'iris'\n{setting}\n")
    done = barenet("train", "--config", "run.toml")
    said = problem.format(path=Path("run.toml").absolute())
    assert done.err.startswith(f"barenet train: error: {said}"), done.err


def test_a_flag_over_a_run_file_is_named_as_a_flag(barenet):
    Path("run.toml").write_text("data = 'iris'\nepochs = 3\n")
    done = barenet("train", "--config", "run.toml", "--epochs", "0")
    assert done.err.startswith("barenet train: error: --epochs: expected"), done.err


def test_a_target_that_is_no_column_names_the_flag(barenet):
    Path("t.csv").write_text("a,y\n1,2\n3,4\n")
    done = barenet("train", "t.csv", "--target", "z")
    assert "error: --target: t.csv: no column z; the columns are a, y" in done.err


@pytest.mark.parametrize("command", ["train", "explain", "play"])
def test_a_word_without_a_flag_has_the_name_in_the_usage(barenet, command):
    name = {"explain": "WHAT"}.get(command, "DATA")
    done = barenet(command, "nowhere")
    assert done.err.startswith(f"barenet {command}: error: {name}: unknown 'nowhere'"), done.err


@pytest.mark.parametrize(
    ("message", "name"), [("epochs: x", "epochs"), ("a.csv:3: x", "a.csv:3"), ("x", "x")]
)
def test_what_is_no_argument_stays(message, name):
    assert Spelling().render(message) == message
    assert name_of(name) == name
