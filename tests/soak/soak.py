"""Soak: runs that are killed, interrupted and starved of disk, again and again, until time is up.

After every end the checkpoint is whole and not older than it was, and the last results are, bit for
bit, those of an undisturbed run. `make soak` runs it for ten minutes; ``--minutes`` and ``--kills``
change that. The exit status is 1 if anything was lost.
"""

import argparse
import collections
import itertools
import math
import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):  # children are forked, and threads do not survive that
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

import barenet  # noqa: E402
from barenet import Checkpoint, Network, train  # noqa: E402
from barenet.callbacks import Callback  # noqa: E402
from barenet.layers import BatchNorm, Dense, Dropout  # noqa: E402
from barenet.optimizers import OPTIMIZERS  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(203, 5))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.random(203)
ENGINES = ("compiled", "reference")

#: By the exit status of a process.
ENDS = {
    0: "came to their end",
    1: "full disks",
    143: "signals",
    -signal.SIGTERM: "signals before a run listened",
    -signal.SIGKILL: "kills",
}

#: The name of the maximum time of these ends.
LONGEST = "longest ms from a signal to the end"

COUNTS: collections.Counter[str] = collections.Counter()
#: What went wrong, a line each.
LOST: list[str] = []


class Signals(Callback):
    """End a run at SIGTERM, as the command line does."""

    def __init__(self) -> None:
        self.received: list[object] = []
        signal.signal(signal.SIGTERM, lambda *received: self.received.extend(received))

    def on_chunk(self, run) -> None:
        if self.received:
            run.stop("interrupted", resumable=True)


def settings_for(optimizer: str, engine: str) -> dict:
    """A run of some tenths of a second, with all that has a state."""
    settings = {"optimizer": optimizer, "engine": engine, "epochs": 60, "threads": 1}
    settings |= {"sample_weight": WEIGHT, "validation_data": (X[:50], Y[:50]), "seed": 3}
    if optimizer != "lbfgs":
        settings |= {"batch_size": 8, "schedule": "reduce_on_plateau:patience=2"}
    return settings


def network_for(optimizer: str) -> Network:
    if optimizer == "lbfgs":
        return Network.dense([5, 24, 2], output="softmax", seed=1)
    return Network([Dense(5, 24), BatchNorm(24), Dropout(0.2), Dense(24, 2, "softmax")], seed=1)


def learn(optimizer: str, engine: str, *callbacks: Callback, **more: object):
    network = network_for(optimizer)
    patience = barenet.callbacks.EarlyStopping(patience=40)
    settings = settings_for(optimizer, engine)
    history = train(network, X, Y, callbacks=[patience, *callbacks], **settings, **more)
    return network, history


def in_a_child(place: Path, optimizer: str, engine: str, limit: int | None) -> int:
    """Start a process that goes on with a run, as far as it is let."""
    child = os.fork()
    if child:
        return child
    try:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        checkpoint = Checkpoint(place / "run.checkpoint", every="3ms")
        _, history = learn(optimizer, engine, Signals(), checkpoint=checkpoint, resume=True)
        os._exit(0 if history.stop_reason != "interrupted" else 143)
    except OSError:
        os._exit(1)
    except BaseException as error:  # noqa: BLE001
        print(f"unexpected: {error!r}", file=sys.stderr)
        os._exit(70)


def progress_of(place: Path) -> tuple[int, int]:
    """How far the checkpoint is; what can't be read raises."""
    state = Checkpoint(place / "run.checkpoint").read()
    return (-1, 0) if state is None else (state["run"]["epoch"], state["run"]["batch"])


def disturb(place: Path, optimizer: str, engine: str, rng: random.Random) -> bool:
    """Let a run go on, and end it in some way; tell if it came to its end."""
    before = progress_of(place)
    kind = rng.choices(("kill", "signal", "disk"), (8, 1, 1))[0]
    limit = rng.randrange(1, 12_000) if kind == "disk" else None
    child = in_a_child(place, optimizer, engine, limit)
    if kind != "disk":
        time.sleep(rng.random() ** 2 * 0.15)
        os.kill(child, signal.SIGKILL if kind == "kill" else signal.SIGTERM)
    started = time.perf_counter()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if kind == "signal":
        COUNTS[LONGEST] = max(round(1000 * (time.perf_counter() - started)), COUNTS[LONGEST])
    COUNTS[ENDS.get(code, "other ends")] += 1
    if code not in ENDS:
        LOST.append(f"{optimizer} on {engine}: a process ended with {code}")
    try:
        after = progress_of(place)
    except Exception as error:  # noqa: BLE001
        LOST.append(f"{optimizer} on {engine}: the checkpoint can't be read: {error!r}")
        return True
    if after < before:
        LOST.append(f"{optimizer} on {engine}: went back from {before} to {after}")
    COUNTS["checkpoints read"] += after >= (0, 0)
    return code == 0


def finish(place: Path, optimizer: str, engine: str) -> None:
    """Let a run come to its end here, and compare."""
    checkpoint = Checkpoint(place / "run.checkpoint")
    network, history = learn(optimizer, engine, checkpoint=checkpoint, resume=True)
    whole, expected = learn(optimizer, engine)
    curves = expected.curves.items()
    same = [
        np.array_equal(network.parameters, whole.parameters),
        np.array_equal(network.statistics, whole.statistics),
        history.stop_reason == expected.stop_reason,
        *(history[name] == curve for name, curve in curves if name != "seconds"),
    ]
    COUNTS["runs compared"] += 1
    if not all(same):
        LOST.append(f"{optimizer} on {engine}: {history} differs from {expected}")
    left = sorted(path.name for path in place.iterdir())
    if left not in (["run.checkpoint"], []):
        LOST.append(f"{optimizer} on {engine}: left behind {left}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--kills", type=float, default=math.inf, help="end after so many")
    parser.add_argument("--seed", type=int, default=None)
    requested = parser.parse_args()
    seed = random.randrange(10**6) if requested.seed is None else requested.seed
    rng, began = random.Random(seed), time.monotonic()
    for engine in ENGINES:  # kernels are built here, and not in every child
        learn("adam", engine)
    for optimizer, engine in itertools.cycle(itertools.product(OPTIMIZERS, ENGINES)):
        if LOST or time.monotonic() - began > 60 * requested.minutes:
            break
        if COUNTS["kills"] >= requested.kills:
            break
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            any(disturb(Path(folder), optimizer, engine, rng) for _ in range(12))
            finish(Path(folder), optimizer, engine)
    print(f"seed {seed}, {(time.monotonic() - began) / 60:.1f} minutes")
    for name, count in sorted(COUNTS.items()):
        print(f"{count:7,}  {name}")
    print(f"{len(LOST):7,}  lost", *LOST, sep="\n         ")
    return 1 if LOST else 0


if __name__ == "__main__":
    sys.exit(main())
