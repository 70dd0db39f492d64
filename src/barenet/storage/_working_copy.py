"""Working copies on this machine of files or folders at addresses, such as those of runs.

All other code uses the copy. Each file is sent to its address as soon as it is written; object
stores replace a file in one step.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from weakref import finalize

from barenet._messages import ADDRESSES, without_secrets
from barenet.errors import DataError
from barenet.storage._file_io import as_address, format_size, name_of
from barenet.storage._remote_file import RemoteFile, is_missing, located

#: Stores that replace a file in one step; elsewhere, a temporary file is renamed.
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")

#: Maximum number of files and bytes of a folder; a run has fewer.
MAX_FILES = 100
MAX_BYTES = 10**9

#: The copies, by their temporary folders.
_COPIES: dict[Path, "WorkingCopy"] = {}


class WorkingCopy:
    """The copy of a file or a folder at an address, in a folder that is removed at the end."""

    def __init__(self, address: str) -> None:
        self.address = address
        name = name_of(address)
        parts = address.split("/")
        if not name or "." in parts or ".." in parts:
            problem = "expected the address of a file or a folder"
            raise DataError(problem, path=without_secrets(address))
        self.folder = Path(mkdtemp(prefix="barenet-")).resolve()
        self.path = self.folder / name
        #: The address of the folder.
        place, _, _ = address.partition("?")
        self.parent, _, _ = place.rstrip("/").rpartition("/")
        #: The folder of files that could not be sent.
        self.unsent: Path | None = None
        self._removal = finalize(self, _remove, self.folder, os.getpid())
        _COPIES[self.folder] = self
        ADDRESSES[str(self.folder)] = without_secrets(self.parent)

    @property
    def is_in_object_store(self) -> bool:
        """Whether a file at the address is replaced in one step."""
        protocol, _, _ = self.address.partition(":")
        return protocol in OBJECT_STORES

    def close(self) -> None:
        """Remove the copy."""
        self._removal()
        del _COPIES[self.folder]
        del ADDRESSES[str(self.folder)]

    def download(self, *, is_run: bool = True) -> None:
        """Copy the file, or the files of the folder, if there are any."""
        if self.address.endswith("/"):
            self.path.mkdir()
        with located(self.address) as remote:
            remote.system.invalidate_cache()
            with _unless_missing():
                if remote.info()["type"] == "file":
                    remote.system.get_file(remote.path, str(self.path))
                else:
                    self._download_folder(remote, is_run=is_run)

    def _download_folder(self, remote: RemoteFile, *, is_run: bool) -> None:
        """Copy the files of a folder, unless there are more than a run has."""
        self.path.mkdir(exist_ok=True)
        names = []
        paths = []
        size = 0
        for entry in remote.system.ls(remote.path, detail=True):
            if entry["type"] == "file":
                name = entry["name"]
                names.append(name)
                paths.append(str(self.path / Path(name).name))
                size += entry["size"] or 0
        if is_run and (len(names) > MAX_FILES or size > MAX_BYTES):
            problem = f"holds {len(names):,} files of {format_size(size)}, more than a run has"
            remedy = "name a folder of its own, or a file"
            raise DataError(problem, path=without_secrets(self.address), remedy=remedy)
        remote.system.get(names, paths)

    def fetch(self, path: Path) -> None:
        """Copy one file, or remove the copy if there is none at its address."""
        with located(self.address_of(path)) as remote:
            remote.system.invalidate_cache()
            if remote.system.exists(remote.path):
                remote.system.get_file(remote.path, str(path))
            else:
                path.unlink(missing_ok=True)

    def check_protocol(self) -> None:
        """Reject an address that can't be written to: a web server, or an unusable protocol."""
        problem = ""
        remedy = ""
        if self.address.startswith(("http:", "https:")):
            problem = "nothing can be written to a web server"
            remedy = "name a file on this machine, or in an object store"
        elif "?" in self.address:
            problem = "expected an address without a question mark, as files are written there"
        if problem:
            raise DataError(problem, path=without_secrets(self.address), remedy=remedy)
        with located(self.address, "written"):
            pass

    def check_new(self) -> None:
        """Reject a file whose address is a folder."""
        self.check_protocol()
        with located(self.address, "written") as remote:
            if remote.system.isdir(remote.path):
                raise DataError("is a folder, expected a file", path=without_secrets(self.address))

    def check_writable(self, path: Path) -> None:
        """Write and remove an empty file, to fail before training rather than after it."""
        self.check_protocol()
        with located(self.address_of(path), "written") as remote:
            folder, _, name = remote.path.rpartition("/")
            if not self.is_in_object_store:
                remote.system.makedirs(folder, exist_ok=True)
            probe = f"{folder}/.{name}.tmp"
            remote.system.pipe_file(probe, b"")
            with suppress(Exception):
                remote.system.rm_file(probe)

    def upload(self, path: Path) -> None:
        """Send a file; if that fails, it is kept in another folder."""
        try:
            with located(self.address_of(path), "written") as remote:
                if self.is_in_object_store:
                    remote.system.put_file(str(path), remote.path)
                else:
                    folder, _, name = remote.path.rpartition("/")
                    temporary = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
                    remote.system.makedirs(folder, exist_ok=True)
                    remote.system.put_file(str(path), temporary)
                    remote.system.mv(temporary, remote.path)
        except DataError as error:
            if self.unsent is None:
                self.unsent = Path(mkdtemp(prefix="barenet-kept-"))
            kept_file = shutil.copy2(path, self.unsent)
            raise OSError(f"{error}; the file is kept in {kept_file}") from error
        if self.unsent is not None:
            kept_before = self.unsent / path.name
            kept_before.unlink(missing_ok=True)

    def remove(self, path: Path) -> None:
        """Remove the file at the address, if it is there."""
        try:
            with located(self.address_of(path), "removed") as remote, _unless_missing():
                remote.system.rm_file(remote.path)
        except DataError as error:
            raise OSError(str(error)) from error

    def address_of(self, path: Path) -> str:
        """Return the address of a file in the copy."""
        place = path.relative_to(self.folder).as_posix()
        return f"{self.parent}/{place}"


@contextmanager
def _unless_missing() -> Iterator[None]:
    """Ignore the error for a missing file, which may be the cause of a package's own error."""
    try:
        yield
    except Exception as error:
        if not is_missing(error.__cause__ or error):
            raise


def _remove(folder: Path, process: int) -> None:
    """Remove a folder, except when a fork of the process ends."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def download(path: str | os.PathLike[str], *, is_run: bool = True) -> Path:
    """Return the path, or for an address, the path of a new working copy with all its files."""
    address = as_address(path)
    if not address:
        return Path(path)
    copy = WorkingCopy(address)
    copy.download(is_run=is_run)
    return copy.path


def working_copy(path: Path) -> WorkingCopy | None:
    """Return the working copy that a file is part of, if any."""
    folder = path.parent  # a copy is a file in a temporary folder, or a folder of files in one
    return _COPIES[folder] if folder in _COPIES else _COPIES.get(folder.parent)
