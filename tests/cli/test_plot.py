from __future__ import annotations

import json
from pathlib import Path

import pytest

from barenet.insight.plots import PLOTS

SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("kind", ["history", "confusion", "weights"])
def test_pictures_of_classes(barenet, iris, kind):
    done = barenet("plot", kind, iris, "--out", "picture.svg")
    assert (done.status, done.out) == (0, "picture.svg\n"), done.err
    assert Path("picture.svg").read_bytes().startswith(b"<?xml")


def test_by_default_it_lies_beside_the_model(barenet, line):
    done = barenet("plot", "fit", line)
    assert done.status == 0
    assert done.out == f"{line / 'fit.png'}\n"
    assert (line / "fit.png").read_bytes().startswith(b"\x89PNG")


def test_images(barenet, digits):
    done = barenet("plot", "digits", digits, "digits", "--out", "d.png")
    assert done.status == 0
    assert Path("d.png").stat().st_size > 5000


def test_the_fit_after_some_epochs_is_trained_again(barenet, line):
    done = barenet("plot", "epochs", line, "--at", 1, 3, "--out", "e.svg")
    assert done.status == 0, done.err
    assert "epoch 2  loss" in done.err and "epoch 3  loss" not in done.err
    assert "3 epochs" in Path("e.svg").read_text() or Path("e.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "IRIS"], "kind: a fit is of numbers, and iris has classes"),
        (["boundary", "IRIS"], "a boundary is drawn over 2 features, got 4"),
        (["digits", "IRIS"], "kind: the rows of iris are no images"),
        (["epochs", "IRIS"], "kind: a fit is of numbers"),
        (["portrait", "IRIS"], 'Invalid value "portrait"'),
        (["history", "nowhere"], "nowhere"),
        (["history", "IRIS", "--out", "picture.bmp"], "unknown format '.bmp'"),
    ],
)
def test_what_does_not_fit_is_one_line(barenet, iris, arguments, said):
    done = barenet("plot", *(iris if argument == "IRIS" else argument for argument in arguments))
    assert (done.status, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert said in line


def test_a_history_that_is_nested_without_end_is_one_line(barenet, tmp_path):
    (tmp_path / "history.jsonl").write_text("[" * 100_000)
    done = barenet("plot", "history", tmp_path)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1 and "not the history of a run" in done.err


def test_every_kind_is_offered(barenet):
    shown = " ".join(barenet("plot", "--help").out.replace("│", " ").split())
    assert f"choices: {', '.join(PLOTS)}" in shown


def test_a_history_is_drawn_with_what_the_settings_beside_it_tell(barenet, tmp_path):
    losses = [(0.9, 0.8), (0.4, 0.5), (0.2, 0.6)]
    rows = [
        json.dumps({"epoch": epoch, "loss": one, "validation_loss": other})
        for epoch, (one, other) in enumerate(losses)
    ]
    (tmp_path / "history.jsonl").write_text("\n".join(rows))
    for settings, told in (("patience = 3\nl2 = 0.1\n", True), ("", False)):
        (tmp_path / "settings.toml").write_text(f'data = "iris"\n{settings}')
        done = barenet("plot", "history", tmp_path, "--out", "history.svg")
        assert done.status == 0, done.err
        picture = Path("history.svg").read_text()  # each text stands in it as a comment
        assert ("best, kept: epoch 1, 0.5" in picture) == told
        assert ("loss (training: with penalty)" in picture) == told
