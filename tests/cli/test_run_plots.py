from dataclasses import replace

import pytest

from barenet import load_predictor
from barenet.cli._run_plots import default_kind, draw
from barenet.data import load_dataset
from barenet.plots import save_figure


def test_the_usual_picture_fits_the_data(iris, line, digits):
    kinds = [
        default_kind(load_predictor(run / "model.safetensors")) for run in (iris, line, digits)
    ]
    assert kinds == ["confusion", "fit", "digits"]


def test_images_are_shown_with_what_is_said_of_them(digits):
    predictor, rows = load_predictor(digits / "model.safetensors"), load_dataset("digits")
    picture = draw("digits", predictor, rows)
    said = predictor.predict(rows.X[:1])[0]
    assert len(picture.axes) == 25
    assert f" {said} (" in picture.axes[0].get_title()


def test_a_picture_of_classes_is_not_drawn_of_numbers(line):
    predictor, rows = load_predictor(line / "model.safetensors"), load_dataset("plane")
    with pytest.raises(ValueError, match="kind: a boundary plot is of classes"):
        draw("boundary", predictor, rows)


@pytest.mark.parametrize("kind", ["weights", "importance", "confusion"])
def test_names_are_letters_and_no_formulas(iris, kind, tmp_path):
    predictor, rows = load_predictor(iris / "model.safetensors"), load_dataset("iris")
    names, odd = ("a$_$", "$^^$", "\0", "d"), "$_$ \0"
    predictor = replace(predictor, feature_names=names, dataset=odd, classes=("$_$", "b", "c"))
    rows = replace(rows, name=odd, feature_names=names, classes=predictor.classes)
    picture = draw(kind, predictor, rows)
    save_figure(picture, tmp_path / "it.png")  # which would raise for a formula that is none
    assert picture.get_suptitle().startswith(r"\$_\$ \x00")
