"""The report: every part in it is right by hand, and its files are written whole."""

import json
import re
import xml.etree.ElementTree

import pytest
from benchmarks.goals import RATIOS
from benchmarks.report import report
from benchmarks.results import write
from benchmarks.tables import significant, table, time
from benchmarks.works import WORKS


def measured(peer: str, seconds: float, threads: str = "all") -> dict[str, object]:
    return {
        "peer": peer, "threads": threads, "seconds": seconds, "median": seconds, "first": 1.0,
        "peak": 100.0, "units": 1, "about": "",
    }  # fmt: skip


@pytest.fixture
def results():
    """What a run may have found; figures that are easy to divide."""
    point = {"barenet": 0.001, "JAX": 0.002, "PyTorch": 0.004, "scikit-learn": 0.008}
    epochs = [
        {"seconds": seconds, "accuracy": accuracy}
        for seconds, accuracy in ((0.25, 0.94), (0.25, 0.955), (0.5, 0.96))
    ]
    return {
        "date": "2025-01-31",
        "machine": {"processor": "A", "cores": 2, "memory": 8.0, "system": "Linux", "python": "3"},
        "versions": {"numpy": "2.0"},
        "settings": {"rounds": 9, "turn": 0.25, "quick": False, "engine": "auto", "parts": []},
        "roofline": [{"what": "NumPy", "threads": "all", "gflops": 500.0, "kernels": "SkylakeX"}],
        "works": [
            {
                "work": WORKS[0].to_dict(),
                "origin": "MNIST",
                "measured": [
                    *(measured("JAX", 0.06), measured("scikit-learn", 0.05)),
                    *(measured("JAX", 0.04, "one"), measured("barenet", 0.01)),
                ],
            }
        ],
        "start": {
            "import": {"python": 0.01, "barenet": 0.16},
            "fit": {
                "barenet": {"fit": 0.3, "process": 0.5, "ever": {"fit": 9.0, "process": 10.2}},
                "JAX": {"fit": 0.4, "process": 1.0},
            },
        },
        "accuracy": [{"peer": "barenet", "threads": "all", "epochs": epochs}],
        "scaling": {
            sweep: [{"value": 10, "seconds": point}, {"value": 100, "seconds": point}]
            for sweep in ("width", "depth", "rows")
        },
        "left_out": ["torch is not installed"],
    }


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading."""
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_ratios_goals_and_the_roofline(results):
    header, _, barenet, jax, sklearn = rows(report(results), "Works")
    assert header[2:] == ["time", "beside barenet", "GFLOP/s", "of roofline", "goal", "holds"]
    # 2.398 GFLOP an epoch in 0.01 s are 240 GFLOP/s, 48 % of 500.
    assert barenet[1:] == ["**barenet**", "10.0 ms", "1.00 ×", "240", "48.0%", "", ""]
    assert jax[1:4] + jax[6:] == ["JAX", "40.0 ms", "4.00 ×", "≥ 4 ×", "yes"]
    assert sklearn[1:4] + sklearn[6:] == ["scikit-learn", "50.0 ms", "5.00 ×", "≥ 9 ×", "no"]


def test_start_goals(results):
    found = {row[0]: row[1:] for row in rows(report(results), "Start") if len(row) == 4}
    assert found["import"] == ["160 ms", "≤ 0.15 s", "no"]
    assert found["first fit ever"] == ["9.00 s", "≤ 10 s", "yes"]
    assert found["first fit in a process"] == ["300 ms", "≤ 0.5 s", "yes"]


def test_time_to_accuracy_is_a_sum(results):
    (row,) = rows(report(results), "Time to an accuracy on MNIST")[2:]
    assert row == ["barenet", "500 ms", "–", "333 ms", "3", "96.00%"]


def test_unmeasured_parts_are_omitted(results):
    assert "- torch is not installed" in report(results)
    results["works"][0]["measured"].pop()  # barenet's own, so that there are no ratios
    assert rows(report(results), "Works")[2][3] == "–"
    results |= {"works": [], "start": {}, "accuracy": [], "scaling": {}, "left_out": []}
    assert re.findall(r"^## (.+)$", report(results), re.MULTILINE) == ["Roofline"]


def test_result_files_are_complete(results, tmp_path):
    files = write(results, tmp_path / "new")
    assert [path.name for path in files] == ["latest.json", "latest.md", "scaling.svg"]
    assert json.loads(files[0].read_text("utf-8")) == results
    assert files[1].read_text("utf-8") == report(results)
    assert xml.etree.ElementTree.parse(files[2]).getroot().tag.endswith("svg")
    assert sorted(tmp_path.joinpath("new").iterdir()) == sorted(files)  # nothing temporary is left


def test_every_goal_names_an_existing_benchmark_and_peer():
    from benchmarks.peers import PEERS

    for work, goals in RATIOS.items():
        assert work in {one.name for one in WORKS}
        assert all(PEERS[peer].does(work) for peer in goals)


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
