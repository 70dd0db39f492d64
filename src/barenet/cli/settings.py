"""The settings of a run: what the flags of ``barenet train`` say, and what a run file holds.

Most of the flags are the fields of `Recipe`, one by one, so that a setting is described in one
place. What a run was trained with is kept in its folder as a run file, and trains it again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from cyclopts import App, ArgumentCollection, CycloptsError, Group, Parameter
from cyclopts.config import Toml

from barenet.cli.numbers import whole
from barenet.data.dataset import Dataset
from barenet.data.datasets import load_dataset
from barenet.data.recipe import DEFAULTS, Recipe

__all__ = ["OUTPUT", "PARAMETER", "FileOptions", "Settings", "read_run_file", "run_file"]

#: How the options of every command are read: a list takes all that follows, one value or more.
PARAMETER = Parameter(consume_multiple=(1, None), negative_iterable=(), negative_none=())

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
LEARNING = Group("Learning", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

#: The heading of the help under which a field of `Recipe` stands; the others are about learning.
GROUPS = {
    DATA: "scaling test_size split_seed samples noise data_seed",
    NETWORK: "layers hidden output dropout init bias_init dtype",
    OUTPUT: "verbose_epoch",
}

#: How a run file of barenet's own begins.
HEADER = "# Written by barenet. `barenet train --config` with this file repeats the run.\n"


def _flag(name: str, hint: Any) -> Any:
    """Make a field of `Recipe` a flag: its heading, its default, and whole numbers unrounded."""
    group = next((group for group, names in GROUPS.items() if name in names.split()), LEARNING)
    default = getattr(DEFAULTS, name)
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    options: dict[str, Any] = {"group": group, "show_default": default is not None and shown}
    if "int" in str(hint):
        options |= {"converter": whole}
    if "full" in str(hint):
        options |= {"metavar": "INT|full", "show_choices": False}
    return Annotated[hint, Parameter(**options)]


if TYPE_CHECKING:
    Flags = Recipe
else:
    Flags = dataclasses.make_dataclass(
        "Flags",
        [(name, _flag(name, hint), None) for name, hint in get_type_hints(Recipe).items()],
        bases=(Recipe,),
        namespace={"__doc__": Recipe.__doc__, "__module__": __name__},
        frozen=True,
        kw_only=True,
    )


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
    file: FileOptions = FileOptions()
    start_from: Annotated[Path | None, Parameter(group=NETWORK)] = None
    recipe: Annotated[Flags, Parameter(name="*")] = Flags()

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

        values = {
            "data": self.data,
            "target": self.target,
            "task": self.task,
            **dataclasses.asdict(self.file),
            "start_from": None if self.start_from is None else str(self.start_from),
            **self.recipe.said(),
        }
        said = {name: value for name, value in values.items() if value is not None}
        return (HEADER + tomli_w.dumps(said)).encode()


def run_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Let the run file that ``--config`` names say what the flags leave open.

    Parameters
    ----------
    app : App
        The command line.
    commands : tuple of str
        The command.
    arguments : ArgumentCollection
        Its options; filled in here.

    Raises
    ------
    CycloptsError
        If the file is missing, or is no TOML.
    """
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = argument.tokens[-1].value
            read = Toml(path, must_exist=True, use_commands_as_keys=False)
            try:
                read.config  # noqa: B018  # reads the file, and so finds its faults
            except OSError as error:
                raise CycloptsError(msg=f"config: {path}: {error.strerror}") from error
            except CycloptsError as error:
                raise CycloptsError(msg=f"config: {path}: {error}") from error
            read(app, commands, arguments)


def read_run_file(path: Path) -> Settings:
    """Read the settings of a run.

    Parameters
    ----------
    path : Path
        A run file.

    Returns
    -------
    Settings
        What it says.

    Raises
    ------
    CycloptsError
        If it cannot be read, or says what no setting is.
    """
    settings: Settings = _reader(
        ["--config", str(path)],
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    return settings


_reader = App(default_parameter=PARAMETER, config=run_file, result_action="return_value")


@_reader.default
def _read(data: str, *, settings: Settings = Settings(), config: Path) -> Settings:
    return dataclasses.replace(settings, data=data)
