"""Fuzz: a million damaged, hostile and odd inputs of each format, to find what breaks a reader.

`make fuzz` runs it; ``FUZZ="--only csv --from 123 --count 1"`` repeats one input. Each input must
be read, or refused by the documented error in one line; any other is kept in ``runs/fuzz``, and the
exit status is 1.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

for library in ("OMP", "OPENBLAS", "MKL", "BARENET"):  # each process has a core
    os.environ[f"{library}_NUM_THREADS"] = "1"

sys.path.append(str(Path(__file__).parents[1] / "files"))  # the models of the tests

from checking import COMMANDS, MEMORY, Fault, check  # noqa: E402
from format import folder_in_memory  # noqa: E402
from formats import FORMATS  # noqa: E402
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: E402

#: Folder of the inputs that broke a reader.
KEPT = Path("runs") / "fuzz"

#: Inputs between two reports of a worker.
AT_ONCE = 200

#: Seconds without a report after which a worker hangs where it handles no signal.
SILENCE = 60 + AT_ONCE // 10

Report = Callable[[Counter[str], str], None]


def work(name: str, options: argparse.Namespace, numbers: range, to: Connection, at: Any) -> None:
    """Check inputs in a process of its own, and report the outcomes."""
    with folder_in_memory() as place:
        form, counts = FORMATS[name](place), Counter[str]()
        for number in numbers:
            at.value = number
            try:
                counts[check(form, options.seed, number, options.commands)] += 1
            except Fault as fault:
                counts["FAULTS"] += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = shutil.copy(form.path, KEPT / f"{name}-{number}-{form.path.name}")
                to.send((Counter(), f"{fault}\nkept as {kept}"))
            if counts.total() >= AT_ONCE:
                to.send((counts, ""))
                counts.clear()
        to.send((counts, ""))


def supervise(name: str, options: argparse.Namespace, numbers: range, report: Report) -> None:
    """Start a worker, and another one behind the input of which it dies or at which it hangs."""
    while numbers:
        at, (receiver, sender) = multiprocessing.Value("q", -1), multiprocessing.Pipe(duplex=False)
        arguments = (name, options, numbers, sender, at)
        worker = multiprocessing.Process(target=work, args=arguments, daemon=True)
        worker.start()
        sender.close()
        try:
            while receiver.poll(SILENCE):
                report(*receiver.recv())
            worker.kill()
        except EOFError:  # it has ended
            pass
        worker.join()
        number, code = at.value, worker.exitcode
        if code == 0:
            return
        if number < 0:
            raise SystemExit(f"{name}: could not begin, see above")
        problem = f"{name} {number} of seed {options.seed}: the process ended with {code}"
        report(Counter(FAULTS=1), problem)
        numbers = range(number + numbers.step, numbers.stop, numbers.step)


def fuzz(name: str, options: argparse.Namespace, bar: Progress) -> Counter[str]:
    """Check all inputs of a format."""
    counts, lock = Counter[str](), Lock()
    task, last = bar.add_task(name, total=options.count), options.begin + options.count

    def report(more: Counter[str], fault: str) -> None:
        with lock:
            counts.update(more)
        bar.update(task, completed=counts.total())
        if fault:  # an input may have letters that no terminal can print
            text = fault.encode(errors="backslashreplace").decode()
            bar.console.print(text, markup=False, highlight=False)

    jobs = min(options.jobs, options.count)
    parts = [range(options.begin + job, last, jobs) for job in range(jobs)]
    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(lambda part: supervise(name, options, part, report), parts))
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
    options, faults = parser.parse_args(), 0
    columns = [*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns) as bar:
        for name in options.only:
            counts = fuzz(name, options, bar)
            faults += counts["FAULTS"]
            for outcome, count in sorted(counts.items()):
                bar.console.print(f"{name:6} {count:9,}  {outcome}", highlight=False)
    return 1 if faults else 0


if __name__ == "__main__":
    os.environ.setdefault("BARENET_MEMORY", str(MEMORY))
    multiprocessing.set_start_method("spawn")  # threads do not survive a fork
    sys.exit(main())
