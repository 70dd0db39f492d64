"""Wrong usage of every command: one line with the typed option, status 2, and no output file."""

import io
import re
import shlex
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import barenet as barenet_package
from barenet.cli._flags import PARAMETER
from barenet.cli._main import COMMANDS, app
from barenet.cli._spelling import Spelling

EMPTY = "expected a file, a folder or a data set, got an empty name"

#: Commands, with IRIS and LINE for the folders of runs, and part of the error.
REFUSED = {
    "train 'columns*' --target a": "DATA: a pattern needs a suffix, such as 'columns*.csv'",
    "play mine.c": "DATA: the playground opens .csv, .json and model files, and mine.c is none",
    "play nowhere.json": "nowhere.json: No such file or directory",
    "play nowhere.json passed=1.2": 'ROWS: expected settings in quotes, as in "#passed=1.2", got',
    "train pricescsv": "xor); the name of a file ends in .csv, .tsv, .txt, .parquet or .npz",
    "train iris --threads 0": "--threads: expected a whole number of 1 or more, got 0",
    "explain IRIS --prediction": "unknown option --prediction; `barenet predict MODEL DATA --row",
    "train moons --samples 50": "unknown option --samples; write it behind the data set, as in moo",
    "train iris --l2 0.1": "unknown option --l2; write --penalty l2:strength=0.001",
    "predict iris iris --interval 0.9": "unknown option --interval; write --coverage 0.9",
    "train iris --repeat 2": "unknown option --repeat; train_many of Python trains networks",
    "train 'columns*.csv'": "such as --target c",
    "train columns.csv --target c --model network --test-size 0.6": "1 row is left to train on, ",
    "train iris --memory 1GB": "is an option for tables",
    "train columns.csv new.csv --target c": "in quotes, such as 'data/*.csv'",
    "drift runs/iris columns.csv new.csv": "in quotes, such as 'data/*.csv'",
    "search 'columns*.csv' --target c --penalty l1 l2": "a search needs all rows in memory",
    "search iris --learning-rate 0.01": "a single combination of settings",
    "search iris --layers 64 32": "such as 21,8,1 (commas within one network, spaces between cand",
    "search iris --learning-rate 0.1,0.2": "--learning-rate: expected a number, got '0.1,0.2'; "
    "separate values by spaces",
    "search iris --schedule cosine reduce_on_plateau": "--schedule: reduce_on_plateau needs",
    "search iris --epochs 1 2 --patience 3": "unknown option --patience",
    "search plane --loss squared_error poisson --output identity exponential": "--target-scaling",
    "search iris --epochs 1 2 --workers 2 --scheduler tcp://x": "--workers, --scheduler: the sched",
    "train iriss": "DATA: unknown 'iriss', did you mean 'iris'?",
    "train iris --learning_rate=-1": "--learning_rate: expected a number above 0, got -1.0",
    "train iris --optimizer lbfgs --learning-rate 1": "--learning-rate: lbfgs finds its own step",
    "train iris --start-from nowhere": "--start-from: nowhere: there is no such file",
    "train iris --seed 1 '2 b'": "unexpected '2 b'; the command takes no more words, and most",
    "train": "DATA: name a data set",
    "train --config missing.toml": "config: missing.toml: no such file",
    "train --config IRIS": "settings.toml",
    "train columns.csv": "are a, b, c; name the one to predict, such as --target c",
    "train columns.csv --target b --drop x": "--drop: columns.csv: no column x; the",
    "train iris --model ensemble": "--model: this is an option for tables, and iris is not one",
    "train columns.csv --target c --model ensemble --optimizer sgd": "--optimizer: is a setting of "
    "one network, not of an ensemble; leave it out, or train one network with --model network",
    "train columns.csv --target c --class-weight balanced": "--class-weight: only for classes, and "
    "'c' is a number; leave it o",
    # fault 64
    "train iris --learning-rat 4": "unknown option --learning-rat, did you mean '--learning-rate'?",
    "train iris --layers 4 8,,x 3": "--layers: expected a whole number, got '8,,x'",  # fault 65
    "predict IRIS iris --row 150": "row: expected 0 to 149, got 150",
    "predict IRIS wine": "wine has 13 features, and",
    "predict IRIS iris --keep key": "keep: this is an option for tables, and iris is not one",
    "predict IRIS new.csv --keep key": "keep: new.csv: no column key; the columns are sepal",
    "predict IRIS new.csv --out new.csv": "--out: new.csv is already read or written",
    "predict IRIS new.csv --out o.csv --json": "--json: it prints to standard output, and --out",
    "predict IRIS new.csv --out o.csv --row 1": "--row: it prints to standard output, and --out",
    "predict IRIS new.csv --out o.csv --rejected o.csv": "--rejected: o.csv is already read",
    "predict IRIS new.csv --max-unknown 5": "--max-unknown: expected a number from 0 to 1",
    "predict IRIS new.csv --keep prediction": "--keep: prediction is a column of the predictions",
    "predict MODEL": "DATA: expected a value, got none; `barenet predict --help` describes it",
    "train iris --epochs": "--epochs: expected a value after it, got none",
    "train iris --epochs 3 --epochs 4": "--epochs: given more than once; leave out all but one",
    "train iris --baselines=perhaps": "--baselines: expected true or false, got 'perhaps'",
    "train iris --model networks": "--model: unknown 'networks', did you mean 'network'?",
    "play --port abc": "--port: expected a whole number, got 'abc'",
    "export IRIS --to pytorch": "--to: unknown 'pytorch', did you mean 'python'? (choose from onnx",
    "info nowhere": "nowhere: there is no such file",
    "compare nowhere IRIS": "nowhere: there is no such file",
    "report .": ".: there is no model.safetensors",
    "evaluate LINE moons": "moons has 2 classes (0, 1), and",
    "explain moons --row 200": "row: expected 0 to 199, got 200",
    "explain moons iris": "DATA: moons is not a model",
    "explain moons --precision 99": "precision: expected a whole number from 1 to 17, got 99",
    "explain IRIS --missing unknown": "missing: ",
    "plot fit IRIS": "KIND: a fit plot needs a numeric target, and iris has classes",
    "plot portrait IRIS": "KIND: unknown 'portrait' (choose from history, ",
    "plot history IRIS --out picture.bmp": "unknown format '.bmp'",
    "export IRIS": "; name one of onnx, c, python, schema, json, or end the path with .onnx",
    "export IRIS --out net.c --arithmetic int8 --calibration none.csv": "none.csv: no such file",
    "export IRIS --out nowhere/net.c": "there is no such folder",
    "play 'https://a.org/play/#passed=1.2'": 'from the #, in quotes: "#passed=1.2"',
    "train --resume .": "no run found in .; start the run again without --resume",
    "export IRIS columns.csv new.csv": "takes no more words",
    "play moons --epochs 5": "add --out",
    "play '#networks=2' --out a.html": "one network",
    "play '#net.batch_norm=true' --out a.html": "unknown 'net.batch_norm'",
    "play '#net.hidden=200~200' --out a.html": "weights are more than a recording holds",
    "play model.safetensors --out a.html": "is a model",
    "play moons --epochs 0 --out a.html": "1 to 10000000",
    "play '#data=drawn' --out a.html": "points: there are none to train on",
    "play '#lesson=xo' --out a.html": "xor",
    "predict IRIS " + "x" * 300: "xxx",  # a name too long for a file
    "train iris --epochs 1 --no-plots --out " + "x" * 300: "xxx",
    "explain moons --out d.csv": "out: unknown format '.csv' of d.csv (choose",
    "columns iris": "DATA: expected a table, which is one file, got 'iris'",
    "train iris --columns a=names": "--columns: this is an option for tables, and iris is not one",
    "completion csh": "unknown 'csh', did you mean 'zsh'? (choose from bash, zsh, fish)",
    "train iris --epochs 1 --no-plots --out ''": f"--out: {EMPTY}",
    "train ''": f"DATA: {EMPTY}",
    "play IRIS ''": f"ROWS: {EMPTY}",
    "predict htps://me:word@a.org/m?v=1 x.csv": "htps://…@a.org/m?…: unknown protocol",  # a secret
    "info http://127.0.0.1:9/model.safetensors": "cannot be read: Connect call failed",
    "train iris --out http://127.0.0.1:9/run": "http://127.0.0.1:9/run: cannot be read: Con",
}


@pytest.mark.case(64, 65, 141)
@pytest.mark.promise(14)
@pytest.mark.integration
@pytest.mark.parametrize(("typed", "message"), REFUSED.items(), ids=lambda text: text[:40])
def test_wrong_usage_is_one_line_and_status_2(barenet, iris, line, typed, message, monkeypatch):
    Path("columns.csv").write_text("a,b,c\n1,2,3\n3,4,6\n5,6,5\n")
    names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    Path("new.csv").write_text(",".join([*names, "prediction"]) + "\n5.1,3.5,1.4,0.2,a\n")
    Path("mine.c").touch()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,c\n1,2\n3,4\n")))
    before = contents(Path(), iris)
    words = shlex.split(typed.replace("IRIS", str(iris)).replace("LINE", str(line)))
    error = barenet(*words).error
    assert error.startswith(f"barenet {words[0]}: error: ") and message in error
    assert len(error) < 500
    assert contents(Path(), iris) == before


@pytest.mark.case(188)
def test_a_remedy_names_the_command_that_has_the_option(barenet, train):
    """A column of new rows that can't be read might be left out of the training."""
    rows = [f"{row * 7 % 11},{row % 7},{row % 2}" for row in range(30)]
    Path("table.csv").write_text("\n".join(["price,size,y", *rows]))
    model = train(Path("table.csv").resolve(), "--target", "y", "--model", "network", "--epochs", 1)
    weeks = pd.period_range("2020", periods=3, freq="W")
    pd.DataFrame({"price": weeks, "size": [1, 2, 3]}).to_parquet("new.parquet")
    remedy = "leave it out: --columns price=drop of `barenet train`"
    assert remedy in barenet("predict", model, "new.parquet").error


@pytest.mark.case(188)
@pytest.mark.slow
def test_every_option_of_a_remedy_exists():
    """Each name in the remedies of the package, spelled by commands with many and few options."""
    options = {
        command: {
            flag.strip("-").replace("-", "_"): flag
            for argument in app[command].assemble_argument_collection()
            for flag in argument.names
        }
        for command in COMMANDS
    }
    source = Path(barenet_package.__file__).parent
    texts = [path.read_text("utf-8") for path in source.rglob("*.py")]
    names = {name for text in texts for name in re.findall(r"[^f]\"[^\"]*\{([a-z_]+?)_?\}", text)}
    names &= {name for flags in options.values() for name in flags}
    assert {"decimal", "missing", "memory", "header"} <= names
    spelling = Spelling()
    spelling.root = app
    for command in ("train", "predict", "info"):
        spelling.arguments = app[command].assemble_argument_collection()
        for name in names:
            option, _, other = spelling.spell(name, "x").partition(" of `barenet ")
            assert option.split()[0] in options[other.strip("`") or command].values()


def contents(*folders: Path) -> dict[Path, bytes]:
    """The content of all files in folders."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files}


#: Valid commands, to which one wrong option is added.
VALID = [
    *("train iris --no-plots", "search iris --epochs 1 2 --no-plots"),
    *("predict IRIS iris", "drift IRIS table.csv", "evaluate IRIS", "importance IRIS", "play"),
    *("report IRIS", "plot confusion IRIS", "info IRIS", "export IRIS", "explain iris", "doctor"),
    *("serve IRIS", "datasets", "completion bash", "compare IRIS IRIS", "columns table.csv"),
]
#: Options that accept any word, at least as long as no table is read.
ANY_TEXT = {
    "plot": {"--delimiter", "--encoding"},
    "export": {"--delimiter", "--encoding", "--date-format", "--data-dir"},
    "play": {"--target"},
    "drift": {"--data-dir", "--encoding"},
}


def options() -> dict[str, list[str]]:
    """Each valid command with its options that no command before it has."""
    found = {}
    seen = set()
    assert {valid.split()[0] for valid in VALID} == {*COMMANDS}
    for valid in VALID:
        command = valid.split()[0]
        flags = set()
        for argument in app[command].assemble_argument_collection(default_parameter=PARAMETER):
            flags |= {name for name in argument.names if name.startswith("--")}
        positional = {"--data"} if command != "export" else set()
        flags -= positional | ANY_TEXT.get(command, set()) | seen
        seen |= flags
        found[valid] = sorted(flags)
    return found


@pytest.mark.integration
@pytest.mark.parametrize(("valid", "flags"), options().items(), ids=[*options()])
def test_errors_use_the_typed_flag(barenet, iris, valid, flags):
    command, *words = valid.replace("IRIS", str(iris)).split()
    value = {"--out": "", "--config": "", "--resume": "", "--data": ""}
    for flag in flags:
        more = ["--to", "json"] if command == "export" and flag != "--to" else []
        typed = f"{flag}={value.get(flag, 'wrong?')}"
        error = barenet(command, *words, *more, typed).error
        assert error.startswith(f"barenet {command}: error: ") and flag in error
    assert not any(Path.cwd().iterdir())


def test_values_that_start_with_a_sign_are_attached_to_their_option(barenet):
    values = ["-1,5", "?", "-7"]
    Path("rows.csv").write_text("x,y\n" + "".join(f"{n},{n % 3}\n" for n in range(30)))
    command = (
        "train",
        "rows.csv",
        "--target",
        "y",
        "--missing=-1,5",
        "--missing",
        "?",
        "-7",
        "--epochs",
        1,
    )
    barenet(*command, "--keep-column", "x", "--no-plots", "--no-baselines").ok()
    settings = tomllib.loads(Path("runs/rows/settings.toml").read_text())
    assert (settings["missing"], settings["epochs"]) == (values, 1)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("epochs = 'x'", "epochs in {path}: expected a whole number, got 'x'"),
        ("epochz = 3", "{path}: unknown setting epochz, did you mean 'epochs'?"),
        ("optimizer = 'adam:beta1=3'", "optimizer in {path}: adam's beta1: expected a number"),
    ],
)
def test_errors_name_the_key_and_the_run_file(barenet, setting, problem):
    path = Path("run.toml")
    path.write_text(f"data = 'iris'\n{setting}\n")
    error = barenet("train", "--config", "run.toml").error
    assert problem.format(path=path.absolute()) in error
    if setting.startswith("epochs"):  # the option overrides the key
        done = barenet("train", "--config", "run.toml", "--epochs", "0")
        assert done.err.startswith("barenet train: error: --epochs: expected"), done.err
