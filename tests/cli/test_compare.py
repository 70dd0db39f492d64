"""`barenet compare` compares two models before one replaces the other."""

import pytest

ROWS = ["bill,island,species"]
ROWS += [f"{38 + i % 7},{'Torgersen' if i % 3 else 'Dream'},Adelie" for i in range(30)]
ROWS += [f"{46 + i % 5},{'Biscoe' if i % 3 else 'Dream'},Gentoo" for i in range(30)]


@pytest.fixture(scope="module")
def models(train, tmp_path_factory):
    """The folders of runs on a table, on one with another category, and on one without a column."""
    folder = tmp_path_factory.mktemp("tables")
    text = "\n".join(ROWS) + "\n"
    changes = {
        "old": text,
        "moved": text.replace("Torgersen", "Anvers"),
        "renamed": text.replace("island", "isle"),
    }
    runs = {}
    for name, content in changes.items():
        path = folder / f"{name}.csv"
        path.write_text(content)
        runs[name] = train(path, "--target", "species", "--model", "network", "--epochs", 2)
    return runs


def test_a_change_that_breaks_no_client_ends_with_status_0(barenet, models):
    done = barenet("compare", models["old"], models["moved"]).ok()
    assert "column island  loses the categories Torgersen" in done.out
    assert "breaks" not in done.out
    assert barenet("compare", models["old"], models["old"]).ok().out.startswith("the same inputs")
    document = barenet(
        "compare", models["old"], models["moved"] / "model.safetensors", "--json"
    ).json
    assert document["breaks"] is False
    assert [each["part"] for each in document["differences"]] == ["categories", "categories"]


def test_a_change_that_breaks_clients_ends_with_status_1(barenet, models):
    done = barenet("compare", models["old"], models["renamed"])
    assert done.status == 1 and done.out.count("breaks clients") == 2
    [line] = done.err.splitlines()
    assert "break by 2 differences: column isle: added; column island: removed" in line


def test_files_that_are_no_models_are_an_error(barenet, models, tmp_path):
    (tmp_path / "new.safetensors").write_text("nonsense")
    assert (
        "new.safetensors: not a model file"
        in barenet("compare", models["old"], "new.safetensors").error
    )
    assert "nowhere" in barenet("compare", models["old"], "nowhere").error
    assert "NEW: expected a value" in barenet("compare", models["old"]).error
