"""Exported scripts are run, and train the same network."""

import warnings

import pytest

#: A table of its own: a column of text, one of 0 and 1, classes that are words.
TABLE = "name,a,b,flag,c,kind\n" + "".join(
    f"n{n},{(n % 7) / 3},{(n * n) % 11},{n % 2},{n % 5 - n % 3},{'uvw'[n % 3]}\n" for n in range(90)
)
NUMBERS = "a,b,c\n" + "".join(
    f"{(n % 7) / 3},{(n * n) % 11 / 4},{n % 5 - 0.5 * (n % 3)}\n" for n in range(60)
)


def exported(page, epochs=5):
    page.run_to(epochs)
    weights = page.arrays["0.weights"].copy()
    return weights, page.ask("export", network=0)


#: Settings that the script reproduces, bit for bit.
CASES = [
    {"source": "moons", "noise": 0.3, "samples": 80, "data_seed": 4, "test_size": 0.3},
    {"source": "xor", "loss": "squared_error", "penalty": "l1"},
    {"source": "spirals", "hidden": [6, 5], "activations": ["relu", "sigmoid"], "dropout": 0.1},
    {"source": "plane", "optimizer": "momentum", "learning_rate": 0.02, "batch_size": 0},
    {"source": "digits", "hidden": [8, 6], "activations": ["relu", "tanh"], "seed": 3},
    {"source": "circles", "schedule": "cosine", "stop_epoch": 5},
    {"source": "hills", "features": ["x1", "x2", "x1*x2", "sin(x1)"]},
    {"schedule": "reduce_on_plateau"},
]


def run_program(code):
    namespace: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "exported", "exec"), namespace)
    return namespace["network"].parameters


def test_a_network_before_its_first_epoch_is_exported_with_one_as_stated(page):
    _, panel = exported(page, epochs=0)
    assert "epochs=1," in panel["code"] and "whole epochs, one at least" in panel["note"]


def open_table(page, server, folder, content):
    """Let the page learn from a table, which is in a folder, too."""
    (folder / "own.csv").write_text(content)
    key = server.sessions.store.upload_table("own.csv", content.encode())
    assert page.configure(source=key)["type"] == "state"


TABLES = [
    (NUMBERS, {"features": ["all"], "target": "b", "task": "regression"}),
    (TABLE, {"axes": ["c", "a"], "features": ["x1", "x1^2"]}),
    (TABLE.replace("n3,1.0,", "n3,,"), {"axes": ["a", "c"], "test_size": 0.1}),
    (TABLE.replace(",", ";").replace(".", ","), {"axes": ["a", "b"]}),
]


@pytest.mark.integration
@pytest.mark.parametrize(("content", "changes"), [*(("", changes) for changes in CASES), *TABLES])
def test_the_script_reproduces_the_network_bit_for_bit(
    server, page, tmp_path, monkeypatch, content, changes
):
    monkeypatch.chdir(tmp_path)
    if content:
        open_table(page, server, tmp_path, content)
    page.configure(**changes)
    weights, panel = exported(page)
    assert (run_program(panel["code"]) == weights).all()


def test_a_long_table_is_trained_identically_by_the_script(server, page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = "a,b,c,kind\n" + "".join(f"{n},{n * n % 17},x,{n % 3}\n" for n in range(5600))
    open_table(page, server, tmp_path, content)
    page.configure(batch_size=512)
    weights, panel = exported(page)
    assert (run_program(panel["code"]) == weights).all()


def test_edited_weights_are_part_of_the_script(page):
    page.send("edit", network=0, layer=0, row=0, column=0, value=2.5)
    page.run_to(2)
    page.send("edit", network=0, layer=1, row=-1, column=1, value=-0.75)
    weights, panel = exported(page)
    assert (run_program(panel["code"]) == weights).all()
