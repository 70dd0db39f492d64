"""Run files: the settings of a run in TOML, damaged, deep, long and odd."""

import random
import tomllib
from pathlib import Path

from cyclopts import CycloptsError
from format import Format, as_toml
from mutations import changed, mutated
from run_format import WORDS

from barenet.cli._run_file import read_run_file

#: One input in so many is hostile at a length that the others do not have.
BOMBS = 200


class RunFile(Format):
    """Settings of a run."""

    name = "settings"
    in_tests = 600
    refusals = (CycloptsError, ValueError)

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
        b".".join([b"a"] * 100_000) + b" = 1",
        b"layers = " + b"[" * 100_000,
        b"layers = [" + b"1," * 100_000 + b"]",
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
        if chance < 1 / BOMBS:
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
