"""Loss curve: every point is at its epoch and its loss, for any number of epochs."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from barenet import History
from barenet.insight._live_plot import BOTTOM, LEFT, MOST_POINTS, RIGHT, TOP, draw_loss_curve

SVG = "{http://www.w3.org/2000/svg}"


def drawn(curves, best=None) -> ElementTree.Element:
    return ElementTree.fromstring(draw_loss_curve(History(curves, best_epoch=best)))


def points(svg) -> list[np.ndarray]:
    """The points of each curve, (n, 2); a legend's line and the grid have other paths."""
    paths = [path.get("d") for path in svg.iter(f"{SVG}path") if path.get("fill") == "none"]
    numbers = [re.findall(r"-?[\d.]+", path) for path in paths]
    return [np.array(found, dtype=float).reshape(-1, 2) for found in numbers]


def texts(svg) -> list[str]:
    return [text.text for text in svg.iter(f"{SVG}text")]


def test_losses_stand_at_their_epochs_and_heights():
    (curve,) = points(drawn({"loss": [3.0, 1.0, 2.0]}))
    assert curve[:, 0].tolist() == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    heights = BOTTOM - curve[:, 1]
    assert heights[0] - heights[2] == pytest.approx(heights[2] - heights[1], abs=0.1)
    assert BOTTOM > curve[1, 1] > curve[2, 1] > curve[0, 1] > TOP  # up is less, in a picture


def test_a_factor_of_100_makes_a_logarithmic_scale():
    (curve,) = points(drawn({"loss": [1.0, 0.1, 0.01]}))
    assert np.diff(curve[:, 1], 2) == pytest.approx([0], abs=0.11)  # as far from each to the next
    assert {"0.01", "0.1", "1"} <= set(texts(drawn({"loss": [1.0, 0.1, 0.01]})))


def test_of_many_epochs_no_spike_is_lost():
    losses = np.full(100_000, 1.0)
    losses[77_777], losses[12_345] = 5.0, 0.5
    (curve,) = points(drawn({"loss": losses}))
    assert len(curve) <= MOST_POINTS + 1
    at = LEFT + (RIGHT - LEFT) * np.array([77_777, 12_345]) / 99_999
    assert curve[[curve[:, 1].argmin(), curve[:, 1].argmax()], 0] == pytest.approx(at, abs=0.1)
    assert curve[-1, 0] == RIGHT


@pytest.mark.parametrize("test", [{}, {"test_loss": [3.0, 2.8, 2.9]}])
def test_the_ring_is_at_the_kept_epoch_of_the_validation_set(test):
    curves = {"loss": [3.0, 2.0, 1.0], "validation_loss": [3.0, 2.5, 2.8], **test}
    svg = drawn(curves, best=2)
    (ring, *_) = [ring for ring in svg.iter(f"{SVG}circle") if ring.get("fill") == "none"]
    assert [float(ring.get("cx")), float(ring.get("cy"))] == points(svg)[1][1].tolist()
    names = [text for text in texts(svg) if text in ("training", "validation", "test")]
    assert names == ["training", "validation", "test"][: len(curves)]
    assert {"1", "2", "best, kept: epoch 2"} <= set(texts(svg)) and "0" not in texts(svg)
    assert not any("best" in text for text in texts(drawn(curves)))


@pytest.mark.parametrize("losses", [[], [0.5], [0.5, 0.5], [0.0], [math.nan, 1.0], [math.inf]])
def test_any_losses_can_be_drawn(losses):
    svg = draw_loss_curve(History({"loss": losses, "validation_loss": losses}), "<it> & so")
    assert "nan" not in svg and "inf" not in svg
    description = ElementTree.fromstring(svg).find(f"{SVG}desc")
    assert description.text == "<it> & so"
