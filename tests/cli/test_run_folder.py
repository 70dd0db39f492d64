import shutil
from pathlib import Path

import pytest

from barenet import load
from barenet.cli._flags import RunSettings
from barenet.cli._main import main
from barenet.cli._run_folder import RunFolder


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "first")


def test_a_folder_is_made_for_a_run_and_removed_if_it_stays_empty(folder, iris):
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.parent.exists()
    with folder.locked():
        folder.save(load(iris / "model.safetensors"), RunSettings(data="iris"))
    assert {path.name for path in folder.path.iterdir()} == {"model.safetensors", "settings.toml"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The folder of a run with its pictures and an export: to be copied."""
    folder = tmp_path_factory.mktemp("finished") / "iris"
    assert main(["train", "iris", "--epochs", "1", "--no-baselines", "--out", str(folder)]) == 0
    assert main(["export", str(folder), "--to", "c"]) == 0
    return folder


def test_a_second_run_leaves_the_folder_to_the_first(folder):
    winner, loser = folder, RunFolder(folder.path)
    folder.path.parent.mkdir()
    before = loser._make_writable

    def win_first() -> list[Path]:
        made = before()
        claim.__enter__()
        return made

    claim = winner.locked()
    loser._make_writable = win_first  # the other run comes between the making and the lock
    with pytest.raises(OSError, match="another run"), loser.locked():
        pass
    assert folder.path.is_dir()
    claim.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("name", "command", "message"),
    [
        ("model.safetensors", ["evaluate", "iris"], "expected a model file"),
        ("model.safetensors", ["train", "--resume"], "no run found in"),
        ("checkpoint.safetensors", ["train", "--resume"], "so it is not replaced; move it"),
        ("checkpoint.safetensors", ["train", "iris", "--out"], "so it is not replaced; move it"),
        ("history.jsonl", ["plot", "history"], "expected the history of a run"),
        ("settings.toml", ["train", "--config"], "is a folder, expected a file"),
    ],
)
def test_a_folder_in_place_of_a_file_is_named(barenet, iris, tmp_path, name, command, message):
    run = shutil.copytree(iris, tmp_path / "run")
    (run / name).unlink(missing_ok=True)
    (run / name).mkdir()
    place = run / name if "--config" in command else run
    done = barenet(*([command[0], place, "iris"] if "evaluate" in command else [*command, place]))
    assert done.status in (1, 2) and done.out == ""
    assert message in done.err and done.err.count("\n") == 1, done.err
    assert "is a folder" in done.err or message.startswith("no run")


@pytest.mark.parametrize("name", ["model.safetensors", "notes"])
def test_files_not_written_by_a_run_are_not_replaced(barenet, name):
    Path("mine").mkdir()
    Path("mine", name).write_text("foreign")
    before = {*Path().rglob("*")}
    error = barenet("train", "iris", "--epochs", "1", "--no-plots", "--out", "mine").error
    assert "out: mine" in error and ("a separate folder" in error or name in error)
    assert {*Path().rglob("*")} == before and Path("mine", name).read_text() == "foreign"


def test_empty_and_hidden_files_are_ignored(folder, iris):
    folder.path.mkdir(parents=True)
    (folder.path / "log.txt").touch()
    (folder.path / ".gitignore").write_text("*")
    with folder.locked():
        folder.save(load(iris / "model.safetensors"), RunSettings(data="iris"))
    for path in (folder.settings, folder.model):
        path.unlink()
    (folder.path / "log.txt").write_text("all went well")
    with pytest.raises(ValueError, match=r"holds log\.txt"), folder.locked():
        pass


REMEDY = "choose another name with --out"


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.case(122)
def test_a_finished_run_is_not_replaced(barenet, finished):
    run = Path(shutil.copytree(finished, "s1"))
    for format in ("python", "json"):
        barenet("export", run, "--to", format).ok()
    (run / "mine.py").write_text("from barenet import load")
    before = contents(run)
    options = ("--epochs", 2, "--no-plots", "--no-baselines", "--out", run)
    for command in (
        ("train", "wine"),
        ("train", "--config", run / "settings.toml"),
        ("search", "iris", "--learning-rate", 0.01, 0.1),
    ):
        error = f"barenet {command[0]}: error: --out: s1 holds a finished run; {REMEDY}"
        assert barenet(*command, *options).error == error
    assert contents(run) == before


@pytest.mark.case(122)
def test_runs_without_a_name_are_numbered(barenet):
    options = ("--epochs", 1, "--no-plots", "--no-baselines")
    barenet("train", "iris", *options).ok()
    before = contents("runs/iris")
    second = barenet("train", "iris", *options, "--seed", 7)
    is_saved_beside = "warning: runs/iris holds a finished run; this one is saved in runs/iris-"
    assert second.ok().err.startswith(is_saved_beside)
    assert "saved in runs/iris-2:\n" in second.err
    third = barenet("train", "iris", *options, "--json", "--quiet")
    assert third.json["model"] == "runs/iris-3/model.safetensors"
    assert third.err == f"{is_saved_beside}3\n\n"  # scripts use the name
    assert contents("runs/iris") == before
    assert sorted(path.name for path in Path("runs").iterdir()) == ["iris", "iris-2", "iris-3"]
    run = ("train", "wine", *options)  # its default folder is written into by another run
    with RunFolder(Path("runs/wine")).locked(), RunFolder(Path("runs/wine-2")).locked():
        writing = "runs/wine: another run is writing there"
        beside = barenet(*run).ok().err
        assert beside.startswith(f"warning: {writing}; this one is saved in runs/wine-3\n")
        done = barenet(*run, "--out", "runs/wine")
        assert (done.status, done.err) == (1, f"barenet train: error: {writing}\n")


@pytest.mark.case(122)
@pytest.mark.parametrize("finished", [["iris"], ["iris", "iris-2"]])
def test_a_run_without_a_name_replaces_none_that_finishes_before_its_lock(
    finished, tmp_path, monkeypatch
):
    make_writable = RunFolder._make_writable

    def finish(folder):
        made = make_writable(folder)
        if folder.path.name in finished:
            folder.settings.touch()
            folder.model.touch()
        return made

    monkeypatch.setattr(RunFolder, "_make_writable", finish)
    first = tmp_path / "iris"
    with RunFolder(first).numbered() as folder:
        assert folder.path == tmp_path / f"iris-{len(finished) + 1}"
        assert folder.note.startswith(f"{first} holds a finished run; this one is saved in ")
    assert sorted(path.name for path in tmp_path.iterdir()) == finished
