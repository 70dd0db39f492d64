"""An error names the option as it was typed, or the key and the path of a run file."""

from pathlib import Path

import pytest

from barenet.cli._flags import PARAMETER
from barenet.cli._main import COMMANDS, app

#: A valid command, to which one wrong option is added.
VALID = {
    "train": ["train", "iris", "--no-plots"],
    "search": ["search", "iris", "--epochs", "1", "2", "--no-plots"],
    "predict": ["predict", "IRIS", "iris"],
    "evaluate": ["evaluate", "IRIS"],
    "importance": ["importance", "IRIS"],
    "report": ["report", "IRIS"],
    "plot": ["plot", "confusion", "IRIS"],
    "info": ["info", "IRIS"],
    "export": ["export", "IRIS"],
    "explain": ["explain", "iris"],
    "play": ["play"],
    "datasets": ["datasets"],
    "doctor": ["doctor"],
    "completion": ["completion", "bash"],
}
#: Options that accept any word, at least as long as no table is read.
ANY_TEXT = {
    "plot": {"--delimiter", "--encoding"},
    "export": {"--delimiter", "--encoding", "--date-format", "--data-dir"},
    "play": {"--target"},
}


def options() -> list[tuple[str, str]]:
    found = []
    for command in COMMANDS:
        for argument in app[command].assemble_argument_collection(default_parameter=PARAMETER):
            flags = {name for name in argument.names if name.startswith("--")}
            positional = {"--data"} if command != "export" else set()
            found += [(command, flag) for flag in flags - positional - ANY_TEXT.get(command, set())]
    return sorted(found)


@pytest.mark.integration
@pytest.mark.parametrize(("command", "flag"), options())
def test_errors_use_the_typed_flag(barenet, iris, command, flag):
    valid = [iris if word == "IRIS" else word for word in VALID[command]]
    if command == "export" and flag != "--to":
        valid += ["--to", "json"]
    value = {"--at": "x", "--out": "", "--config": "", "--resume": "", "--data": ""}
    for typed in {flag, f"--{flag[2:].replace('-', '_')}"}:
        error = barenet(*valid, f"{typed}={value.get(flag, 'wrong?')}").error
        assert error.startswith(f"barenet {command}: error: ") and typed in error
    assert not any(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("epochs = -3", "epochs in {path}: expected a whole number of 1 or more, got -3"),
        ("epochs = 'x'", "epochs in {path}: expected a whole number, got 'x'"),
        ("epochz = 3", '"[epochz]" from {path}. Did you mean --epochs?'),
        ("learning_rate = 'x'", "[learning_rate] from {path}: unable to convert"),
        ("optimizer = 'adam:beta1=3'", "optimizer in {path}: adam's beta1: expected a number"),
    ],
)
def test_errors_name_the_key_and_the_run_file(barenet, setting, problem):
    path = Path("run.toml")
    path.write_text(f"data = 'iris'\n{setting}\n")
    error = barenet("train", "--config", "run.toml").error
    assert problem.format(path=path.absolute()) in error


def test_errors_of_an_overriding_flag_name_the_flag(barenet):
    Path("run.toml").write_text("data = 'iris'\nepochs = 3\n")
    done = barenet("train", "--config", "run.toml", "--epochs", "0")
    assert done.err.startswith("barenet train: error: --epochs: expected"), done.err


#: Commands, each with the address of a file on another machine.
ADDRESSES = {
    "train s3://bucket/x.parquet --target y": "s3://bucket/x.parquet",
    "train s3://bucket/*.csv --target y": "s3://bucket/*.csv",
    "train https://example.org/data": "https://example.org/data",
    "train iris --out gs://bucket/run": "gs://bucket/run",
    "train iris --start-from s3://bucket/model.safetensors": "s3://bucket/model.safetensors",
    "predict model.safetensors https://example.org/x.csv?v=1": "https://example.org/x.csv?v=1",
    "evaluate s3://bucket/model.safetensors x.csv": "s3://bucket/model.safetensors",
    "play file:///tmp/x.csv": "file:///tmp/x.csv",
}


@pytest.mark.parametrize(("typed", "address"), ADDRESSES.items())
def test_fault_141_an_address_is_refused_as_it_was_typed(barenet, typed, address):
    command, *words = typed.split()
    assert barenet(command, *words).error == (
        f"barenet {command}: error: {address}: expected a path on this machine, got an address; "
        "copy the file from there, or to there afterwards"
    )
    assert not any(Path.cwd().iterdir())
