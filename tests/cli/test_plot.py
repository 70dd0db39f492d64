"""``barenet plot`` and ``barenet report``, which is checked against the other commands."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import ModelCard, load, load_dataset, plots, save
from barenet.cli._main import main
from barenet.files._model_card import TrainingLog
from barenet.model._ensemble import Ensemble
from barenet.plots import save_figure
from barenet.tasks._pictures import KINDS, default_kind, draw
from barenet.typing import History

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("run", "kind", "file", "signature"),
    [
        ("iris", "history", "picture.svg", b"<?xml"),
        ("digits", "weights", "picture.png", b"\x89PNG"),
        ("iris", "importance", "picture.png", b"\x89PNG"),
        ("line", "fit", None, b"\x89PNG"),
    ],
)
def test_the_suffix_determines_the_format(barenet, request, run, kind, file, signature):
    folder = request.getfixturevalue(run)
    done = barenet("plot", kind, folder, *(["--out", file] if file else [])).ok()
    path = file or folder / f"{kind}.png"  # by default beside the model
    assert done.out == f"{path}\n"
    assert Path(path).read_bytes().startswith(signature)


def test_the_default_plot_suits_the_data_and_others_are_refused(iris, line, digits):
    models = [load(run / "model.safetensors") for run in (iris, line, digits)]
    assert [default_kind(model) for model in models] == ["confusion", "fit", "digits"]
    predictor, rows = models[2], load_dataset("digits")
    figure, predicted = draw("digits", predictor, rows), predictor.predict(rows.X[:1])[0]
    assert len(figure.axes) == 25
    assert f" {predicted} (" in figure.axes[0].get_title()
    for kind, message in (("boundary", "a boundary plot needs cl"), ("weights", "the rows of")):
        with pytest.raises(ValueError, match=f"kind: {message}"):
            draw(kind, models[1], load_dataset("plane"))


@pytest.mark.parametrize("kind", ["calibration", "dependence", "confusion"])
def test_names_are_no_formulas(iris, kind, tmp_path):
    predictor, rows = load(iris / "model.safetensors"), load_dataset("iris")
    names, odd = ("a$_$", "$^^$", "\0", "d"), "$_$ \0"
    predictor = replace(predictor, feature_names=names, dataset=odd, classes=("$_$", "b", "c"))
    rows = replace(rows, name=odd, feature_names=names, classes=predictor.classes)
    figure = draw(kind, predictor, rows)
    save_figure(figure, tmp_path / "it.png")  # which raises for an invalid formula
    assert figure.get_suptitle().startswith(r"\$_\$ \x00")


def test_a_history_that_is_not_that_of_a_run_is_refused(barenet, tmp_path):
    (tmp_path / "history.jsonl").write_text("[" * 100_000)
    assert "not the history of a run" in barenet("plot", "history", tmp_path).error


def test_the_command_draws_every_plot_of_a_model(barenet):
    kinds = [name.removeprefix("plot_") for name in plots.__all__ if name.startswith("plot_")]
    # These are drawn from a result of `contributions`, which the command doesn't make.
    of_contributions = ["beeswarm", "mean_contributions", "waterfall"]
    assert sorted(kinds) == sorted(["history", *KINDS, *of_contributions])


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
            save(replace(load(iris / "model.safetensors"), card=card), model)
        barenet("plot", "history", tmp_path, "--out", "history.svg").ok()
        picture = Path("history.svg").read_text()  # each text stands in it as a comment
        known = isinstance(card, ModelCard) and card.log is logs[0]
        assert ("kept: epoch 3, loss 0.6" in picture) == known
        assert ("loss (training: with penalty)" in picture) == known


VOID = {"meta", "img", "br", "!doctype"}


class Page(HTMLParser):
    """The tables, sections and texts of a page; every tag must be closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open, self.tables, self.texts = [], [], []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data
        self.texts.append(data)

    def table(self, *heads):
        (rows,) = (rows for head, *rows in self.tables if head[: len(heads)] == [*heads])
        return rows

    def __contains__(self, text):
        return text in " ".join("".join(self.texts).split())


HEADINGS = [
    *("In short", "Errors", "Columns that matter", "Rows that are predicted worst"),
    *("Training", "Columns", "Data and settings"),
]


@pytest.fixture(scope="session")
def villages(train, tmp_path_factory) -> Path:
    """A run on a table of words, numbers, dates and missing values, with names that are markup."""
    rng = np.random.default_rng(0)
    lines = ["<b>size</b>,town,built,price & more"]
    for at in range(120):
        size = "" if at % 9 == 0 else f"{rng.integers(20, 200)}"
        town = rng.choice(["Oslo", "<script>alert(1)</script>", "Ro$me$"])
        lines.append(f"{size},{town},20{at % 20 + 10}-0{at % 9 + 1}-03,{rng.normal():.3f}")
    table = tmp_path_factory.mktemp("tables") / "villages.csv"
    table.write_text("\n".join(lines) + "\n")
    return train(table, "--target", "price & more", "--epochs", 3)


@pytest.fixture(scope="session")
def page_of(tmp_path_factory) -> Callable[[Path], Page]:
    """The report of a run, which is drawn once."""

    @cache
    def page(folder: Path) -> Page:
        path = tmp_path_factory.mktemp("reports") / "page.html"
        assert main(["report", str(folder), "--out", str(path)]) == 0
        return Page(path)

    return page


@pytest.mark.parametrize("run", ["line", "digits", "villages"])
def test_a_page_is_whole_and_needs_no_network(barenet, request, monkeypatch, run):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    folder = request.getfixturevalue(run)
    done = barenet("report", folder, "--out", "page.html").ok()
    assert (done.out, done.err, opened) == ("page.html\n", "", [])
    page = Page(Path("page.html"))
    assert re.findall("<h2>(.*)</h2>", page.source) == HEADINGS
    assert "<title>barenet report: " in page.source
    for reference in ("<script", "<link", "@import", "<iframe", "<b>size"):
        assert reference not in page.source
    hosts = set(re.findall(r"https?://([^/\"]*)", page.source))
    assert hosts <= {"www.w3.org"}  # the names of XML's spaces
    assert all(link.startswith(("#", "data:")) for link in re.findall(r'href="(.*?)"', page.source))
    barenet("report", folder, "--out", "again.html", "--open").ok()
    assert Path("again.html").read_bytes() == Path("page.html").read_bytes()
    assert opened == [Path("again.html").resolve().as_uri()]
    heads = [table[0] for table in page.tables if table[0][:1] == ["row"]]
    if run == "digits":  # images are drawn instead of their values
        assert heads == [] and "All are numbers" in page
        assert page.source.count("wrong: ") + page.source.count("predicted ") >= 10
    elif run == "villages":
        assert "price & more, predicted from villages.csv" in page
        kinds = {row[0]: row[1] for row in page.table("column", "kind")}
        assert kinds == {"<b>size</b>": "number", "town": "category", "built": "date"}
        assert set(heads[0][4:]) == {*kinds, "reasons"}
    else:
        _check_scores(page, barenet, folder, *NAMES[run])


#: The first metric of each run, and its title.
NAMES = {"iris": ("accuracy", "accuracy"), "line": ("r2", "R²")}


def _check_scores(page, barenet, folder, name, first):
    """Compare the scores of a page with those of `barenet evaluate`."""
    result = barenet("evaluate", folder, "--json").json
    seen = load(folder).card.scores["training"]
    scores = [result["metrics"], *(result["baselines"][each] for each in ("linear", "constant"))]
    expected = [f"{each[name]:.4f}" for each in (*scores, seen)]
    assert [cells[1] for cells in page.table("", first)] == expected
    assert f"The network's {first} is {expected[0]} on {result['rows']} rows" in page
    assert "The linear model " in page
    if name == "accuracy":
        counts = [[int(n) for n in row[1:]] for row in page.table("actual ↓ predicted →")]
        assert counts == result["confusion_matrix"]
    else:
        assert "actual − predicted" in page and "distribution of the target" in page.source
        assert page.source.count('aria-label="residuals, ') == 2


@pytest.mark.case(145)
@pytest.mark.parametrize("run", ["iris", "villages"])
def test_columns_matter_as_barenet_importance_prints_them(barenet, request, page_of, run):
    folder = request.getfixturevalue(run)
    page, done = page_of(folder), barenet("importance", folder).ok()
    printed = re.findall(r"^(.+?) +(-?\S+ ± \S+) *█*.?$", done.out, re.MULTILINE)
    change = "accuracy lost" if run == "iris" else "R² lost"
    shown = [(name, value) for name, value, _ in page.table("column", change)]
    assert shown == printed and len(printed) == done.out.count("\n") - 1
    lengths = [float(length) for length in re.findall(r"--share: (\S+)\"></td>", page.source)]
    drops = [max(0.0, float(value.split()[0])) for _, value in shown]
    np.testing.assert_allclose(lengths, np.array(drops) / max(*drops, 1e-12), atol=0.01)
    n_rows = int(re.search(r" on (\d+) test rows", done.err)[1])
    assert f"Each of {len(shown)} columns is shuffled 10× on {n_rows} of {n_rows} rows." in page
    assert f"over {n_rows} of these rows, if all of them" in page


@pytest.mark.slow
@pytest.mark.case(145)
def test_more_rows_than_5000_and_columns_than_25_are_stated(barenet):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(6_100, 30)).round(2)).add_prefix("x")
    table.assign(y=table["x0"] - table["x7"]).to_csv("wide.csv", index=False)
    options = ("--layers", 30, 1, "--epochs", 2, "--test-size", 0.9)
    barenet("train", "wide.csv", "--target", "y", *options).ok()
    page = Page(Path("runs/wide/report.html"))
    assert "Each of 30 columns is shuffled 10× on 5,000 of 5,490 rows." in page
    assert "The first 25 by R² lost, mean ± standard deviation:" in page
    assert "over 500 of these rows, if all of them had the same value in a column:" in page
    assert len(page.table("column", "R² lost")) == 25


@pytest.mark.parametrize("frame", [True, False])
def test_the_worst_row_has_its_number_and_its_values_in_the_file(barenet, frame):
    column = ["" if frame and at % 7 == 1 else at % 5 for at in range(50)]
    lines = [f"{a},{at % 3},{'' if at < 10 else at + 0.25}" for at, a in enumerate(column)]
    lines[20] = "4,1,1000.5"  # nothing else is as far from its prediction
    Path("table.csv").write_text("\n".join(["a,b,y", *lines]))
    options = ("--model", "network", "--epochs", 1, "--test-size", 0, "--no-plots")
    barenet("train", "table.csv", "--target", "y", *options).ok()
    assert barenet("report", "runs/table").ok().out == "runs/table/report.html\n"
    page = Page(Path("runs/table/report.html"))
    assert "on 40 rows that it was trained on: expect less on new ones" in page
    (heads,) = (table[0] for table in page.tables if table[0][:1] == ["row"])
    row = dict(zip(heads, page.table("row")[0], strict=True))
    assert (row["row"], row["actual"]) == ("20", "1000.5")
    assert (float(row["a"]), float(row["b"])) == (4, 1)
    assert "to the prediction of y, compared with the mean of 40 rows of these." in page
    columns = re.findall("([ab]) [0-9.]+: ([+-][0-9.e-]+)", row["reasons"])
    assert {name for name, _ in columns} == {"a", "b"}
    predictions = load("runs/table").predict(pd.read_csv("table.csv").dropna(subset="y"))
    contributed = np.array([float(value) for _, value in columns])
    rounding = 0.005 * np.abs(contributed).sum()
    expected = predictions.mean() + contributed.sum()
    assert expected == pytest.approx(float(row["predicted"]), abs=rounding)


def test_the_worst_rows_of_classes_have_the_smallest_probabilities(page_of, iris):
    data, predictor = load_dataset("iris"), load(iris / "model.safetensors")
    test = replace(data, X=np.arange(data.n_samples)[:, np.newaxis]).split(0.2, 0)[1].X[:, 0]
    p = predictor.predict_proba(data.X[test])[np.arange(len(test)), data.y[test]]
    rows = page_of(iris).table("row")
    worst = test[np.argsort(p, kind="stable")[:10]]
    assert [int(row[0]) for row in rows] == worst.tolist()
    assert "compared with the mean of 100 rows of the training." in page_of(iris)
    for row in rows:
        contributed = [float(value) for value in re.findall(": ([^;]+)", row[4])]
        assert len(contributed) == 3
        assert np.abs(contributed).tolist() == sorted(np.abs(contributed), reverse=True)


def test_the_settings_in_the_page_repeat_the_run(barenet, page_of, villages):
    settings = page_of(villages).texts
    (text,) = (each for each in settings if each.startswith("# Written by barenet."))
    Path("settings.toml").write_text(text)
    data = re.search('^data = "(.*)"', (villages / "settings.toml").read_text(), re.M)[1]
    shutil.copy(data, "villages.csv")
    barenet("train", "--config", "settings.toml", "--no-plots", "--out", "again").ok()
    models = [load(run / "model.safetensors") for run in (villages, Path("again"))]
    first, again = (model.network.parameters for model in models)
    np.testing.assert_array_equal(first, again)


def test_an_ensemble_has_a_report_and_a_model_alone_no_curves(barenet, iris, train):
    models = [load(run / "model.safetensors") for run in (iris, train("iris"))]
    networks = [model.network for model in models]
    save(replace(models[0], network=Ensemble(networks)), "model.safetensors")
    assert barenet("report", "model.safetensors").ok().out == "report.html\n"
    result = barenet("evaluate", "model.safetensors", "--json").json
    page = Page(Path("report.html"))
    counts = page.table("actual ↓ predicted →")
    assert [[int(n) for n in row[1:]] for row in counts] == result["confusion_matrix"]
    assert "Training</h2>\n</section>" in page.source


def test_training_on_a_table_writes_the_report_with_the_gain_of_each_part(barenet):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 2))
    y = np.where(X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=160) > 0, "yes", "no")
    table = pd.DataFrame(X.round(3), columns=["a", "b"]).assign(y=y)
    table.to_csv("table.csv", index=False)
    done = barenet("train", "table.csv", "--target", "y", "--metric", "f1").ok()
    assert "history.png, boundary.png, report.html\n" in done.err
    assert "`barenet export runs/table --to onnx` makes a file" in done.err  # which has no dates
    page = Page(Path("runs/table/report.html"))
    scores = load("runs/table/model.safetensors").card.scores
    assert re.findall("<h2>(.*)</h2>", page.source) == HEADINGS
    assert "The ensemble's F1 is " in page and "The linear model " in page
    assert "by F1 lost, mean ± standard deviation:" in page
    assert "raise the probability of rare classes" not in page
    (parts,) = (rows for head, *rows in page.tables if head == ["", "accuracy", "log loss"])
    kept = scores["out_of_fold"]
    expected = {
        "one network": scores["out_of_fold_of_one_network"],
        "the mean of the 4 that left the same row out": scores["out_of_fold_at_temperature_1"],
        f"at temperature {kept['temperature']:g} of the probabilities": kept,
    }
    numbers = [(f"{each['accuracy']:.4f}", f"{each['log_loss']:.5g}") for each in expected.values()]
    assert parts == [[name, *row] for name, row in zip(expected, numbers, strict=True)]
    barenet("report", "runs/table", "--out", "again.html").ok()
    assert Path("again.html").read_bytes() == Path("runs/table/report.html").read_bytes()


def test_validation_rows_are_rows_of_the_training_in_both_reports(barenet):
    lines = ["a,b,day,same,open"]
    for at in range(60):
        day = f"{1 + at % 28}.{1 + at % 12}.2024"
        lines.append(f"{at / 7:.3f},{at * at % 7}.5,{day},one,{('yes', 'no')[at // 3 % 2]}")
    lines[7] = "F106,3.5,2.5.2024,one,yes"
    Path("table.csv").write_text("\n".join(lines))
    barenet("train", "table.csv", "--target", "b", "--epochs", 2, "--patience", 1).ok()
    barenet("report", "runs/table", "--out", "again.html").ok()
    assert Path("again.html").read_bytes() == Path("runs/table/report.html").read_bytes()
    (columns,) = (rows for head, *rows in Page(Path("again.html")).tables if "read as" in head)
    by_name = {name: (mark, kind, *rest) for mark, name, kind, *rest in columns}
    lost = "1 of 60 can't be read and count as missing: 'F106'"
    assert by_name["a"][:-1] == ("!", "number", "2", "0.000", "") and lost in by_name["a"][-1]
    assert by_name["day"][1:4:2] == ("date day-first", "'1.1.2024' → 2024-01-01")
    assert by_name["same"][1:3] == ("left out", "0") and "in every row" in by_name["same"][-1]
    assert by_name["open"][1] == "yes/no"


def test_an_ensemble_without_test_rows_has_the_scores_of_rows_left_out(barenet):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(80, 2)).round(3), columns=["a", "b"])
    table["y"] = np.where(table["a"] + 0.5 * rng.normal(size=80) > 0.8, "yes", "no")
    table.loc[3, "a"] = np.nan
    table.to_csv("table.csv", index=False)
    options = ("--test-size", 0, "--class-weight", "balanced")
    done = barenet("train", "table.csv", "--target", "y", *options).ok()
    assert re.search("^ensemble +80 training, no test rows", done.out, re.M)
    page = Page(Path("runs/table/report.html"))
    card = load("runs/table/model.safetensors").card
    score = f"accuracy is {card.scores['out_of_fold']['accuracy']:.4f}"
    assert f"On the rows that its networks left out, its {score}." in page
    assert "The linear model" not in page
    assert "raise the probability of rare classes" in page
    (shown,) = (rows for rows in page.tables if rows[0][:1] == ["row"])
    assert not any("nan" in row for row in shown)


def test_moved_data_are_named_and_changed_data_refused(barenet):
    lines = ["a,b", *(f"{at},{at * at % 7}" for at in range(60))]
    Path("table.csv").write_text("\n".join(lines))
    barenet("train", "table.csv", "--target", "b", "--epochs", 1, "--no-plots").ok()
    Path("table.csv").rename("moved.csv")
    assert "table.csv, not found here; name the rows" in barenet("report", "runs/table").error
    barenet("report", "runs/table", "moved.csv").ok()
    first = Path("runs/table/report.html").read_bytes()
    Path("table.csv").write_text("\n".join([*lines[:-1], "3,0"]))
    changed = barenet("report", "runs/table").error
    assert "is not the training data of runs/table/model.safetensors, or has changed" in changed
    assert Path("runs/table/report.html").read_bytes() == first


def test_a_report_is_written_whole_or_not_at_all(barenet, iris, monkeypatch):
    def fail(*arguments):
        raise ValueError("no luck")

    with monkeypatch.context() as patch:
        patch.setattr("barenet.tasks._report_page.draw", fail)
        assert "no luck" in barenet("report", iris, "--out", "new/").error
    assert not Path("new").exists()
