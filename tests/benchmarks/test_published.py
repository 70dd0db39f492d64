"""The published pages: their tables follow from the committed figures, and so does the prose."""

import itertools
import json
import re
from pathlib import Path

import pandas
import pytest
from benchmarks.blocks import fit, predicted, report as report_blocks
from benchmarks.goals import AT_LEAST
from benchmarks.report import block, report
from benchmarks.results import FOLDER, write
from benchmarks.speed_map import BATCHES, WIDTHS, ratios, step, summary
from benchmarks.table_models import MODELS
from benchmarks.table_report import report as report_tables
from benchmarks.table_scores import balanced, by_table, complete, difference, shortfalls, tables
from benchmarks.worker_steps import NETWORKS

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
ENSEMBLE = "barenet ensemble"
#: The folders with a published comparison on tables.
TABLE_FOLDERS = sorted(file.parent for file in FOLDER.rglob("tables.jsonl"))
#: Optimizers, widths and batch sizes of the map.
SIZES = [*itertools.product(("sgd", "adam"), WIDTHS, BATCHES)]


def parts(folder=FOLDER):
    found = json.loads((folder / "latest.json").read_text("utf-8"))["parts"]
    return {name: part["results"] for name, part in found.items()}


def table_rows(folder=FOLDER / "development"):
    """The rows of a comparison on tables, after the line about its machine."""
    return [json.loads(line) for line in (folder / "tables.jsonl").read_text("utf-8").splitlines()]


def blocks():
    return json.loads((FOLDER / "blocks.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ["", "avx512", "avx2", "cores16"])
def test_a_page_follows_from_its_figures(name):
    folder = FOLDER / name
    results = json.loads((folder / "latest.json").read_text("utf-8"))
    assert (folder / "latest.md").read_text("utf-8") == report(results)


def test_the_block_to_paste_has_the_machine_and_the_ratios():
    results = json.loads((FOLDER / "latest.json").read_text("utf-8"))
    first, machine, *lines, last = block(results).splitlines()
    assert (first, last) == ("```text", "```")
    for fact in (results["machine"]["processor"], "2 cores", "CPython 3.11.7", "numba 0.68.1"):
        assert fact in machine
    assert re.fullmatch(r"map, median +1\.51", next(line for line in lines if "median" in line))
    assert len(lines) == len(AT_LEAST) + 2  # an empty line and a heading


@pytest.mark.slow
def test_published_figures_are_written_with_their_map(tmp_path):
    results = json.loads((FOLDER / "latest.json").read_text("utf-8"))
    write(results, tmp_path)
    assert (tmp_path / "latest.json").read_bytes() == (FOLDER / "latest.json").read_bytes()
    picture = (tmp_path / "map.svg").read_text("utf-8")
    cells = picture.count("<path")
    n_cells = 0
    for grid in results["parts"]["map"]["results"].values():
        n_cells += sum(len(line) for line in grid["cells"])
    assert cells > n_cells


@pytest.mark.parametrize("folder", TABLE_FOLDERS, ids=lambda folder: folder.name)
def test_the_page_of_tables_follows_from_its_figures(folder):
    page = report_tables(table_rows(folder), figures=True)
    assert (folder / "tables.md").read_text("utf-8") == page


def test_the_advice_for_tables_follows_from_the_figures():
    rows = [row for row in table_rows(FOLDER) if "score" in row]
    models = complete(rows, [name for name in MODELS if not MODELS[name].slow])
    shared = balanced(rows, models)
    far = shortfalls(shared)
    assert sorted(far, key=far.get)[:2] == [ENSEMBLE, "CatBoost"]
    best = [max(group, key=lambda one: one[1])[0][1] for group in by_name(shared)]
    assert "scikit-learn linear" in best
    for model in ("HistGradientBoosting", "LightGBM", "XGBoost"):
        assert difference(rows, ENSEMBLE, model, "log_loss").interval[1] < 0
    sizes = by_table(shared, "bytes")
    own = [(sizes[name, "barenet --quick"], sizes[name, ENSEMBLE]) for name in tables(shared)]
    assert all(quick < size / 3 for quick, size in own)
    seconds = mean_scores("fit")
    assert seconds["CatBoost"].median() > 2 * seconds[ENSEMBLE].median()
    assert (seconds[["LightGBM", "XGBoost"]].median() < seconds[ENSEMBLE].median() / 5).all()


def test_the_models_of_one_split_are_behind_as_the_prose_states():
    rows = [row for row in table_rows(FOLDER) if "score" in row]
    for model in ("LightGBM tuned", "CatBoost tuned", "RealMLP", "TabM"):
        score, loss = (difference(rows, ENSEMBLE, model, each) for each in ("score", "log_loss"))
        assert score.mean > 0 > loss.mean
        assert (score.interval[0] < 0) == (model != "RealMLP")
        assert (loss.interval[1] < 0) == (model != "CatBoost tuned")


def by_name(rows):
    """The tables' models with their mean scores, table by table."""
    scores = by_table(rows, "score")
    return [[one for one in scores.items() if one[0][0] == name] for name in tables(rows)]


def test_the_page_of_blocks_follows_from_its_figures():
    assert (FOLDER / "blocks.md").read_text("utf-8") == report_blocks(blocks())


def test_the_shares_of_the_playground_are_those_of_its_medians():
    lines = (FOLDER / "playground.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in lines if "%" in line]
    epochs = [float(row[1].replace(",", "")) for row in rows]
    assert [row[2] for row in rows] == [f"{100 * one / epochs[0]:.0f} %" for one in epochs]


def mean_scores(figure="score"):
    """The mean over the splits, by table and model."""
    return pandas.DataFrame(table_rows()[1:]).pivot_table(figure, "table", "model", sort=False)


def cells_median_and_below(folder):
    """The cells of a map, their median, and how many are below 1.1, as its summary has them."""
    text = summary(parts(FOLDER / folder)["map"])
    return re.search(r"Of (\d+) cells,.+median is \*\*(.+?)\*\*, and (\d+) are", text).groups()


def map_claims():
    found = {name: (peer, ratio) for name, peer, ratio in ratios(parts()["map"])}
    names = {size: step(size[0], size[2], size[1]).name for size in SIZES}
    cells = {size: found[name] for size, name in names.items() if name in found}
    steps = {size: ratio for size, (_, ratio) in cells.items()}
    large = [steps[each] for each in steps if each[1] >= 256 and each[2] >= 256]
    behind = [one for one in large if one < 1]
    single = [each for each in steps if each[::2] == ("sgd", 1) and 64 <= each[1] <= 1024]
    assert all(cells[each][0] == "JAX" and steps[each] < 1 for each in single)
    elsewhere = [each for each in steps if steps[each] < 0.95 and min(each[1:]) < 256]
    assert {*elsewhere} - {*single} == {("adam", 4096, 8), ("adam", 4096, 128)}
    yield "benchmarks.md", f"in {len(behind)} of the {len(large)} cells with at least 256 units"
    near = sum(one > 1 / 1.25 for one in behind)
    yield "benchmarks.md", f"in {near} of these by at most a quarter"
    yield "benchmarks.md", f"at worst by a factor of {1 / min(behind):.1f}"
    yield "benchmarks.md", f"at worst by a factor of {1 / min(map(steps.get, single)):.1f}."
    for folder in ("avx512", "avx2", "cores16"):
        n_cells, median, below = cells_median_and_below(folder)
        yield "benchmarks.md", f"| {median} | {below} of {n_cells} | [{folder}]"
    yield "index.md", f"In the worst of {len(found)} measured cells"
    yield "index.md", f"{1 / min(ratio for _, ratio in found.values()):.1f} times as long"
    assert 4.5 < max(steps.values()) < 5.5
    yield "index.md", "[from a fifth of the time]"


def table_claims():
    scores = mean_scores()
    better = (scores[ENSEMBLE] > scores["barenet network"]).sum()
    yield "choosing.md", f"better than one on {better} of {len(scores)} tables"


def time_claims():
    found = parts()
    epochs = {
        one["peer"]: one["seconds"]
        for work in found["epochs"]["works"]
        if work["work"]["name"] == "mnist-256"
        for one in sorted(work["measured"], key=lambda one: -one["seconds"])
    }
    listed = [f"{name} {epochs[name]:.2f} s" for name in ("barenet", "JAX", "PyTorch")]
    last = f"and scikit-learn {epochs['scikit-learn']:.2f} s"
    yield "../README.md", f"on MNIST takes {', '.join(listed)} {last}"
    cluster, stream = found["cluster"], found["stream"]
    for where in ("workers", "threads"):
        one, two = (cluster[where][count] for count in "12")
        yield "scaling.md", f"{one:.1f} s on one and {two:.1f} s on two {where}"
    for columns, name in (("20 columns", "a million rows of 20"), ("784 columns", "784")):
        files, memory = (f"{stream[columns][k]:.2f} s" for k in ("from files", "from memory"))
        assert name.split()[-1] in columns
        yield "scaling.md", f"{files} from files and {memory} from memory"


def block_claims():
    found = blocks()
    model = fit(found["steps"])
    exact = []
    for name, best in zip(NETWORKS, (4, 8, 8), strict=True):
        own = [one for one in found["steps"] if one["network"] == name]
        size, compute = own[0]["parameters"], own[0]["step"] - own[0]["exchange"]
        times = {n: predicted(model, compute, size, n) for n in (1, 2, 4, 8, 16)}
        assert min(times, key=times.get) == best, name
        exact.append(times[1] / times[best])
    yield "scaling.md", f"which are then {exact[1]:.0f} and {exact[2]:.0f} times as fast"


def collection_claims():
    rows = [row for row in table_rows(FOLDER) if "score" in row]
    for model in ("CatBoost", "LightGBM"):
        found = difference(rows, ENSEMBLE, model)
        mean, low, high = (
            f"{each:+.3f}".replace("-", "−") for each in (found.mean, *found.interval)
        )
        interval = "95 % interval " * (model == "CatBoost")
        yield "../README.md", f"{model}'s ({mean}, {interval}{low} to {high})"
    yield "../README.md", f"On {found.n_tables} public tables"
    rest = [
        row for row in rows if row["table"] not in ("modeldata/check_times", "modeldata/Chicago")
    ]
    ahead = f"above CatBoost's by {difference(rest, ENSEMBLE, 'CatBoost').mean:.3f} as well"
    yield "benchmarks.md", f"Without these two, the mean score is {ahead}"


def mixed_claims():
    rows = [row for row in table_rows(FOLDER / "mixed") if "score" in row]
    found = difference(rows, ENSEMBLE, "CatBoost")
    low, high = found.interval
    interval = f"(95 % interval {low:+.3f} to {high:+.3f})".replace("-", "−")
    ahead = f"minus CatBoost's is {found.mean:+.3f} ".replace("-", "−") + interval
    yield "benchmarks.md", f"{ahead}, and the ensemble's is higher on {found.wins} of 25 tables"
    loss = difference(rows, ENSEMBLE, "CatBoost", "log_loss")
    area = difference(rows, ENSEMBLE, "CatBoost", "auc")
    higher = f"Its mean log loss is higher by {loss.mean:.3f} and its mean AUC lower by"
    yield (
        "benchmarks.md",
        f"{higher} {-area.mean:.3f} on 11 tables; all three intervals contain zero",
    )
    for each in (loss, area):
        low, high = each.interval
        assert low < 0 < high
    wins = difference(rows, ENSEMBLE, "LightGBM").wins
    yield "benchmarks.md", f"higher than LightGBM's on {wins} of 28 tables"
    named = ("dataquest/football", "fivethirtyeight/primaries")
    rest = [row for row in rows if row["table"] not in named]
    found = difference(rest, ENSEMBLE, "CatBoost")
    low, high = found.interval
    above = f"above CatBoost's by {found.mean:.3f} ({low:+.3f} to {high:+.3f})"
    yield "benchmarks.md", f"Without them, its mean score is {above}"


GENERATORS = (mixed_claims, map_claims, table_claims, collection_claims, time_claims, block_claims)
CLAIMS = {each.__name__: each for each in GENERATORS}


@pytest.mark.parametrize("claims", CLAIMS)
def test_the_prose_quotes_the_published_figures(claims):
    for document, sentence in CLAIMS[claims]():
        text = (ROOT / "docs" / document).read_text("utf-8")
        plain = " ".join(re.sub(r"(?m)^[>-] ", "", text).split())
        assert sentence in plain, f"{document} lacks: {sentence}"
