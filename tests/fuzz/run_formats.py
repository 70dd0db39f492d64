"""Run files, and the folder of a run: its settings, its history, and its checkpoint."""

import contextlib
import io
import json
import random
import shutil
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path

import tomli_w
from cyclopts import CycloptsError
from format import Format
from model_bytes import mended, repacked, unpacked
from model_formats import JSON_WORDS
from mutations import changed, mutated
from test_golden_checkpoints import GOLDEN, command, lbfgs, network

from barenet import Checkpoint
from barenet.cli._plot import read_curves
from barenet.cli._run_file import read_run_file
from barenet.cli._run_folder import RunFolder
from barenet.cli._trained_model import HISTORY
from barenet.errors import DivergenceError
from barenet.files._checkpoint import FILE_NAME
from barenet.files._model_path import UNFINISHED

#: Fraction of checkpoints that are resumed, which takes some ms.
RESUMED_SHARE = 0.01

#: The functions that resume checkpoints of earlier versions, one of them by the command line.
RESUME = {"network": network, "lbfgs": lbfgs, "command": command}


class RunFile(Format):
    """Settings of a run."""

    name, file, in_tests = "settings", "settings.toml", 600
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
    WORDS = (
        *(b"=", b'"', b"'", b'"""', b"[", b"]", b"[[", b"{", b"}", b"#", b"\n", b"\r", b"\0"),
        *(b"true", b"nan", b"inf", b"1e999", b"-1", b"0x10", b"1_0", b"9" * 400, b"2026-01-01"),
        *(b"epochs", b"layers", b"optimizer", b"config", b"resume", b"settings", b"data", b"help"),
        *(b"\\u0000", b".", b"." * 20, b"a.b.c.d", b"header", b"''", b"'''", b"\\", b"\xff"),
    )

    def make(self, rng: random.Random) -> bytes:
        if rng.random() < 0.6:
            return super().make(rng)
        plain = changed(tomllib.loads(rng.choice(self.SEEDS).decode()), rng)
        try:
            return tomli_w.dumps(plain).encode()
        except (TypeError, ValueError):  # TOML has no null, and no half of a character
            return json.dumps(plain).encode()

    def read(self, path: Path, rng: random.Random) -> None:
        read_run_file(path)

    def command(self, path: Path, rng: random.Random) -> list[str]:
        return ["train", "--config", str(path), "--target", "none", "--data-dir", "none"]


class Run(RunFile):
    """Files of a run."""

    name, in_tests = "run", 10_000
    refusals = (ValueError, CycloptsError)
    # A resumed run with damaged weights may diverge, which is status 1 of a command.
    statuses = (0, 1, 2)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run = folder / "command"
        for name, resume in RESUME.items():  # which loads the kernels of their steps
            shutil.copytree(GOLDEN / name, folder / name)
            self._resume(resume, folder / name)
        self.history = (self.run / HISTORY).read_bytes()

    def _resume(self, resume: Callable[..., object], path: Path) -> None:
        """Resume a run; damaged weights may diverge, and damaged steps of L-BFGS are taken anew."""
        expected = "resume: the run may end in|resume: L-BFGS takes other|in epoch .* the loss grew"
        with warnings.catch_warnings(), contextlib.suppress(DivergenceError):
            warnings.filterwarnings("ignore", expected)
            with contextlib.redirect_stdout(io.StringIO()):
                resume(lambda run: None, checkpoint=path, resume=True)

    def write(self, rng: random.Random) -> Path:
        chance = rng.random()
        if chance < 0.02:
            return self.put(f"command/{UNFINISHED}", self.make(rng))
        if chance < 0.5:
            return self.put(f"command/{HISTORY}", self._history(rng))
        name = f"{rng.choice([*RESUME])}/{FILE_NAME}"
        return self.put(name, self._checkpoint((GOLDEN / name).read_bytes(), rng))

    def _history(self, rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return mutated(self.history, rng, JSON_WORDS, [self.history])
        rows = changed([json.loads(line) for line in self.history.splitlines()], rng)
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    def _checkpoint(self, data: bytes, rng: random.Random) -> bytes:
        part, (header, description, body) = rng.randrange(10), unpacked(data)
        if part < 2:
            return mended(mutated(data, rng, JSON_WORDS, [data]))
        if part < 4:
            return repacked(changed(header, rng), description, body)
        description["extra"] = changed(description["extra"], rng)
        return repacked(header, description, body)

    def read(self, path: Path, rng: random.Random) -> None:
        if path.name == UNFINISHED:
            RunFolder(self.run).read_unfinished()
        elif path.name == HISTORY:
            read_curves(path)
        elif path.parent != self.run and rng.random() < RESUMED_SHARE:
            self._resume(RESUME[path.parent.name], path)
        else:
            Checkpoint(path).read()

    def command(self, path: Path, rng: random.Random) -> list[str]:
        if path.name == HISTORY:
            words = ["plot", "history"] if rng.random() < 0.2 else ["info"]
            return [*words, str(self.run)]
        data = path.read_bytes()
        shutil.copytree(GOLDEN / "command", self.run, dirs_exist_ok=True)
        (self.run / path.name).write_bytes(data)
        if path.name == UNFINISHED:  # other epochs would take any time
            return ["train", "--resume", str(self.run), "--target", "none"]
        if rng.random() < 0.3:  # the settings are read from the checkpoint
            (self.run / UNFINISHED).unlink()
        return ["train", "--resume", str(self.run), "--no-plots", "--no-baselines"]
