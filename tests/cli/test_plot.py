from dataclasses import replace
from pathlib import Path

import pytest

from barenet import History, ModelCard, load_predictor, plots, save
from barenet.data import load_dataset
from barenet.files._model_card import TrainingLog
from barenet.plots import save_figure
from barenet.tasks._pictures import KINDS, default_kind, draw


@pytest.mark.integration
@pytest.mark.parametrize(
    ("run", "kind", "file", "signature"),
    [
        ("iris", "history", "picture.svg", b"<?xml"),
        ("iris", "confusion", "picture.pdf", b"%PDF"),
        ("digits", "weights", "picture.png", b"\x89PNG"),
        ("iris", "importance", "picture.png", b"\x89PNG"),
        ("digits", "importance", "picture.png", b"\x89PNG"),
        ("line", "fit", None, b"\x89PNG"),
    ],
)
def test_the_suffix_determines_the_format(barenet, request, run, kind, file, signature):
    folder = request.getfixturevalue(run)
    done = barenet("plot", kind, folder, *(["--out", file] if file else [])).ok()
    path = file or folder / f"{kind}.png"  # by default beside the model
    assert done.out == f"{path}\n"
    assert Path(path).read_bytes().startswith(signature)


def test_the_default_plot_suits_the_data(iris, line, digits):
    models = [load_predictor(run / "model.safetensors") for run in (iris, line, digits)]
    assert [default_kind(model) for model in models] == ["confusion", "fit", "digits"]


def test_images_are_drawn_with_their_predictions(digits):
    predictor, rows = load_predictor(digits / "model.safetensors"), load_dataset("digits")
    figure, predicted = draw("digits", predictor, rows), predictor.predict(rows.X[:1])[0]
    assert len(figure.axes) == 25
    assert f" {predicted} (" in figure.axes[0].get_title()


def test_a_plot_of_classes_is_not_drawn_of_numbers(line):
    predictor, rows = load_predictor(line / "model.safetensors"), load_dataset("plane")
    with pytest.raises(ValueError, match="kind: a boundary plot needs classes"):
        draw("boundary", predictor, rows)
    with pytest.raises(ValueError, match="kind: the rows of plane are not images"):
        draw("weights", predictor, rows)


@pytest.mark.parametrize("kind", ["calibration", "dependence", "importance", "confusion"])
def test_names_are_no_formulas(iris, kind, tmp_path):
    predictor, rows = load_predictor(iris / "model.safetensors"), load_dataset("iris")
    names, odd = ("a$_$", "$^^$", "\0", "d"), "$_$ \0"
    predictor = replace(predictor, feature_names=names, dataset=odd, classes=("$_$", "b", "c"))
    rows = replace(rows, name=odd, feature_names=names, classes=predictor.classes)
    figure = draw(kind, predictor, rows)
    save_figure(figure, tmp_path / "it.png")  # which raises for an invalid formula
    assert figure.get_suptitle().startswith(r"\$_\$ \x00")


def test_the_fit_at_earlier_epochs_is_trained_again(barenet, line):
    done = barenet("plot", "epochs", line, "--at", 1, 3, "--out", "e.svg").ok()
    assert "epoch 3  loss" in done.err and "epoch 4  loss" not in done.err
    assert "3 epochs" in Path("e.svg").read_text()


def test_a_history_nested_without_end_is_refused(barenet, tmp_path):
    (tmp_path / "history.jsonl").write_text("[" * 100_000)
    assert "not the history of a run" in barenet("plot", "history", tmp_path).error


def test_every_kind_of_plot_is_offered(barenet):
    shown = " ".join(barenet("plot", "--help").out.replace("│", " ").split())
    kinds = [name.removeprefix("plot_") for name in plots.__all__ if name.startswith("plot_")]
    assert sorted(kinds) == sorted(["history", *KINDS])
    assert f"choices: history, epochs, {', '.join(KINDS)}" in shown


@pytest.mark.integration
def test_the_best_epoch_of_a_history_is_that_of_the_model_card(barenet, iris, tmp_path):
    """The selected epoch need not have the smallest loss."""
    curves = {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]}
    history = History(curves, stop_reason="patience", best_epoch=3, penalized=True)
    (tmp_path / "history.jsonl").write_text(history.to_jsonl())
    model, of_another_run = tmp_path / "model.safetensors", History({"loss": [0.5] * 9})
    logs = [TrainingLog.from_history(each) for each in (history, of_another_run)]
    for card in (*(ModelCard(log=log) for log in (*logs, None)), b"no model", None):
        model.unlink(missing_ok=True)
        if isinstance(card, bytes):
            model.write_bytes(card)
        elif card is not None:
            save(replace(load_predictor(iris / "model.safetensors"), card=card), model)
        barenet("plot", "history", tmp_path, "--out", "history.svg").ok()
        picture = Path("history.svg").read_text()  # each text stands in it as a comment
        known = isinstance(card, ModelCard) and card.log is logs[0]
        assert ("kept: epoch 3, loss 0.6" in picture) == known
        assert ("loss (training: with penalty)" in picture) == known
