"""The settings of a run: everything that decides what comes out of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from barenet.cli.flags import DATA, NETWORK, NO_FLAGS, Flags
from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, load_dataset

__all__ = ["AS_USUAL", "HEADER", "NOTHING_SAID", "FileOptions", "Settings"]

#: How a run file of barenet's own begins.
HEADER = "# Written by barenet. `barenet train --config` with this file repeats the run.\n"


@Parameter(name="*", group=DATA)
@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How files are read.

    Attributes
    ----------
    delimiter : str
        What stands between two values of a table: one character, or tab.
    encoding : str
        How the text of a table is encoded, such as latin-1.
    data_dir : str
        Folder of the IDX files of mnist or fashion_mnist.
    """

    delimiter: str | None = None
    encoding: str | None = None
    data_dir: str | None = None


AS_USUAL = FileOptions()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides what comes out of a run.

    Attributes
    ----------
    data : str
        A named data set, or a file.
    target : str
        The column of a table that is to be predicted.
    task : {"classification", "regression"}
        What the target is, where its values leave it open.
    file : FileOptions
        How files are read.
    start_from : Path
        Model whose weights are the initial ones: a file, or the folder of a run.
    recipe : Recipe
        How the network is built and trained.
    """

    data: Annotated[str, Parameter(parse=False)] = ""
    target: Annotated[str | None, Parameter(group=DATA)] = None
    task: Annotated[Literal["classification", "regression"] | None, Parameter(group=DATA)] = None
    file: FileOptions = AS_USUAL
    start_from: Annotated[Path | None, Parameter(group=NETWORK)] = None
    recipe: Annotated[Flags, Parameter(name="*")] = NO_FLAGS

    def load(self) -> Dataset:
        """Load the data.

        Returns
        -------
        Dataset
            All rows.

        Raises
        ------
        ValueError
            If the data cannot be used, or none are named.
        """
        if not self.data:
            raise ValueError(
                "data: say what to learn from: a named data set (`barenet datasets` lists them) "
                "or a file"
            )
        recipe = self.recipe
        return load_dataset(
            self.data,
            target=self.target,
            task=self.task,
            samples=recipe.samples,
            noise=recipe.noise,
            data_seed=recipe.data_seed,
            **dataclasses.asdict(self.file),
        )

    def to_toml(self) -> bytes:
        """Write a run file.

        Returns
        -------
        bytes
            TOML that `read_run_file` reads.
        """
        import tomli_w

        return (HEADER + tomli_w.dumps(self.said())).encode()

    def said(self) -> dict[str, Any]:
        """List what is said, by the names of the options.

        Returns
        -------
        dict
            Plain data; files are named such that they are found from everywhere.
        """
        values = {
            "data": _from_anywhere(self.data) or None,
            "target": self.target,
            "task": self.task,
            **dataclasses.asdict(self.file),
            "start_from": None if self.start_from is None else str(self.start_from.resolve()),
            **self.recipe.said(),
        }
        return {name: value for name, value in values.items() if value is not None}


NOTHING_SAID = Settings()


def _from_anywhere(data: str) -> str:
    """Name a file so that it is found, and known to be the same, from every folder."""
    return data if data in DATASETS or not data else str(Path(data).resolve())
