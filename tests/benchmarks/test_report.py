"""The report: every section is right by hand, and so are the goals' figures and the picture."""

import re
import xml.etree.ElementTree

import pytest
from benchmarks.goals import AT_LEAST, AT_MOST, shortfalls
from benchmarks.heat_map import STEPS, draw
from benchmarks.markdown import significant, table, time, times
from benchmarks.parts import PARTS
from benchmarks.report import report
from benchmarks.speed_map import PANELS
from benchmarks.works import WORKS

from benchmarks import estimators, populations


def measured(peer: str, seconds: float, threads: str = "all", peak: float = 100.0):
    return {
        "peer": peer, "threads": threads, "seconds": seconds, "median": seconds, "first": 1.0,
        "peak": peak, "units": 1, "about": "",
    }  # fmt: skip


def entry(work, *found):
    return {"work": work.to_dict(), "origin": "MNIST", "measured": list(found)}


@pytest.fixture
def results():
    """The results of a run, with figures that are easy to divide."""
    fits = {"barenet": 0.5, "scikit-learn": 1.5}
    parts = {
        "map": {
            name: {"columns": panel.columns, "rows": panel.rows,
                   "cells": [[fits for _ in panel.columns] for _ in panel.rows]}
            for name, panel in PANELS.items()
        },
        "population": [
            entry(work, measured("barenet", 0.25), measured("scikit-learn", 20.0),
                  measured("JAX", 1.0, peak=2_000.0))
            for work, _ in populations.POPULATIONS
        ],
        "estimators": [
            entry(work, measured("barenet", 0.1, peak=90.0), measured("scikit-learn", 0.4))
            for work in estimators.CALLS
        ],
        "epochs": {
            "roofline": [
                {"what": "NumPy", "threads": "all", "gflops": 500.0, "kernels": "SkylakeX"}
            ],
            "works": [
                entry(WORKS[0], measured("JAX", 0.06), measured("scikit-learn", 0.05),
                      measured("JAX", 0.04, "one"), measured("barenet", 0.01))
            ],
        },
        "accuracy": [
            {"peer": "barenet", "epochs": [
                {"seconds": seconds, "accuracy": accuracy}
                for seconds, accuracy in ((0.25, 0.94), (0.25, 0.955), (0.5, 0.96))
            ]}
        ],
        "start": {
            "import": {"python": 0.01, "barenet": 0.16},
            "fit": {
                "barenet": {"fit": 0.3, "process": 0.5, "ever": {"fit": 9.0, "process": 10.2}},
                "JAX": {"fit": 0.4, "process": 1.0},
            },
        },
        "command": {
            "data": "mnist",
            "with baselines": {"process": 3.1, "training": 1.1},
            "without": {"process": 2.5, "training": 1.0},
        },
        "cluster": {
            "workers": {"1": 9.0, "2": 4.5},
            "threads": {"1": 8.8, "2": 4.4},
            "step": {"1": 0.2, "2": 0.11},
        },
        "stream": {
            "20 columns": {"from memory": 1.0, "from files": 1.1},
            "784 columns": {"from memory": 1.0, "from files": 1.2},
        },
    }  # fmt: skip
    parts["map"]["sgd"]["cells"][0] = [{"barenet": 1.0, "JAX": 1.04, "PyTorch": 9.0}] * 9
    parts["map"]["adam"]["cells"][6][8] = {"barenet": 1.0}
    machine = {"processor": "A", "cores": 2, "memory": 8.0, "system": "Linux", "python": "3"}
    return {
        "machine": machine,
        "versions": {"numpy": "2.0"},
        "settings": {"quick": False, "engine": "auto"},
        "parts": {
            name: {"date": "2025-01-31", "seconds": 1, "results": part, "left_out": ["PyTorch"]}
            for name, part in parts.items()
        },
        "left_out": ["torch is not installed"],
    }


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading."""
    section = re.search(rf"^##+ {heading}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_map_shows_every_cell_and_its_best_peer(results):
    page = report(results)
    n_cells = sum(len(panel.rows) * len(panel.columns) for panel in PANELS.values())
    assert n_cells == 7 * 9 * 3 + 2 * 7
    summary = (
        "the smallest is **1.04 ×** (sgd, width 16, batch size 1; JAX), the median is **3.00 ×**"
    )
    assert f"Of {n_cells - 1} cells, {summary}, and 9 are below 1.1 ×." in page
    sgd = rows(page, "A training step with SGD")
    assert sgd[0][1:] == ["16", "32", "64", "128", "256", "512", "1,024", "2,048", "4,096"]
    assert sgd[2] == ["1", *["1.04 J"] * 9]
    assert rows(page, re.escape("A training step with Adam"))[8] == ["4,096", *["3.00 S"] * 8, "–"]


def test_the_picture_has_a_number_and_a_colour_for_each_cell(results):
    fit = results["parts"]["map"]["results"]["fit"]
    fit["cells"] = [[{"barenet": 1.0, "JAX": start + 0.05} for start, _, _ in STEPS],
                    [{"barenet": 1.0}] + [{"barenet": 1.0, "JAX": 1.0994}] * 6]  # fmt: skip
    picture = draw({"fit": fit}).decode()
    assert xml.etree.ElementTree.fromstring(picture).tag.endswith("svg")
    fills = {fill: picture.lower().count(f"fill: {fill.lower()}") for _, fill, _ in STEPS}
    below = "#DFC27D"  # 1.0994 is below 1.1, though it reads 1.10
    assert fills == {fill: 2 + 6 * (fill == below) for fill in fills}  # a cell and the legend


def test_ratios_and_the_roofline(results):
    header, _, barenet, jax, sklearn = rows(report(results), "Epochs of everyday networks")[:5]
    assert header[2:] == ["time", "beside barenet", "GFLOP/s", "of roofline"]
    # 2.398 GFLOP an epoch in 0.01 s are 240 GFLOP/s, 48 % of 500.
    assert barenet[1:] == ["**barenet**", "10.0 ms", "1.00 ×", "240", "48.0%"]
    assert jax[1:4] == ["JAX", "40.0 ms", "4.00 ×"]
    assert sklearn[1:4] == ["scikit-learn", "50.0 ms", "5.00 ×"]


def test_populations_calls_and_the_command(results):
    page = report(results)
    digits = rows(page, "Many networks at once")[2:5]
    assert [row[1:5] for row in digits] == [
        ["**barenet**", "250 ms", "1.00 ×", "100 MiB"],
        ["JAX", "1.00 s", "4.00 ×", "2,000 MiB"],
        ["scikit-learn", "20.0 s", "80.0 ×", "100 MiB"],
    ]
    call = rows(page, "Calls of the estimators")[2]
    assert call == ["fit, 50 rows", "100 ms", "400 ms", "4.00 ×", "90 MiB", "100 MiB"]
    assert "the baselines take 50% of the time of the training" in page
    results["parts"]["command"]["results"]["with baselines"]["process"] = 2.5
    assert "the baselines take less time than two runs differ by" in report(results)


def test_time_to_accuracy_is_a_sum(results):
    (row,) = rows(report(results), "Time to an accuracy on MNIST")[2:]
    assert row == ["barenet", "500 ms", "–", "333 ms", "3", "96.00%"]


def test_unmeasured_parts_are_omitted(results):
    assert report(results).endswith("- torch is not installed\n- PyTorch\n")
    results["parts"] |= {"accuracy": results["parts"]["accuracy"] | {"results": []}}
    del results["parts"]["epochs"]["results"]["works"][0]["measured"][-1]  # barenet's
    assert rows(report(results), "Epochs of everyday networks")[2][3] == "–"
    start = results["parts"]["start"] | {"left_out": []}
    results |= {"parts": {"start": start}, "left_out": []}
    assert re.findall(r"^## (.+)$", report(results), re.MULTILINE) == ["Start"]


def test_figures_are_compared_with_their_goals(results):
    figures: dict[str, float] = {}
    for name, part in results["parts"].items():
        figures |= PARTS[name].figures(part["results"])
    lines = shortfalls(figures)
    assert "map, sgd, smallest: 1.04, the goal is at least 1.1" in lines
    assert "map, fit, smallest: 3, the goal is at least 5" in lines
    assert "population, digits, JAX: 4, the goal is at least 7" in lines
    assert "fit, 50 rows: 4, the goal is at least 5" in lines
    assert "start, import: 0.16, the goal is at most 0.1" in lines
    assert "command, baseline / training: 0.5, the goal is at most 0.25" in lines
    reached = ("population, digits, sci", "fit of sparse", "epochs, mnist-16, JAX")
    assert not [line for line in lines if line.startswith(reached)]
    # All works of a real run are measured, so every goal would have its figure.
    everything = entry(WORKS[0]), *map(entry, WORKS[1:])
    for one in everything:
        one["measured"] = [measured(peer, 1.0) for peer in ("barenet", "JAX", "PyTorch",
                                                           "scikit-learn", "tutorial")]  # fmt: skip
    figures |= PARTS["epochs"].figures({"works": everything})
    assert figures.keys() >= AT_LEAST.keys() | AT_MOST.keys()


def test_tables_and_figures_are_aligned_and_have_three_digits():
    assert table(("a", "n"), [("x", "10"), ("yy", "9")]).splitlines() == [
        "| a  |  n |",
        "| -- | -: |",
        "| x  | 10 |",
        "| yy |  9 |",
    ]
    texts = {1.234e-5: "12.3 µs", 0.00099951: "1.00 ms", 0.0352: "35.2 ms", 123.4: "123 s"}
    assert {seconds: time(seconds) for seconds in texts} == texts
    assert [significant(number) for number in (9.996, 99.96, 1234.4)] == ["10.0", "100", "1,234"]
    assert [time(None), times(None), times(2)] == ["–", "–", "2.00 ×"]
