"""A file or a folder at an address that is written, such as a run: its copy on this machine.

Everything else works with the copy. Each file is sent to its address as soon as it is written,
whole or not at all.
"""

import secrets
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from barenet.data._file_io import format_size, name_of
from barenet.data._remote_file import located
from barenet.errors import ADDRESSES, DataError, without_secrets

#: Stores in which a file is replaced in one step; elsewhere, another file is renamed.
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")

#: The most files and bytes of a folder: a run has fewer.
MAX_FILES, MAX_BYTES = 100, 10**9

#: The copies by their folders of temporary files.
_COPIES: dict[Path, "WorkingCopy"] = {}


class WorkingCopy:
    """The copy of a file or a folder at an address, in a folder that is removed at the end."""

    def __init__(self, address: str) -> None:
        self.address, self.folder = address, Path(mkdtemp(prefix="barenet-")).resolve()
        self.path = self.folder / name_of(address)
        #: The address of the folder.
        self.parent = address.partition("?")[0].rstrip("/").rpartition("/")[0]
        self._removal = finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        _COPIES[self.folder], ADDRESSES[str(self.folder)] = self, without_secrets(self.parent)

    def download(self) -> None:
        """Copy the file, or the files of the folder, if there are any."""
        if self.address.endswith("/"):
            self.path.mkdir(exist_ok=True)
        with located(self.address) as (system, place, limit):
            system.invalidate_cache()
            try:
                is_file = system.info(place, **limit)["type"] == "file"
            except FileNotFoundError:
                return
            names = [place] if is_file else self._names(system, place)
            for name in names:
                path = self.path if is_file else self.path / Path(name).name
                system.get_file(name, str(path))

    def _names(self, system: Any, place: str) -> list[str]:
        """Make the folder, and list its files, unless they are more than those of a run."""
        self.path.mkdir(exist_ok=True)
        found = [each for each in system.ls(place, detail=True) if each["type"] == "file"]
        size = sum(each["size"] or 0 for each in found)
        if len(found) > MAX_FILES or size > MAX_BYTES:
            problem = f"holds {len(found):,} files of {format_size(size)}, more than a run has"
            remedy = "name a folder of its own, or a file"
            raise DataError(problem, path=without_secrets(self.address), remedy=remedy)
        return [each["name"] for each in found if Path(each["name"]).name]

    def check_protocol(self) -> None:
        """Refuse a web server, an unknown protocol, and one whose package is not installed."""
        if self.address.startswith(("http:", "https:")):
            remedy = "name a file on this machine, or in an object store"
            shown = without_secrets(self.address)
            raise DataError("a web server takes no files", path=shown, remedy=remedy)
        with located(self.address, "written"):
            pass

    def check_writable(self, path: Path) -> None:
        """Write and remove an empty file, to fail before the training instead of after it."""
        self.check_protocol()
        with located(self._address(path), "written") as (system, place, _):
            system.pipe_file(temporary := _temporary(place), b"")
            system.rm_file(temporary)

    def upload(self, path: Path) -> None:
        """Send a file; if that fails, it is kept on this machine."""
        try:
            with located(self._address(path), "written") as (system, place, _):
                if self.address.partition(":")[0] in OBJECT_STORES:
                    system.put_file(str(path), place)
                else:
                    system.put_file(str(path), temporary := _temporary(place))
                    system.mv(temporary, place)
        except DataError as error:
            self._removal.detach()
            ADDRESSES.pop(str(self.folder), None)  # from now on, messages have the path
            raise OSError(f"{error}; it is kept in {path}") from error

    def remove(self, path: Path) -> None:
        """Remove the file at the address."""
        with located(self._address(path), "removed") as (system, place, _):
            if system.exists(place):
                system.rm_file(place)

    def _address(self, path: Path) -> str:
        return f"{self.parent}/{path.relative_to(self.folder).as_posix()}"


def _temporary(place: str) -> str:
    return f"{place}.{secrets.token_hex(8)}.tmp"


def download(address: str) -> Path:
    """The path of a new working copy of an address, with all that is there."""
    copy = WorkingCopy(address)
    copy.download()
    return copy.path


def working_copy(path: Path) -> WorkingCopy | None:
    """The working copy with a file, which is its path, beside it, or in its folder."""
    copy = _COPIES.get(path.parent) or _COPIES.get(path.parent.parent)
    return copy if copy and path.parent in (copy.folder, copy.path) else None
