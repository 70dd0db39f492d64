"""The length of the path from a CSV file to the training of its ensemble.

`docs/how-it-is-built.md` draws this path; a reader can follow it only while it is short.
"""

import inspect
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from barenet.cli import _train
from barenet.cli._main import main
from barenet.population import _ensemble_training

PACKAGE = Path(_train.__file__).parents[1]

#: Limits of the path: files, and functions with a name.
PATH_FILES, PATH_FUNCTIONS = 71, 333


class TrainingBeginsError(BaseException):
    """Ends the command where the networks would be trained."""


def begin_training(*_: Any, **__: Any) -> None:
    raise TrainingBeginsError


def test_the_path_of_a_table_is_short(tmp_path, monkeypatch):
    rows = (f"{row * 7 % 30},{('Rome', 'Oslo')[row % 2]},{row * row % 31}.5\n" for row in range(60))
    table, calls = tmp_path / "prices.csv", set[tuple[str, str]]()
    table.write_text("".join(["size,town,price\n", *rows]))
    monkeypatch.setattr(_ensemble_training, "train_many", begin_training)

    def record(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # The bodies of modules and classes, which run at the first import, are not optimized.
        is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
        if event == "call" and is_function and code.co_filename.startswith(str(PACKAGE)):
            calls.add((code.co_filename, code.co_qualname))

    sys.setprofile(record)
    try:
        with pytest.raises(TrainingBeginsError):
            main(["train", str(table), "--target", "price", "--out", str(tmp_path / "run")])
    finally:
        sys.setprofile(None)
    files = {file for file, _ in calls}
    assert len(files) <= PATH_FILES and len(calls) <= PATH_FUNCTIONS, (len(files), len(calls))
