from __future__ import annotations

import shlex
from contextlib import closing

from barenet.cli.main import main
from barenet.cli.play import _start
from barenet.playground.file_store import FileStore
from barenet.playground.user_table import inspect_table


def test_the_commands_learn_from_words_dates_and_truths_too(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    words, truths = "uv", ("no", "yes")
    rows = (
        f"{n % 7},5;{words[n % 2]};{truths[n % 3 // 2]};2024-0{1 + n % 9}-11;{n % 3}\n"
        for n in range(90)
    )
    path = tmp_path / "my shops.csv"
    path.write_text("a;town;wet;sown;kind\n" + "".join(rows))
    table = inspect_table(path.name, path)
    train, play = map(shlex.split, table.with_words("kind"))
    assert main([*train[1:], "--epochs", "1", "--no-plots", "--no-baselines"]) == 0
    capfd.readouterr()
    with closing(FileStore()) as store:
        prepared = store.prepared(_start(play[2], "", "", store).data)
    assert {"a", "town=u", "wet"} <= set(prepared.inputs.feature_names)
    assert any(name.startswith("sown") for name in prepared.inputs.feature_names)
    assert prepared.training.n_samples + prepared.test.n_samples == 90


def test_a_table_of_numbers_needs_no_other_commands(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,kind\n1,up\n2,down\n")
    assert inspect_table("mine.csv", path).with_words("kind") == []
