"""The published pages: their tables follow from the committed figures, and so does the prose."""

import itertools
import json
import re
from pathlib import Path

import pandas
import pytest
from benchmarks.blocks import report as report_blocks
from benchmarks.report import report
from benchmarks.results import FOLDER
from benchmarks.speed_map import BATCHES, WIDTHS, ratios, step
from benchmarks.table_report import report as report_tables
from benchmarks.table_scores import difference

ROOT = Path(__file__).parents[2]
ENSEMBLE = "barenet ensemble"
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


@pytest.mark.parametrize("folder", [FOLDER, FOLDER / "avx512"], ids=["latest", "avx512"])
def test_a_page_follows_from_its_figures(folder):
    results = json.loads((folder / "latest.json").read_text("utf-8"))
    assert (folder / "latest.md").read_text("utf-8") == report(results)


@pytest.mark.parametrize("folder", [FOLDER, FOLDER / "development"], ids=["new", "development"])
def test_the_page_of_tables_follows_from_its_figures(folder):
    page = report_tables(table_rows(folder), figures=True)
    assert (folder / "tables.md").read_text("utf-8") == page


def test_the_page_of_blocks_follows_from_its_figures():
    assert (FOLDER / "blocks.md").read_text("utf-8") == report_blocks(blocks())


def mean_scores(figure="score"):
    """The mean over the splits, by table and model."""
    return pandas.DataFrame(table_rows()[1:]).pivot_table(figure, "table", "model", sort=False)


def lead(figure, model):
    """The ensemble's mean lead over a model, its standard error, and the tables where it leads."""
    scores = mean_scores(figure)
    leads = (scores[ENSEMBLE] - scores[model]).dropna()
    return leads.mean(), leads.sem(), (leads > 0).sum()


def map_claims():
    found = [(name, ratio) for name, _, ratio in ratios(parts()["map"])]
    worst = min(ratio for _, ratio in found)
    yield "index.md", f"In the worst of {len(found)} measured cells"
    yield "index.md", f"{1 / worst:.1f} times as long"
    steps = {step(rule, n_rows, width).name for rule, width, n_rows in SIZES}
    assert 4.5 < max(ratio for name, ratio in found if name in steps) < 5.5
    yield "index.md", "[from a fifth of the time]"


def table_claims():
    scores = mean_scores()
    better = (scores[ENSEMBLE] > scores["barenet network"]).sum()
    yield "choosing.md", f"better than one on {better} of {len(scores)} tables"
    mean, error, ahead = lead("score", "CatBoost")
    yield "benchmarks.md", f"differ by {mean:.4f} ± {error:.4f}"
    yield "benchmarks.md", f"which is ahead on {ahead} of the {len(scores)} tables"
    mean, error, ahead = lead("log_loss", "CatBoost")
    n_tables = mean_scores("log_loss")["CatBoost"].count()
    yield "benchmarks.md", f"log losses differ by {-mean:.3f} ± {error:.3f}"
    yield "benchmarks.md", f"lower on {n_tables - ahead} of {n_tables}"
    for model in ("HistGradientBoosting", "LightGBM", "XGBoost"):
        mean, error, _ = lead("score", model)
        yield "benchmarks.md", f"{mean:.3f} ± {error:.3f} over {model}"
    ahead_on = scores.index[scores["HistGradientBoosting"] > scores[ENSEMBLE]]
    yield "benchmarks.md", f"ahead on *{'* and *'.join(ahead_on)}*"
    for other, table in (("scikit-learn linear", "pima"), ("barenet network", "sonar")):
        gap = scores[other][table] - scores[ENSEMBLE][table]
        yield "benchmarks.md", f"by {gap:.3f} on *{table}*"
    rows = [row["rows"] for row in table_rows()[1:]]
    yield "benchmarks.md", f"{min(rows)} to {max(rows):,} training rows"


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


GENERATORS = (map_claims, table_claims, collection_claims, time_claims)
CLAIMS = {each.__name__: each for each in GENERATORS}


@pytest.mark.parametrize("claims", CLAIMS)
def test_the_prose_quotes_the_published_figures(claims):
    for document, sentence in CLAIMS[claims]():
        text = (ROOT / "docs" / document).read_text("utf-8")
        plain = " ".join(re.sub(r"(?m)^[>-] ", "", text).split())
        assert sentence in plain, f"{document} lacks: {sentence}"
