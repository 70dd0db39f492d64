from dataclasses import replace
from pathlib import Path

import pytest

from barenet import History, ModelCard, load_predictor, plots, save
from barenet.cli._run_plots import KINDS
from barenet.files._model_card import TrainingLog

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
    assert "epoch 3  loss" in done.err and "epoch 4  loss" not in done.err
    assert "3 epochs" in Path("e.svg").read_text() or Path("e.svg").stat().st_size > 5000


def test_a_history_that_is_nested_without_end_is_one_line(barenet, tmp_path):
    (tmp_path / "history.jsonl").write_text("[" * 100_000)
    done = barenet("plot", "history", tmp_path)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1 and "not the history of a run" in done.err


def test_every_kind_is_offered(barenet):
    shown = " ".join(barenet("plot", "--help").out.replace("│", " ").split())
    kinds = [name.removeprefix("plot_") for name in plots.__all__ if name.startswith("plot_")]
    assert sorted(kinds) == sorted(["fit_at_epochs", "history", *KINDS])
    assert f"choices: history, epochs, {', '.join(KINDS)}" in shown


def test_a_history_is_drawn_with_what_the_card_of_its_model_tells(barenet, iris, tmp_path):
    """The epoch that was kept need not be that of the smallest loss."""
    curves = {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]}
    history = History(curves, stop_reason="patience", best_epoch=3, penalized=True)
    (tmp_path / "history.jsonl").write_text(history.to_jsonl())
    model = load_predictor(iris / "model.safetensors")
    for log, told in (
        (TrainingLog.from_history(history), True),
        (
            TrainingLog.from_history(History({"loss": [0.5] * 9}, best_epoch=9)),
            False,
        ),  # of another run
        (None, False),
    ):
        save(replace(model, card=ModelCard(log=log)), tmp_path / "model.safetensors")
        done = barenet("plot", "history", tmp_path, "--out", "history.svg")
        assert done.status == 0, done.err
        picture = Path("history.svg").read_text()  # each text stands in it as a comment
        assert ("best, kept: epoch 3, 0.6" in picture) == told
        assert ("loss (training: with penalty)" in picture) == told


@pytest.mark.parametrize("model", [None, b"no model"])
def test_a_history_is_drawn_without_a_model(barenet, tmp_path, model):
    (tmp_path / "history.jsonl").write_text(History({"loss": [0.5, 0.25]}).to_jsonl())
    if model is not None:
        (tmp_path / "model.safetensors").write_bytes(model)
    assert barenet("plot", "history", tmp_path, "--out", "history.svg").status == 0
