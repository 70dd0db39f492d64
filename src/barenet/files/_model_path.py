"""The path of a model file, which may be given as the folder of its run."""

from pathlib import Path

from barenet import _shell as shell
from barenet._messages import with_addresses
from barenet.files._checkpoint import FILE_NAME as CHECKPOINT
from barenet.storage._file_io import name_of
from barenet.storage._remote_file import is_file

#: The model in the folder of a run.
MODEL = "model.safetensors"

#: The settings of an unfinished run.
UNFINISHED = "unfinished.toml"


def model_file(path: Path) -> Path:
    """Return the path of a model file, or of the model file in the folder of a run."""
    if not path.is_dir() or path.name == MODEL:
        return path
    if (path / MODEL).exists():
        return path / MODEL
    if (path / UNFINISHED).exists() or (path / CHECKPOINT).exists():
        problem = f"the run is unfinished; `{resume_command(path)}` completes it"
        raise FileNotFoundError(f"{path}: {problem}")
    raise FileNotFoundError(f"{path}: there is no {MODEL}")


def model_address(address: str) -> str:
    """Return the address of a model file, or of the model file in the folder of a run.

    A web server has no folders: the address of one has an HTML page, or nothing.
    """
    if name_of(address).endswith(Path(MODEL).suffix):
        return address
    folder, mark, query = address.partition("?")
    file = f"{folder.rstrip('/')}/{MODEL}{mark}{query}"
    if not is_file(address) and is_file(file):
        return file
    return address


def resume_command(path: Path) -> str:
    """Return the command that completes the run of a folder."""
    return shell.join(["barenet", "train", "--resume", with_addresses(path)])
