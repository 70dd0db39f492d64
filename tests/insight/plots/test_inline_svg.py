import re
from xml.etree import ElementTree

import matplotlib
import numpy as np

from barenet import History, plots
from barenet.insight.plots._saving import inline_panels, inline_svg

CURVES = {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6], "accuracy": [0.5, 0.6, 0.7]}


def test_a_figure_is_well_formed_and_has_text_and_variable_colours():
    before = matplotlib.rcParams.copy()
    svg = inline_svg(plots.plot_history(History(CURVES)), 'curves of "a" & <b>')
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == 'curves of "a" & <b>'
    words = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"loss", "accuracy", "epoch", "training", "validation"} <= words
    assert "var(--262626, #262626)" in svg
    assert not re.search(r": #[0-9a-f]{6}", svg)
    assert matplotlib.rcParams == before


def test_the_same_figure_is_the_same_text():
    first, second = (inline_svg(plots.plot_history(History(CURVES)), "curves") for _ in range(2))
    assert first == second


def test_panels_and_the_legend_are_separate():
    figure = plots.plot_history(History(CURVES))
    root = ElementTree.fromstring(f"<div>{inline_panels(figure, 'curves')}</div>")
    legend, *panels = root
    assert legend.get("class") == "legend" and len(panels) == 2
    texts = ["".join(panel.itertext()).split() for panel in (legend, *panels)]
    assert ["training" in words for words in texts] == [True, False, False]
    assert ["accuracy" in words for words in texts] == [False, False, True]
    identifiers = re.findall(r' id="([^"]+)"', ElementTree.tostring(root, encoding="unicode"))
    assert len(identifiers) == len(set(identifiers))
    widths = [float(panel.get("width").removesuffix("pt")) for panel in panels]
    whole = figure.get_size_inches()[0] * 72
    assert np.all(np.array(widths) < 0.6 * whole)
