"""Fixtures of the plots' tests: a figure as pixels, and its visible text."""

from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text


@pytest.fixture
def pixels():
    """Render a picture as a reader gets it; shape (height, width, 3), 0 to 1."""

    def render(figure: Figure) -> np.ndarray:
        png, _ = figure._repr_png_()
        return imread(BytesIO(png), format="png")[:, :, :3]

    return render


@pytest.fixture
def texts():
    """Collect the text that is drawn, tick labels outside the limits left out."""

    def collect(figure: Figure) -> list[Text]:
        figure.draw_without_rendering()
        found = [figure._suptitle, *(text for key in figure.legends for text in key.get_texts())]
        for axes in figure.axes:
            found += [*axes.texts, axes.title, axes._left_title]
            found += _axis_texts(axes)
        return [text for text in found if text and text.get_visible() and text.get_text()]

    def _axis_texts(axes: Axes) -> list[Text]:
        across, up = sorted(axes.get_xlim()), sorted(axes.get_ylim())
        return [
            axes.xaxis.label,
            axes.yaxis.label,
            *(t for t in axes.get_xticklabels() if across[0] <= t.get_position()[0] <= across[1]),
            *(t for t in axes.get_yticklabels() if up[0] <= t.get_position()[1] <= up[1]),
        ]

    return collect


@pytest.fixture
def readable(texts):
    """Fail where a text is cut off at the edge or lies on another one."""

    def check(figure: Figure) -> None:
        drawn = texts(figure)
        boxes = {id(text): text.get_window_extent() for text in drawn}
        edge = figure.bbox
        for text in drawn:
            box = boxes[id(text)]
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= edge.x1 and box.y1 <= edge.y1
            assert inside, f"{text.get_text()!r} is cut off"
        level = [text for text in drawn if text.get_rotation() in (0, 90)]
        for one, other in combinations(level, 2):
            apart = not boxes[id(one)].padded(-1).overlaps(boxes[id(other)].padded(-1))
            assert apart, f"{one.get_text()!r} lies on {other.get_text()!r}"

    return check
