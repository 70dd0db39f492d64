"""Tables without a header: a flag of every command that reads one, kept with the run."""

import shutil

import pytest

ROWS = "".join(
    f"{at % 7 / 4},{('Rome', 'Oslo')[at % 2]},{at % 5},{('no', 'yes')[at % 3 // 2]}\n"
    for at in range(60)
)


@pytest.fixture
def run(barenet, tmp_path):
    """A run on a table without a header."""
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "new.csv").write_text(ROWS[:200].rsplit("\n", 1)[0])
    options = ("--target", "x4", "--no-header", "--epochs", 2, "--no-plots", "--no-baselines")
    assert barenet("train", "t.csv", *options).status == 0
    return tmp_path / "runs" / "t"


def test_fault_101_the_flag_is_named(barenet, tmp_path):
    (tmp_path / "t.csv").write_text(ROWS)
    done = barenet("train", "t.csv", "--target", "x4")
    assert done.status == 2 and "use --no-header; if it has the names, --header" in done.err
    done = barenet("train", "t.csv", "--no-header")
    assert "such as --target x4; its columns are x1 (number), x2 (" in done.err


def test_fault_101_every_command_reads_a_table_without_a_header(barenet, run, tmp_path):
    assert "header = false\n" in (run / "settings.toml").read_text()
    for command in (
        ("predict", run, "new.csv", "--keep", "x2"),
        ("predict", run / "model.safetensors", "new.csv"),
        ("predict", run, "new.csv", "--no-header"),
        ("evaluate", run),
        ("evaluate", run, "new.csv"),
        ("importance", run),
        ("explain", run),
        ("explain", "t.csv", "--target", "x4", "--no-header"),
        ("plot", "confusion", run),
        ("train", "--config", run / "settings.toml", "--no-plots", "--out", "again"),
    ):
        barenet(*command).ok()
    shutil.copy(run / "model.safetensors", tmp_path / "alone.safetensors")
    (run / "settings.toml").unlink()
    assert barenet("predict", tmp_path / "alone.safetensors", "new.csv").status == 0


def test_fault_101_other_rows_may_have_a_header(barenet, run, tmp_path):
    (tmp_path / "named.csv").write_text("x4,x3,x2,x1\nno,4,Rome,0.25\nyes,4,Oslo,0.25\n")
    assert barenet("predict", run, "named.csv", "--header").out.count("\n") == 3
