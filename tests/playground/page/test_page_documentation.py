"""The pages of the documentation in a browser: their search, and the questions of the lessons."""

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from .conftest import QuietHandler, serving

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
LESSONS = [path.stem for path in (ROOT / "docs/learn").glob("*.md") if path.stem != "index"]
#: Words of users, and the page that they look for.
SEARCHES = {
    "arduino": "microcontrollers",
    "autograd": "what-it-lacks",
    "batch normalization": "mathematics",
    "batch prediction": "production",
    "bayesian optimization": "what-it-lacks",
    "calibration": "gallery",
    "categorical": "tables",
    "class imbalance": "guides/imbalanced-classes",
    "class weights": "guides/imbalanced-classes",
    "confidence interval": "estimators",
    "confusion matrix": "guides/explain-to-a-manager",
    "cross validation": "populations",
    "csv dates": "tables",
    "custom layer": "extending",
    "custom loss": "guides/custom-loss",
    "data drift": "production",
    "dataloader": "what-it-lacks",
    "deploy": "guides/deploy",
    "docker": "guides/containers",
    "dropout": "glossary",
    "early stopping": "learn/generalization",
    "exploding gradients": "faq",
    "feature importance": "guides/explain-to-a-manager",
    "freeze layers": "extending",
    "gpu": "faq",
    "grid search": "guides/tune-hyperparameters",
    "hyperparameter search": "guides/tune-hyperparameters",
    "hyperparameter tuning": "guides/tune-hyperparameters",
    "imbalanced": "guides/imbalanced-classes",
    "json schema": "serve",
    "jupyter": "guides/notebooks",
    "learning rate finder": "what-it-lacks",
    "learning rate schedule": "api/learning-rate-schedules",
    "load model": "save-and-load",
    "load weights": "save-and-load",
    "microcontroller": "microcontrollers",
    "missing values": "tables",
    "mlflow": "guides/registries",
    "monotonic constraints": "what-it-lacks",
    "nan loss": "faq",
    "onnx": "export",
    "onnx export": "export",
    "out of memory": "scaling",
    "overfitting": "learn/generalization",
    "predict probability": "task",
    "quantile regression": "mathematics",
    "quantization": "microcontrollers",
    "random seed reproducible": "faq",
    "rest api": "serve",
    "resume training": "command-line",
    "s3": "remote-data",
    "save model": "save-and-load",
    "shap values": "what-it-lacks",
    "sklearn pipeline": "estimators",
    "tensorboard": "what-it-lacks",
    "time series split": "command-line",
    "transfer learning": "what-it-lacks",
    "tweedie": "generated/barenet.losses.Tweedie",
    "web service": "guides/deploy",
    "webassembly": "microcontrollers",
}
FIRST = "#search-results ul.search li > a"
ANSWER = "form.self-check output"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address of the documentation, built without the outputs of its cells."""
    pytest.importorskip("myst_nb", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("documentation")
    for path in [each for each in ROOT.iterdir() if each.name not in ("docs", ".git")]:
        (folder / path.name).symlink_to(path)
    written = shutil.ignore_patterns("_build", "api", "api.rst", "generated")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=written)
    options = ["-q", "-D", "nb_execution_mode=off", folder / "docs", folder / "html"]
    done = subprocess.run([sys.executable, "-m", "sphinx", *options], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    with serving(partial(QuietHandler, directory=folder / "html")) as address:
        yield address


def test_searches_in_the_words_of_users_find_their_page_first(browser, pages):
    page, found = browser.new_page(), {}
    for words in SEARCHES:
        page.goto(f"{pages}search.html?q={words}")
        page.get_by_text(re.compile("Search finished|did not match")).first.wait_for()
        addresses = page.locator(FIRST).evaluate_all("all => all.map((one) => one.href)")
        found[words] = (
            re.sub(r"\.html.*", "", addresses[0]).removeprefix(pages) if addresses else ""
        )
    page.close()
    assert found == SEARCHES


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_question_of_a_lesson_checks_an_answer(browser, pages, lesson):
    page = browser.new_page()
    page.goto(f"{pages}learn/{lesson}.html")
    right = float(page.get_attribute("form.self-check", "data-answer"))
    answers = {"": "Enter a number.", right + 1: "Not yet: the answer is smaller.",
               right - 1: "Not yet: the answer is greater.", right: "Right."}  # fmt: skip
    for given, verdict in answers.items():
        assert not page.locator("form.self-check + details").evaluate("it => it.open")
        page.get_by_label("Your answer").fill(str(given).replace("-", "−").replace(".", ","))
        page.get_by_role("button", name="Check").click()
        assert page.text_content(ANSWER) == verdict
    assert page.locator("form.self-check + details").evaluate("it => it.open")
    page.close()
