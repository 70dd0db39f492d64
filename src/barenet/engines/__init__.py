"""Engines: where the arithmetic runs. `ENGINES` holds every one by its name, the fastest first."""

from __future__ import annotations

from barenet.engines.engine import Engine, Job, SliceReport
from barenet.engines.reference import ReferenceEngine
from barenet.registry import lookup

__all__ = ["ENGINES", "Engine", "Job", "ReferenceEngine", "SliceReport", "choose_engine"]

#: Every engine by its name.
ENGINES: dict[str, type[Engine]] = {kind.name: kind for kind in (ReferenceEngine,)}


def choose_engine(name: str, job: Job) -> Engine:
    """Choose the engine that does a job.

    Parameters
    ----------
    name : str
        A name from `ENGINES`, or ``"auto"`` for the fastest one that can do the job.
    job : Job
        What is to be done.

    Returns
    -------
    Engine
        Ready to run.

    Raises
    ------
    ValueError
        If there is no such engine, or it can't do the job.

    Examples
    --------
    >>> choose_engine("fast", None)
    Traceback (most recent call last):
    ValueError: engine: unknown 'fast' (choose from auto, reference)
    """
    if name == "auto":
        return next(kind(job) for kind in ENGINES.values() if kind.refusal(job) is None)
    choices: dict[str, type[Engine]] = {"auto": Engine, **ENGINES}
    kind = lookup(choices, name, "engine")
    refusal = kind.refusal(job)
    if refusal is not None:
        raise ValueError(f"engine: {name} can't do this: {refusal}")
    return kind(job)
