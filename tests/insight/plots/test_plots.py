"""PLOTS: every kind, a line of help for each, and matplotlib loaded by none until it is asked."""

from __future__ import annotations

import subprocess
import sys

from barenet.insight import plots


def test_every_plot_has_a_kind():
    public = {name for name in plots.__all__ if name.startswith("plot_")}
    assert {function.__name__ for function in plots.PLOTS.values()} == public
    kinds = "history fit epochs boundary digits confusion importance weights"
    assert [*plots.PLOTS] == kinds.split()


def test_first_lines_are_a_help_listing():
    for kind, function in plots.PLOTS.items():
        line = function.__doc__.splitlines()[0]
        assert line.startswith("Draw "), kind
        assert line.endswith("."), kind
        assert len(line) <= 80, kind


def test_matplotlib_is_loaded_by_a_picture_and_not_before():
    script = "import sys, barenet.insight.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
