import contextlib
import errno
import os
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


def test_a_run_replaces_an_earlier_one_and_leaves_other_files(folder, iris):
    predictor = load(iris / "model.safetensors")
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.parent.exists()  # as it is empty
    with folder.locked():
        folder.save(predictor, RunSettings(data="iris"))
    files = {path.name for path in folder.path.iterdir()}
    assert files == {"model.safetensors", "settings.toml"}
    (folder.path / "notes.txt").write_text("mine")
    folder.history.write_text("of the earlier run")
    with folder.locked(overwrite=True):
        folder.save(predictor, RunSettings(data="plane"))
    assert 'data = "plane"' in folder.settings.read_text() and not folder.history.exists()
    assert (folder.path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("step", range(5))
def test_settings_are_never_beside_the_model_of_another_run(folder, iris, line, monkeypatch, step):
    models = [load(run / "model.safetensors") for run in (iris, line)]
    with folder.locked():
        folder.save(models[0], RunSettings(data="iris"))
    calls, replace = iter(range(100)), Path.replace

    def stop(self, target):
        if next(calls) == step:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop)
    with contextlib.suppress(KeyboardInterrupt), folder.locked(overwrite=True):
        folder.save(models[1], RunSettings(data="plane"))
    if folder.settings.exists():
        model = load(folder.model)
        assert f'data = "{model.dataset}"' in folder.settings.read_text()
    if step < 2:  # before anything is replaced, the earlier run is whole
        assert folder.settings.exists()


@pytest.fixture
def lock(monkeypatch):
    """Open a file as another program of Windows does: nobody can remove or replace it."""
    opened = set()
    unlink, replace, rename = os.unlink, os.replace, os.rename

    def check(path):
        if Path(os.fspath(path)).resolve() in opened:
            raise PermissionError(errno.EACCES, "The file is in use", str(path))

    def checked_unlink(path, *arguments, **options):
        if "dir_fd" not in options:
            check(path)
        unlink(path, *arguments, **options)

    def checked_replace(source, target, **options):
        check(source)
        check(target)
        replace(source, target, **options)

    def checked_rename(source, target, **options):
        check(source)
        check(target)
        rename(source, target, **options)

    monkeypatch.setattr(os, "unlink", checked_unlink)
    monkeypatch.setattr(os, "remove", checked_unlink)
    monkeypatch.setattr(os, "replace", checked_replace)
    monkeypatch.setattr(os, "rename", checked_rename)
    return lambda path: opened.add(Path(path).resolve())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The folder of a run with its pictures and an export: to be copied."""
    folder = tmp_path_factory.mktemp("finished") / "iris"
    assert main(["train", "iris", "--epochs", "1", "--no-baselines", "--out", str(folder)]) == 0
    assert main(["export", str(folder), "--to", "c"]) == 0
    return folder


@pytest.mark.parametrize("name", ["history.png", "iris.c"])
def test_a_picture_that_another_program_shows_is_a_warning(barenet, finished, lock, name):
    shutil.copytree(finished, "iris")
    before = contents("iris")
    lock(Path("iris", name))
    new = ("train", "iris", "--epochs", 2, "--out", "iris", "--overwrite", "--seed", 7)
    done = barenet(*new, "--no-plots", "--no-baselines").ok()
    after = contents("iris")
    assert f"warning: iris/{name} is still that of the earlier run" in done.err
    assert "The file is in use" in done.err
    for changed in ("model.safetensors", "settings.toml", "history.jsonl"):
        assert after[changed] != before[changed]
    assert after[name] == before[name]
    assert "confusion.png" not in after
    assert not any(path.startswith((".saving", "unfinished", "checkpoint")) for path in after)


@pytest.mark.parametrize("name", ["model.safetensors", "history.jsonl"])
def test_a_model_that_another_program_reads_leaves_the_earlier_run_whole(
    barenet, finished, lock, name
):
    """What the new run needs to be completed is kept, too."""
    shutil.copytree(finished, "iris")
    before = contents("iris")
    lock(Path("iris", name))
    new = ("train", "iris", "--epochs", 2, "--out", "iris", "--overwrite", "--seed", 7)
    done = barenet(*new, "--no-plots", "--no-baselines")
    assert done.status == 1
    assert "none of its results could be saved: The file is in use; once that is " in done.err
    after = contents("iris")
    kept = ("model.safetensors", "settings.toml", "history.jsonl", "history.png", "confusion.png")
    for file in kept:
        assert after[file] == before[file], file
    assert after.keys() - before.keys() == {"unfinished.toml"}


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
    (folder.path / "log.txt").write_text("all went well")
    with folder.locked(overwrite=True):  # It is the folder of a run now.
        pass
    for path in (folder.settings, folder.model):
        path.unlink()
    with pytest.raises(ValueError, match=r"holds log\.txt"), folder.locked():
        pass
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder.model)
        with pytest.raises(OSError, match="is not an ordinary file"), folder.locked():
            pass


REMEDY = "replace it with --overwrite, or choose another name with --out"


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.case(122)
def test_a_finished_run_is_not_replaced_unasked(barenet, finished):
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
    done = barenet("train", "wine", *options, "--overwrite").ok()
    assert "removing iris.c, iris.h, s1.json, s1.py: exported from the model that is" in done.err
    after = contents(run)
    assert after["model.safetensors"] != before["model.safetensors"]
    old = {"history.png", "confusion.png"}
    assert before.keys() - after.keys() == old | {"iris.c", "iris.h", "s1.py", "s1.json"}


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
    barenet("train", "iris", *options, "--seed", 7, "--overwrite").ok()
    models = [contents(run)["model.safetensors"] for run in ("runs/iris", "runs/iris-2")]
    assert models[0] == models[1] != before["model.safetensors"]
    assert sorted(path.name for path in Path("runs").iterdir()) == ["iris", "iris-2", "iris-3"]
    run = ("train", "wine", *options)  # its default folder is written into by another run
    with RunFolder(Path("runs/wine")).locked(), RunFolder(Path("runs/wine-2")).locked():
        writing = "runs/wine: another run is writing there"
        beside = barenet(*run).ok().err
        assert beside.startswith(f"warning: {writing}; this one is saved in runs/wine-3\n")
        for more in (("--out", "runs/wine"), ("--overwrite",)):
            done = barenet(*run, *more)
            assert (done.status, done.err) == (1, f"barenet train: error: {writing}\n")
