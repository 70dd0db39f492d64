"""Wrong usage of every command: a one-line error, status 2, and no output file."""

import io
import shlex
from pathlib import Path

import pytest

#: Commands, with IRIS for the folder of a run and NONE for no further word, and part of the error.
REFUSED = {
    "train iris --layers 3 8 3": "layers: start with 3, but iris has 4 features",
    "train iris --epochs 1.5": "epochs: expected a whole number, got '1.5'",
    "train iris --epochs 0": "epochs: expected a whole number of 1 or more, got 0",
    "train iris --optimizer adm": "did you mean 'adam'",
    "train 'columns*' --target a": "DATA: a pattern needs a suffix, such as 'columns*.csv'",
    "play mine.c": "DATA: the playground opens .csv and model files, and mine.c is neither",
    "train pricescsv": "xor); the name of a file ends in .csv, .tsv, .txt, .parquet or .npz",
    "train iris --threads 0": "--threads: expected a whole number of 1 or more, got 0",
    "train iris --workers 2": "--workers: a single network is trained here; add --repeat",
    "train iris --repeat 0": "--repeat: expected a whole number of 1 or more, got 0",
    "train iris --repeat 1.5": "--repeat: expected a whole number, got '1.5'",
    "train iris --repeat 2 --checkpoint-every 5": "--checkpoint-every: a single run has",
    "train iris --repeat 2 --resume here": "--resume: a single run has checkpoints",
    "train iris --repeat 2 --seed 4294967295": "--seed: expected",
    "train iris --repeat 2 --engine fast": "--engine: unknown 'fast'",
    "train iris --repeat 2 --schedule cosin": "--schedule: unknown 'cosin'",
    "train 'columns*.csv' --target c --repeat 2": "need all rows in memory; leave it out",
    "train 'columns*.csv' --target c --workers 2": "read block by block; leave it out",
    "train columns.csv --target c --memory 1GB --workers 2": "read block by block; leave it out",
    "train 'columns*.csv' --target c --split-by a": "--split-by",
    "train 'columns*.csv' --target c --class-weight balanced": "--class-weight",
    "train 'columns*.csv' --target c --no-quick": "quick",
    "train 'columns*.csv' --target c --memory much": "--memory",
    "train 'columns*.csv'": "such as --target c",
    "train '*.none.csv' --target c": "*.none.csv: no file matches this pattern",
    "train iris --memory 1GB": "is an option for tables",
    "train - --target c --memory 1GB": "standard input cannot be read in blocks; save it as a CSV",
    "train two.csv --target t --quick": "set is too small; add rows, or use --test-size 0",
    "train columns.csv new.csv --target c": "in quotes, such as 'data/*.csv'",
    "search": "DATA: name a data set",
    "search columns.csv --target z": "no column z",
    "search 'columns*.csv' --target c --l2 0 1": "a search needs all rows in memory; give a single",
    "search iris --learning-rate 0.01": "a single combination of settings",
    "search iris --learning-rate 0.1 -1": "--learning-rate: expected a number above 0, got -1",
    "search iris --layers 4,8,3 5,8,3": "--layers: start with 5, but iris has 4 features",
    "search iris --layers 64 32": "such as 21,8,1 (commas within one network, spaces between cand",
    "search iris --layers 4,8,3 4,a,3": "--layers: expected a whole number, got 'a'",
    "search iris --learning-rate 0.1,0.2": "into float. Separate values by spaces.",
    "search iris --hidden relu rellu": "--hidden: unknown 'rellu'",
    "search iris --epochs 1 2 --folds 1": "--folds: expected a whole number of 2 or more",
    "search iris --epochs 1 2 --candidates 0": "--candidates: expected a whole number of 1",
    "search iris --schedule cosine reduce_on_plateau": "--schedule: reduce_on_plateau needs",
    "search iris --epochs 1 2 --patience 3": "Unknown option: --patience",
    "search plane --loss squared_error poisson --output identity exponential": "--target-scaling",
    "search iris --seed 1 '2 b'": "unexpected '2 b'; the command takes no more words, and most",
    "search iris --l2 0 1 --workers 0": "--workers: expected a whole number of 1 or more, got 0",
    "search iris --l2 0 1 --workers 2 --scheduler tcp://x": "--workers, --scheduler: the scheduler",
    "train iriss": "DATA: unknown 'iriss', did you mean 'iris'?",
    "train iris --learning_rate=-1": "--learning_rate: expected a number above 0, got -1.0",
    "train iris --optimizer adam:learning_rate=-1": "--optimizer: adam's learning_rate: expected",
    "train iris --optimizer lbfgs --learning-rate 1": "--learning-rate: lbfgs finds its own step",
    "train iris --optimizer=": "--optimizer: unknown ''",
    "train iris --hidden leaky_relu:slope=x": "--hidden: leaky_relu's slope: expected a number",
    "train iris --split-seed=-1": "--split-seed: expected a whole number from 0",
    "train iris --start-from nowhere": "--start-from: nowhere: there is no such file",
    "train iris --clip-norm 1 --clip-value 1": "--clip-norm, --clip-value: expected",
    "train iris --dtype float16": '"float16" for --dtype. Choose from: "float32", "float64"',
    "train iris --seed 1 --seed 2": "--seed specified multiple times",
    "train iris --seed 1 '2 b'": "unexpected '2 b'; the command takes no more words, and most",
    "train iris --epochs": "--epochs requires an argument",
    "train iris wine": "wine",
    "train": "DATA: name a data set",
    "train --config missing.toml": "config: missing.toml: no such file",
    "train --config IRIS": "settings.toml",
    "train missing.csv --target y": "missing.csv: no such file",
    "train columns.csv --target z": "no column z; the columns are a, b, c",
    "train columns.csv": "such as --target c; its columns are a, b, c",
    "train columns.csv --target b --drop x": "--drop: columns.csv: no column x; the",
    "train columns.csv --target b --memory 1GB --drop x": "--drop: columns.csv: no column x; the",
    "train columns.csv --target b --drop a --categories a": "categories: unknown 'a'",
    "train columns.csv --target b --rare=-1": "rare: expected a number of 0 or more, got -1.0",
    "train columns.csv --target b --drop a c": "columns.csv: 'b' is the only column left",
    "train columns.csv --target b --decimal ;": 'for --decimal. Choose from: ".", ","',
    "train iris --drop a": "for tables, and iris is not one",
    "train iris --no-quick": "--no-quick: this is an option for tables, and iris is not one",
    "train iris --scaling robust": "for tables, and iris is not one",
    "train iris --learning-rat 4": "Did you mean --learning-rate?",  # fault 64
    "train iris --layers 4 8,,x 3": "--layers: expected a whole number, got '8,,x'",  # fault 65
    "train iris --layers 4 8.5 3": "--layers: expected a whole number, got '8.5'",
    "train iris --layers 4 -3 3": "layers: expected a whole number",
    "train iris --layers 4 100000 100000 3": "10,000,900,003 parameters are more than",
    "predict IRIS iris --row 150": "row: expected 0 to 149, got 150",
    "predict IRIS wine": "wine has 13 features, and",
    "predict IRIS 'columns*'": "DATA: a pattern needs a suffix, such as 'columns*.csv'",
    "predict IRIS columns.csv": "no column sepal length (cm)",
    "predict IRIS iris --keep key": "keep: this is an option for tables, and iris is not one",
    "predict IRIS new.csv --keep key": "keep: new.csv: no column key; the columns are sepal",
    "predict MODEL": 'Command "predict" parameter DATA requires an argument.',
    "info nowhere": "nowhere: there is no such file",
    "report nowhere": "nowhere",
    "report .": ".: there is no model.safetensors",
    "report mine.c": "mine.c",
    "report IRIS --out mine.c": "not a report written by barenet",
    "predict nowhere iris": "nowhere: there is no such file",
    "evaluate IRIS moons": "moons has 2 features, and",
    "explain mooons": "mooons",
    "explain moons --row 200": "row: expected 0 to 199, got 200",
    "explain moons --row -1": "row: expected 0 to 199, got -1",
    "explain moons iris": "DATA: moons is not a model",
    "explain moons --precision 99": "precision: expected a whole number from 1 to 17, got 99",
    "explain moons --notation diagonal": "diagonal",
    "explain moons --epochs 3": "Unknown option: --epochs",
    "explain IRIS --layers 4 3": "layers: ",
    "explain IRIS --missing unknown": "missing: ",
    "explain nowhere.safetensors": "nowhere.safetensors",
    "explain moons --neuron 3": "neuron: expected a layer and a number, such as 2.3",
    f"explain moons --neuron 1.{'9' * 5000}": "neuron: expected a layer and a number, such as 2.3",
    "explain moons --neuron 9.1": "layer 9 has no neurons; choose from 1, 2",
    "importance IRIS --repeats 0": "repeats: expected a whole number of 1 or more, got 0",
    "importance IRIS --max-rows 0": "--max-rows: expected a whole number of 1 or more, got 0",
    "importance IRIS iris --repeats two": "repeats: expected a whole number, got 'two'",
    "plot fit IRIS": "KIND: a fit plot needs a numeric target, and iris has classes",
    "plot boundary IRIS": "KIND: a boundary needs two numeric columns, and iris has",
    "plot digits IRIS": "KIND: the rows of iris are not images",
    "plot epochs IRIS": "KIND: a fit needs a numeric target",
    "plot portrait IRIS": '"portrait" for KIND. Choose from: "history"',
    "plot history nowhere": "nowhere",
    "plot history IRIS --out picture.bmp": "unknown format '.bmp'",
    "export IRIS": "; name one of onnx, c, python, json, or end the path with .onnx, .c",
    "export IRIS --to onx": 'Choose from: "onnx", "c", "python", "json". Did you mean "onnx"',
    "export IRIS --out net.txt": "to: the format does not follow from net.txt",
    "export IRIS --out net.py --weights int8": "rounded weights, and this is python; use --to",
    "export IRIS --to python --weights int8 --out new/place/": "rounded weights, and this is p",
    "export IRIS --out 42.c": "out: expected a file name with a letter from A to Z, got '42'",
    "export IRIS --out mine.c": "out: mine.c was not written by barenet",
    "export IRIS --out nowhere/net.c": "there is no such folder",
    "play nowhere": "DATA: unknown 'nowhere'",
    "play none.csv": "none.csv",
    "play none.safetensors": "none.safetensors",
    "play --port 70000": "expected 0 to 65535",
    "play --port x": "port",
    "predict IRIS " + "x" * 300: "xxx",  # a name too long for a file
    "train " + "x" * 300: "xxx",
    "train --config " + "x" * 300: "xxx",
    "train iris --epochs 1 --no-plots --out " + "x" * 300: "xxx",
    "completion csh": 'Choose from: "bash", "zsh", "fish". Did you mean "zsh"?',
}
#: Commands with an empty name, and the argument that is empty.
EMPTY = {
    "train iris --epochs 1 --no-plots --out ''": "--out",
    "train --resume ''": "--resume",
    "train --config=": "--config",
    "train iris --start-from ''": "--start-from",
    "export IRIS --to json --out ''": "--out",
    "plot history ''": "RUN",
    "explain iris --out ''": "--out",
    "info ''": "MODEL",
    "train ''": "DATA",
    "train mnist --data-dir ''": "--data-dir",
    "evaluate IRIS ''": "DATA",
    "importance IRIS ' '": "DATA",
    "explain IRIS ''": "DATA",
    "play IRIS ''": "ROWS",
}
EMPTY_NAME = "expected a file, a folder or a data set, got an empty name"
REFUSED |= {typed: f"error: {name}: {EMPTY_NAME}" for typed, name in EMPTY.items()}


@pytest.mark.integration
@pytest.mark.parametrize(("typed", "message"), REFUSED.items(), ids=lambda text: text[:40])
def test_fault_64_65_promise_14_wrong_usage_is_one_line_and_status_2(
    barenet, iris, typed, message, monkeypatch
):
    Path("columns.csv").write_text("a,b,c\n1,2,3\n3,4,6\n5,6,5\n")
    names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    Path("new.csv").write_text(",".join(names) + "\n5.1,3.5,1.4,0.2\n")
    Path("mine.c").write_text("int x;\n")
    Path("two.csv").write_text("x,g,t\n1,a,0.5\n2,b,1.5\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,c\n1,2\n3,4\n")))
    before = {path: path.read_bytes() for path in Path().iterdir()}
    command = [str(iris) if word == "IRIS" else word for word in shlex.split(typed)]
    line = barenet(*command).error
    assert line.startswith(f"barenet {command[0]}: error: ") and message in line
    assert len(line) < 500
    assert {path: path.read_bytes() for path in Path().iterdir()} == before
