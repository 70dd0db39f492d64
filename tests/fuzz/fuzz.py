"""Fuzz: a million damaged, hostile and odd inputs of each format, to see that nothing breaks.

`make fuzz` runs it; ``FUZZ="--only csv --from 123 --count 1"`` looks at one input again. Each input
is read, or refused by the documented error in one line; what is neither is kept in ``runs/fuzz``.
Exit status 1 if there was any.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import shutil
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

for library in ("OMP", "OPENBLAS", "MKL", "BARENET"):  # each process has a core
    os.environ[f"{library}_NUM_THREADS"] = "1"

from checking import COMMANDS, MEMORY, Fault, check  # noqa: E402
from format import folder_in_memory  # noqa: E402
from formats import FORMATS  # noqa: E402
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: E402

#: Where inputs are kept that did what they must not.
KEPT = Path("runs") / "fuzz"

#: Inputs between two words of a worker.
AT_ONCE = 200

#: Seconds without a word after which a worker hangs where no signal is heard.
SILENCE = 60 + AT_ONCE // 10


def work(name: str, asked: argparse.Namespace, numbers: range, to: Connection, at: Any) -> None:
    """Check inputs in a process of its own, and tell what became of them."""
    with folder_in_memory() as place:
        form, counts = FORMATS[name](place), collections.Counter[str]()
        for number in numbers:
            at.value = number
            try:
                counts[check(form, asked.seed, number, asked.commands)] += 1
            except Fault as fault:
                counts["FAULTS"] += 1
                to.send(
                    (collections.Counter(), f"{fault}\nkept as {keep(form.path, name, number)}")
                )
            if counts.total() >= AT_ONCE:
                to.send((counts, ""))
                counts.clear()
        to.send((counts, ""))


def keep(path: Path, name: str, number: int) -> Path:
    """Put an input where it stays."""
    KEPT.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(path, KEPT / f"{name}-{number}-{path.name}"))


class Worker:
    """A process that checks some of the numbers, and another after it if that one dies."""

    def __init__(self, name: str, asked: argparse.Namespace, numbers: range) -> None:
        self.name, self.asked, self.numbers = name, asked, numbers
        self.at = multiprocessing.Value("q", -1, lock=False)
        self._start()

    def _start(self) -> None:
        self.heard, (self.ear, mouth) = time.monotonic(), multiprocessing.Pipe(duplex=False)
        work_on = (self.name, self.asked, self.numbers, mouth, self.at)
        self.process = multiprocessing.Process(target=work, args=work_on, daemon=True)
        self.process.start()
        mouth.close()

    def listen(self) -> tuple[collections.Counter[str], str] | None:
        """Take what it says; None when it is done."""
        self.heard = time.monotonic()
        try:
            return self.ear.recv()
        except EOFError:
            self.process.join()
        return None if self.process.exitcode == 0 else self.bury("ended")

    def bury(self, how: str) -> tuple[collections.Counter[str], str]:
        """Begin again behind the input that it died of."""
        self.process.kill()
        self.process.join()
        number, code = self.at.value, self.process.exitcode
        if number < 0:
            raise SystemExit(f"{self.name}: could not begin, see above")
        self.numbers = range(number + self.numbers.step, self.numbers.stop, self.numbers.step)
        self._start()
        fault = f"{self.name} {number} of seed {self.asked.seed}: the process {how} ({code})"
        return collections.Counter(FAULTS=1), fault


def fuzz(name: str, asked: argparse.Namespace, bar: Progress) -> collections.Counter[str]:
    """Check all inputs of a format."""
    counts: collections.Counter[str] = collections.Counter()
    task, last = bar.add_task(name, total=asked.count), asked.begin + asked.count
    jobs = min(asked.jobs, asked.count)
    workers = [Worker(name, asked, range(asked.begin + job, last, jobs)) for job in range(jobs)]
    while workers:
        ready = wait([worker.ear for worker in workers], timeout=1)
        for worker in list(workers):
            said: tuple[collections.Counter[str], str] | None = (collections.Counter(), "")
            if worker.ear in ready:
                said = worker.listen()
            elif time.monotonic() - worker.heard > SILENCE:
                said = worker.bury("hung")
            if said is None:
                workers.remove(worker)
                continue
            counts += said[0]
            if said[1]:  # An input may have letters in it that no terminal takes.
                bar.console.print(
                    said[1].encode(errors="backslashreplace").decode(),
                    markup=False,
                    highlight=False,
                )
            bar.update(task, completed=counts.total())
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--count", type=int, default=10**6, help="inputs of each format")
    parser.add_argument("--from", type=int, default=0, dest="begin", help="the first number")
    parser.add_argument("--seed", type=int, default=0, help="for other inputs")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--commands", type=int, default=COMMANDS, help="one in so many goes to the command line"
    )
    asked, faults = parser.parse_args(), 0
    columns = [*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns) as bar:
        for name in asked.only:
            counts = fuzz(name, asked, bar)
            faults += counts["FAULTS"]
            for outcome, count in sorted(counts.items()):
                bar.console.print(f"{name:6} {count:9,}  {outcome}", highlight=False)
    return 1 if faults else 0


if __name__ == "__main__":
    os.environ.setdefault("BARENET_MEMORY", str(MEMORY))
    multiprocessing.set_start_method("spawn")  # threads do not survive a fork
    sys.exit(main())
