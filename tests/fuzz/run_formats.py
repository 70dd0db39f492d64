"""Run files, and the folder of a run: its settings, its history, and its checkpoint."""

import dataclasses
import json
import random
import tomllib
import warnings
from pathlib import Path

from cyclopts import CycloptsError
from format import Format, as_toml
from model_bytes import mended, repacked, unpacked
from model_formats import JSON_WORDS
from mutations import changed, mutated

from barenet import Network
from barenet.callbacks import Callback
from barenet.cli._plot import read_curves
from barenet.cli._run_folder import NOTE, RunFolder
from barenet.cli._run_settings import SETTINGS, read_run_file
from barenet.cli._trained_model import HISTORY
from barenet.errors import DivergenceError
from barenet.files._checkpoint import FILE_NAME, Checkpoint
from barenet.files._model_path import MODEL, UNFINISHED
from barenet.tasks._fit import NetworkFit, prepare_network
from barenet.tasks._task import Task
from barenet.tasks._task_settings import HEADER

#: Fraction of inputs that are files of settings, which are a format of their own.
SETTINGS_SHARE = 0.006

#: One file of settings in so many is hostile at a length that the others do not have.
LONG_SETTINGS = 200

#: Fraction of checkpoints that are resumed, and of those whose notes are read: both take some ms.
RESUMED_SHARE, NOTES_SHARE = 0.01, 0.02

WORDS = [
    *(b"=", b'"', b"'", b'"""', b"[", b"]", b"[[", b"{", b"}", b"#", b"\n", b"\r", b"\0"),
    *(b"true", b"nan", b"inf", b"1e999", b"-1", b"0x10", b"1_0", b"9" * 400, b"2026-01-01", b"."),
    *(b"epochs", b"layers", b"optimizer", b"config", b"resume", b"settings", b"data", b"help"),
    b"\\u0000",
]  # fmt: skip


class Interruption(Callback):
    """End a run in the middle of an epoch."""

    def on_chunk(self, run) -> None:
        if run.epoch == 3:
            run.stop("interrupted", resumable=True)


class Interrupted:
    """The folder of a run that was interrupted, and everything that resumes it."""

    def __init__(self, place: Path, settings: str) -> None:
        self.place = place
        place.mkdir()
        (place / "given.toml").write_text(settings)
        settings = read_run_file(place / "given.toml")
        self.fit = prepare_network(Task.from_settings(settings).rows, settings)
        folder = RunFolder(place)
        folder.start(self.fit.settings)
        keeper = folder.new_checkpoint("never", self.fit.settings)
        _, history = self.fresh().run([Interruption()], threads=1, checkpoint=keeper)
        folder.save(self.fit.predictor, self.fit.settings)
        folder.history.write_text(history.to_jsonl())
        names = (MODEL, HISTORY, SETTINGS, UNFINISHED, FILE_NAME)
        self.files = {name: (place / name).read_bytes() for name in names}

    def fresh(self) -> NetworkFit:
        """Make a network that has not learned anything."""
        network = Network.dense([2, 4, 2], hidden="tanh", output="softmax", seed=0)
        predictor = dataclasses.replace(self.fit.predictor, network=network)
        return dataclasses.replace(self.fit, predictor=predictor)

    def restore(self) -> None:
        """Put every file back, as a command may have gone on with the run."""
        for name, data in self.files.items():
            (self.place / name).write_bytes(data)


class Run(Format):
    """Files of a run."""

    name = "run"
    refusals = (ValueError, CycloptsError, DivergenceError)
    # A resumed run with damaged weights may diverge, which is status 1 of a command.
    unnamed = (DivergenceError,)
    statuses = (0, 1, 2)

    KINDS = (
        'engine = "compiled"\noptimizer = "adam"\npatience = 3\n',
        'engine = "reference"\noptimizer = "momentum"\nschedule = "reduce_on_plateau"\n',
        'engine = "reference"\noptimizer = "lbfgs"\n',
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rows = "".join(f"{at % 7},{at % 5},{'no' if at % 3 else 'yes'}\n" for at in range(60))
        data = self.put("rows.csv", f"a,b,y\n{rows}".encode())
        usual = f'data = "{data}"\ntarget = "y"\nlayers = [2, 4, 2]\nhidden = ["tanh"]\n'
        usual += "epochs = 4\nbatch_size = 8\n"
        runs = enumerate(self.KINDS)
        self.runs = [Interrupted(folder / f"run{n}", usual + kind) for n, kind in runs]

    def write(self, rng: random.Random) -> Path:
        run, chance = rng.choice(self.runs), rng.random()
        if chance < SETTINGS_SHARE:
            name = rng.choice((SETTINGS, UNFINISHED))
            data = self._settings(run.files[name], rng)
        elif chance < 0.5:
            name, data = HISTORY, self._history(run.files[HISTORY], rng)
        else:
            name, data = FILE_NAME, self._checkpoint(run.files[FILE_NAME], rng)
        return self.put(f"{run.place.name}/{name}", data)

    def _settings(self, data: bytes, rng: random.Random) -> bytes:
        others = [run.files[SETTINGS] for run in self.runs]
        if rng.random() < 0.5:
            return mutated(data, rng, WORDS, others)
        return as_toml(changed(tomllib.loads(data.decode()), rng))

    def _history(self, data: bytes, rng: random.Random) -> bytes:
        others = [run.files[HISTORY] for run in self.runs]
        if rng.random() < 0.5:
            return mutated(data, rng, JSON_WORDS, others)
        rows = changed([json.loads(line) for line in data.splitlines()], rng)
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    def _checkpoint(self, data: bytes, rng: random.Random) -> bytes:
        others = [run.files[FILE_NAME] for run in self.runs]
        if rng.random() < 0.2:
            return mended(mutated(data, rng, JSON_WORDS, others))
        header, description, body = unpacked(data)
        if rng.random() < NOTES_SHARE:
            notes = description["extra"]["checkpoint"]["notes"]
            damaged = self._settings(notes[NOTE].encode(), rng).decode(errors="surrogateescape")
            notes[NOTE] = HEADER + damaged.removeprefix(HEADER)
        elif rng.random() < 0.3:
            return repacked(changed(header, rng), description, body)
        else:
            part = rng.choice(("checkpoint", "extra"))
            inside = description if part == "extra" else description["extra"]
            inside[part] = changed(inside[part], rng)
        return repacked(header, description, body)

    def read(self, path: Path, rng: random.Random) -> None:
        chance = rng.random()
        if path.name == SETTINGS:
            read_run_file(path)
        elif path.name == HISTORY:
            read_curves(path)
        elif path.name == UNFINISHED or chance < NOTES_SHARE:
            self._restore_the_others(path)
            if path.name == FILE_NAME:
                (path.parent / UNFINISHED).unlink()
            folder = RunFolder(path.parent)
            folder.read_unfinished()
            folder.has_checkpoint()
        elif chance < NOTES_SHARE + RESUMED_SHARE:
            self._go_on(path)
        else:
            Checkpoint(path).read()

    def read_files(self, path: Path) -> list[Path]:
        settings = [path.with_name(UNFINISHED)]  # restored from the checkpoint
        return [path, *(settings if path.name == FILE_NAME else [])]

    def _restore_the_others(self, path: Path) -> None:
        """Restore every file of a run but the damaged one."""
        data = path.read_bytes()
        next(run for run in self.runs if run.place == path.parent).restore()
        path.write_bytes(data)

    def _go_on(self, path: Path) -> None:
        run = next(run for run in self.runs if run.place == path.parent)
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "resume: the run may end in|in epoch .* the loss grew"
            )
            run.fresh().run([], threads=1, checkpoint=Checkpoint(path, "never"), resume=True)

    def command(self, path: Path, rng: random.Random) -> list[str]:
        self._restore_the_others(path)
        resume = ["train", "--resume", str(path.parent), "--no-plots", "--no-baselines"]
        if path.name == FILE_NAME:
            if rng.random() < 0.3:  # The settings are read from the checkpoint.
                (path.parent / UNFINISHED).unlink()
            return resume
        if path.name == UNFINISHED:
            return [*resume, "--target", "none"]  # Other epochs would take any time.
        if path.name == SETTINGS:
            for name in (UNFINISHED, FILE_NAME):
                (path.parent / name).unlink()
            return resume
        if rng.random() < 0.2:
            return ["plot", "history", str(path.parent)]
        return ["info", str(path.parent)]


class RunFile(Format):
    """Settings of a run."""

    name = "settings"
    in_tests = 600
    refusals = (ValueError,)

    SEEDS = tuple(
        text.encode()
        for text in (
            'data = "iris"\nlayers = [4, 8, 3]\nhidden = ["relu"]\nepochs = 3\nl2 = 0.01\n',
            'data = "t.csv"\ntarget = "y"\nheader = false\nbatch_size = "full"\ndrop = ["a"]\n',
            "data = 'moons' # a comment\nnoise = 2e-1\nshuffle = true\nseed = 1_000\n",
            'data = """iris"""\noptimizer = "adam:learning_rate=0.1"\nclip_norm = inf\n',
        )
    )
    HOSTILE = (
        b"layers = " + b"[" * 100_000,
        b"a = {" * 100_000,
        b"[[a]]\n" * 100_000,
        b"".join(b"a%d = 1\n" % at for at in range(50_000)),
        b'a = """' + b'\\"""' * 100_000,
        b"epochs = " + b"9" * 100_000,
        b"a = 1" + b" " * 2**20,
    )
    WORDS = (*WORDS, b"." * 20, b"a.b.c.d", b"header", b"''", b"'''", b"\\", b"\xff", b"1e400")

    def write(self, rng: random.Random) -> Path:
        chance = rng.random()
        if chance < 1 / LONG_SETTINGS:
            data = rng.choice(self.HOSTILE)
        elif chance < 0.6:
            data = mutated(rng.choice(self.SEEDS), rng, self.WORDS, self.SEEDS)
        else:
            data = as_toml(changed(tomllib.loads(rng.choice(self.SEEDS).decode()), rng))
        return self.put("settings.toml", data)

    def read(self, path: Path, rng: random.Random) -> None:
        read_run_file(path)

    def command(self, path: Path, rng: random.Random) -> list[str]:
        return ["train", "--config", str(path), "--target", "none", "--data-dir", "none"]
