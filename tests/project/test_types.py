"""Type checkers, editors and notebooks know the public names and all options.

mypy and pyright check a user's script. The types of options are those of the classes that take
them, and signatures list them.
"""

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

import barenet
from barenet import RunConfig, Task
from barenet.datasets._dataset_loading import DATASETS, DatasetOptions
from barenet.datasets._table_loading import load_table
from barenet.population._candidates import SETTINGS
from barenet.population._cross_validation import FoldOptions
from barenet.population._run_factory import PerNetworkOptions
from barenet.population._train_many import KNOWN, PER_NETWORK
from barenet.settings._run_config import NetworkOptions, TrainingOptions
from barenet.settings._task_settings import (
    FILE_OPTIONS,
    OF_THE_ROWS,
    TABLE_OPTIONS,
    CrossValidationOptions,
    FileOptions,
    OpeningOptions,
)
from barenet.tables.files._delimited import CsvFields, CsvOptions

ROOT = Path(__file__).parents[2]

#: Correct lines, and wrong ones, which end in a comment.
SCRIPT = """
import numpy as np

import barenet
from barenet import MLPClassifier, Network, Task, train_many
from barenet import Netwrok  # wrong
from barenet.callbacks import Run

X, y = np.zeros((8, 2)), np.zeros(8)
def show(run: Run) -> None: print(run.epoch)
task = Task.open({"a": [1.0, 2.0], "b": [3.0, 4.0]}, "b", drop=["a"], delimiter=";", rare=0.1)
predictor = task.train(model="network", epochs=3, layers=(2, 8, 1), learning_rate=0.1)
Task.cross_validate("rows.csv", "y", cv=3, epochs=3, drop=["a"], delimiter=";").mean["r2"]
barenet.load_dataset("moons", samples=50, noise=0.1)
networks = [Network.dense([2, 1]) for _ in range(2)]
train_many(networks, X, y, epochs=[10, 20], seed=[0, 1], optimizer="adam", metrics=("r2", "mae"))
barenet.cross_validate(networks[0], X, y, epochs=5, threads=2)
barenet.search({"layers": [(2, 1)]}, X, y, cv=3, epochs=30)
MLPClassifier((8,), max_iter=3)
score: float = MLPClassifier().fit(X, y).score(X, y)
text: str = MLPClassifier().fit(X, y).score(X, y)  # wrong
MLPClassifier(max_itr=3)  # wrong
barenet.MLPRegressor(max_itr=3)  # wrong
barenet.MLPEnsembleClassifier(max_itr=3)  # wrong
barenet.MLPEnsembleRegressor(max_itr=3)  # wrong
Task.open("rows.csv", traget="y")  # wrong
task.train(epoch=3)  # wrong
task.train(model="network", epochs="3")  # wrong
Task.cross_validate("rows.csv", "y", epoch=3)  # wrong
Task.cross_validate("rows.csv", "y", test_size=0.5)  # wrong
barenet.load_dataset("moons", sample=50)  # wrong
train_many(networks, X, y, epoch=10)  # wrong
barenet.cross_validate(networks[0], X, y, epoch=5)  # wrong
barenet.search({"layers": [(2, 1)]}, X, y, epoch=30)  # wrong
barenet.trian(networks[0], X, y)  # wrong
barenet.train(networks[0], X, y, epoch=3)  # wrong
barenet.optimizers.Adma()  # wrong
"""
WRONG = [n for n, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")]


def lines_of(output: str) -> list[int]:
    """The lines of the script with errors."""
    return sorted({int(n) for n in re.findall(r"script\.py:(\d+):.* error", output)})


@pytest.mark.case(173, 233)
@pytest.mark.integration
def test_mypy_finds_wrong_names_and_options(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(
        [*command, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert lines_of(done.stdout) == WRONG, done.stdout + done.stderr


@pytest.mark.case(173)
@pytest.mark.integration
def test_pyright_finds_wrong_names_and_options(tmp_path):
    pyright = shutil.which(os.environ.get("BARENET_PYRIGHT", "pyright"))
    if pyright is None:
        pytest.skip("pyright is not installed: npm install pyright, and name it in BARENET_PYRIGHT")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    settings = f'{{"extraPaths": ["{(ROOT / "src").as_posix()}"]}}'
    (tmp_path / "pyrightconfig.json").write_text(settings)
    command = [pyright, "--pythonpath", sys.executable, "--project", str(tmp_path), str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert lines_of(done.stdout) == WRONG, done.stdout + done.stderr


@pytest.mark.case(173)
def test_the_types_of_options_are_those_of_the_settings():
    settings = get_type_hints(RunConfig)
    training = get_type_hints(TrainingOptions)
    missing = ", ".join(sorted(settings.keys() - training.keys() - {*OF_THE_ROWS}))
    assert not missing, f"{missing}: add it to TrainingOptions in settings/_run_config.py"
    assert training == {n: kind for n, kind in settings.items() if n not in OF_THE_ROWS}
    network = get_type_hints(NetworkOptions)
    undecided = ", ".join(sorted(SETTINGS.keys() - network.keys() - {"seed"}))
    assert not undecided, (
        f"{undecided}: add it to NetworkOptions if a search takes several values, or else to "
        "NOT_IN_A_SEARCH or SHARED_BY_CANDIDATES in population/_candidates.py"
    )
    assert network == {name: settings[name] for name in SETTINGS if name != "seed"}
    assert get_type_hints(CsvFields) == get_type_hints(CsvOptions)


@pytest.mark.case(173)
def test_the_names_of_options_are_all_that_are_taken():
    assert {*OpeningOptions.__annotations__} == {*TABLE_OPTIONS, *FILE_OPTIONS}
    opening_options = {*OpeningOptions.__annotations__}
    training_options = {*TrainingOptions.__annotations__}
    assert not opening_options & training_options  # Task.cross_validate takes both
    assert {*CrossValidationOptions.__annotations__} == opening_options | training_options
    assert {*PerNetworkOptions.__annotations__} == {*PER_NETWORK}
    named = {*inspect.getfullargspec(barenet.cross_validate).args, "cv", "metrics"}
    taken = KNOWN - {"networks", "rows"} - named
    assert {*FoldOptions.__annotations__} == taken
    table = {*inspect.signature(load_table).parameters} - {"path", "options"}
    named_sets = {option for each in DATASETS.values() for option in each.options}
    assert {*DatasetOptions.__annotations__} == table | named_sets
    files, opening = get_type_hints(FileOptions), get_type_hints(OpeningOptions)
    of_csv = get_type_hints(CsvFields)
    assert {name: opening[name] for name in of_csv} == of_csv
    assert files.keys() - of_csv.keys() == {"data_dir", "allow_missing_columns"}
    assert opening["allow_missing_columns"] == files["allow_missing_columns"]


SIGNATURES = {
    "Task.open": (Task.open, "delimiter"),
    "Task.train": (Task.train, "learning_rate"),
    "Task.cross_validate": (Task.cross_validate, "keep_column"),
    "train_many": (barenet.train_many, "batch_size"),
    "cross_validate": (barenet.cross_validate, "epochs"),
    "search": (barenet.search, "epochs"),
    "load_dataset": (barenet.load_dataset, "samples"),
    "Population.replace": (barenet.typing.Population.replace, "epochs"),
}


@pytest.mark.case(173)
@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_list_the_options(name):
    function, option = SIGNATURES[name]
    parameter = inspect.signature(function).parameters[option]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.case(173)
@pytest.mark.integration
def test_a_notebook_completes_options():
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.user_ns |= {"barenet": barenet, "Task": Task}
    try:
        for text, expected in {
            "Task.open('rows.csv', deli": "delimiter=",
            "barenet.train_many([], [], [], batch": "batch_size=",
            "barenet.search({}, [], [], learn": "learning_rate=",
        }.items():
            with provisionalcompleter():
                completions = [each.text for each in shell.Completer.completions(text, len(text))]
            assert expected in completions, text
    finally:
        InteractiveShell.clear_instance()


def test_options_in_memory_are_those_of_rows_in_memory():
    rows = {"a": [1.0, 2.0, 3.0, 4.0], "b": [3.0, 4.0, 5.0, 6.0]}
    with pytest.raises(ValueError, match=r"^delimiter: is no argument of Task.open for data frame"):
        Task.open(rows, "b", delimiter=";")
    with pytest.raises(ValueError, match=r"^split_seed: applies to the split"):
        Task.open(rows, "b").train(split_seed=3)
