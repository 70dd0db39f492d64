"""Tables of words, numbers and holes on the command line: learned from, and asked about later."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest


@pytest.fixture
def run(barenet, penguins):
    """Learn the species of the penguins."""
    done = barenet("train", penguins, "--target", "species", "--epochs", "30", "--out", "run")
    assert done.status == 0, done.err
    return barenet


def reordered(path, columns, rows=slice(None)):
    """Write some rows of a table with its columns in another order."""
    with path.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    later = Path("later.csv")
    with later.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(records[rows])
    return later


def test_a_table_is_learned_and_judged_in_any_order_of_its_columns(run, penguins):
    columns = ["sex", "species", "body_mass_g", "island"]
    columns += ["flipper_length_mm", "culmen_depth_mm", "culmen_length_mm"]
    all_rows = ("--rows", "all", "--no-baselines")
    judged = run("evaluate", "run", penguins, *all_rows).out
    again = run("evaluate", "run", reordered(penguins, columns), *all_rows).out
    assert again == judged and "all 344" in judged
    network = judged.splitlines()[1].split()
    assert network[:3] == ["network", "all", "344"]
    assert float(network[3]) > 0.95


def test_predictions_need_neither_the_target_nor_an_order(run, penguins):
    columns = ["flipper_length_mm", "sex", "body_mass_g", "island"]
    columns += ["culmen_depth_mm", "culmen_length_mm"]
    said = run("predict", "run", penguins).out
    assert run("predict", "run", reordered(penguins, columns)).out == said
    assert said.splitlines()[1].startswith("Adelie,")
    done = run("predict", "run", reordered(penguins, columns[1:]))
    assert done.status == 2 and "no column flipper_length_mm" in done.err


def test_a_word_among_numbers_is_one_line(run, penguins):
    later = Path("later.csv")
    later.write_text(penguins.read_text().replace("39.5", "long"))
    done = run("predict", "run", later)
    assert done.status == 2 and done.out == ""
    assert "later.csv:3: column 'culmen_length_mm': expected a number, got 'long'" in done.err
