"""Folders for the files of a run: created with their parents, and removed if they stay empty."""

import os
from contextlib import suppress
from pathlib import Path


def make_folder(path: Path, argument: str) -> list[Path]:
    """Create a folder and its parents, and return those that were created."""
    folders = (path, *path.parents)
    made = [folder for folder in folders if not folder.exists()]
    existing = path
    for folder in folders:
        if os.path.lexists(folder):
            existing = folder
            break
    if os.path.lexists(existing) and not existing.is_dir():
        obstacle = "a file" if existing.exists() else "a broken link"
        problem = f"{existing} is {obstacle}, and no folder can be made there; choose another path"
        raise NotADirectoryError(f"{argument}: {problem}")
    path.mkdir(parents=True, exist_ok=True)
    return made


def remove_empty(folders: list[Path]) -> None:
    """Remove created folders that are empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def first_file(folder: Path) -> Path | None:
    """Return the first file or folder in a folder that is neither hidden nor empty.

    An empty file may be a log that a shell has just opened.
    """
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and (path.is_dir() or path.lstat().st_size):
            return path
    return None
