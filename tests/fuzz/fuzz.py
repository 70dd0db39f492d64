"""Fuzz: a million damaged, hostile and odd inputs of each format, to find what breaks a reader.

`make fuzz` runs it; ``FUZZ="--only csv --from 123 --count 1"`` repeats one input. Each input must
be read, or refused by the documented error in one line; any other is kept in ``runs/fuzz``, and the
exit status is 1.
"""

import argparse
import faulthandler
import multiprocessing
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL", "BARENET"):  # each process has a core
    os.environ[f"{library}_NUM_THREADS"] = "1"

sys.path.append(str(Path(__file__).parents[1] / "files"))  # the models of the tests

from data_formats import CSV, IDX, NPZ, Parquet  # noqa: E402
from format import MEMORY, Fault, Format, check, folder_in_memory  # noqa: E402
from model_formats import JSON, Model  # noqa: E402
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: E402
from run_formats import Run, RunFile  # noqa: E402

from barenet import Network  # noqa: E402

#: The formats by name.
FORMATS: dict[str, type[Format]] = {
    kind.name: kind for kind in (CSV, IDX, Parquet, NPZ, Model, JSON, Run, RunFile)
}

#: Folder of the inputs that broke a reader.
KEPT = Path("runs", "fuzz").absolute()

#: Inputs that a process checks between two reports, and seconds after which it hangs.
AT_ONCE, SILENCE = 2_000, 600


def check_all(name: str, seed: int, numbers: range) -> tuple[Counter[str], str]:
    """Check inputs; return the number of each outcome, and a description of the faults."""
    counts, faults = Counter[str](), []
    faulthandler.dump_traceback_later(SILENCE, exit=True)
    with folder_in_memory() as place:
        form = FORMATS[name](place)
        for dtype in ("float32", "float64"):  # the time and memory to load the kernels
            Network.dense([1, 2, 1], dtype=dtype).predict([[0.0]])
        for number in numbers:
            try:
                counts[check(form, seed, number)] += 1
            except Fault as fault:
                counts["FAULTS"] += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{name}-{number}-{form.path.name}"
                kept.write_bytes(form.data)  # as a command may have removed the file
                faults.append(f"{fault}\nkept as {kept}")
    faulthandler.cancel_dump_traceback_later()
    return counts, "\n".join(faults)


def fuzz(name: str, options: argparse.Namespace, bar: Progress) -> Counter[str]:
    """Check all inputs of a format in several processes."""
    counts, last = Counter[str](), options.begin + options.count
    task = bar.add_task(name, total=options.count)
    spawn = multiprocessing.get_context("spawn")  # threads do not survive a fork
    with ProcessPoolExecutor(options.jobs, mp_context=spawn) as pool:
        parts = {}
        for start in range(options.begin, last, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, last))
            job = pool.submit(check_all, name, options.seed, numbers)
            parts[job] = numbers
        for job in as_completed(parts):
            try:
                found, faults = job.result()
            except BrokenProcessPool:
                bar.console.print(f"{name}: a process died; use --jobs 1 --from {parts[job][0]}")
                return counts + Counter(FAULTS=1)
            counts.update(found)
            bar.update(task, completed=counts.total())
            if faults:  # an input may have letters that no terminal can print
                text = faults.encode(errors="backslashreplace").decode()
                bar.console.print(text, markup=False, highlight=False)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--count", type=int, default=10**6, help="inputs of each format")
    parser.add_argument("--from", type=int, default=0, dest="begin", help="the first number")
    parser.add_argument("--seed", type=int, default=0, help="for other inputs")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
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
    sys.exit(main())
