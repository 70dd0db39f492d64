"""``barenet play --out``: write a recorded training as a page that needs no server."""

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from barenet._progress_bar import progress_bar
from barenet._registry import lookup
from barenet.cli._console import emit, log
from barenet.cli._output_file import output_path
from barenet.errors import ArgumentError
from barenet.playground._recording import check_recordable, record, write_recording
from barenet.playground.data._file_store import FileStore, is_course, is_csv
from barenet.playground.lessons._lessons import Lesson, built_in_course, read_course
from barenet.playground.state._address import read_address, split_address
from barenet.playground.state._page_state import MAX_EPOCHS, PACE, PageState
from barenet.storage._atomic_write import check_target, write_atomically

#: The name of a recording in a folder.
NAME = "recording.html"
#: Length of a recording without --epochs, in seconds of training on the page.
SECONDS = 10
#: The text above those of a lesson.
RECORDING_NOTE = (
    "This is a recording of the network with which the lesson starts: it is for watching, its "
    "settings stay, and it has no goal or hints. To solve the lesson, open it with barenet play."
)


def record_page(
    data: str,
    rows: str = "",
    *,
    target: str = "",
    header: bool | None = None,
    out: str | None = None,
    epochs: int | None = None,
) -> None:
    """Train a network like the page, write the recording, and print the name of its file."""
    if out is None:
        raise ArgumentError("only a recording has an end", argument="epochs", remedy="add --out")
    if epochs is not None and not 1 <= epochs <= MAX_EPOCHS:
        raise ArgumentError.of("epochs", epochs, f"1 to {MAX_EPOCHS}")
    address = rows
    if data.startswith("#"):
        address = data
        data = ""
    is_settings = address.startswith("#")
    takes_settings = is_csv(data) or not data
    if address and not (is_settings and takes_settings):
        remedy = "give a .csv file and its settings, or one of them alone"
        raise ArgumentError("a recording takes no rows", argument="rows", remedy=remedy)
    words, lesson = _settings(data, address)
    store = FileStore()
    source = data
    if lesson:
        source = ""  # the settings of a lesson name its data
    state = _state(source, words, target, header, store)
    check_recordable(state)
    with output_path(out, NAME, [Path(data)]) as path:
        check_target(path)
        prepared = store.prepare(state.data)
        pace = state.pace or PACE
        usual = state.networks[0].stop_epoch or round(SECONDS * pace)
        epochs = epochs or _epoch(words) or usual
        bar: Any = iter(progress_bar(range(epochs + 1), "training"))
        with closing(bar) as progress:
            next(progress)  # show the bar, which each epoch advances
            recording = record(state, prepared, epochs, lambda: next(progress, None))
        if lesson:
            title = lesson.title
            recording["text"] = [RECORDING_NOTE, *lesson.paragraphs()]
        else:
            title = prepared.dataset.name.replace("_", " ").capitalize()
            recording["text"] = [prepared.dataset.description]
        recording["lesson"] = lesson is not None
        write_atomically(path, write_recording(title, recording))
    emit(str(path))


def _settings(data: str, address: str) -> tuple[dict[str, str], Lesson | None]:
    """Read the settings of an address, or of a lesson; with the lesson."""
    words = split_address(address)
    lesson: Lesson | None = None
    if is_course(data):
        lessons = list(read_course(Path(data)).values())
        lesson = lessons[0]
        if len(lessons) > 1:
            log(f"{data} has {len(lessons)} lessons, of which the first is recorded")
    elif "lesson" in words:
        lesson = lookup(built_in_course(), words["lesson"], "lesson")
    if lesson:
        words = split_address(lesson.state_of(0))
    if "net.edits" in words:
        problem = "weights changed by hand are not recorded"
        raise ArgumentError(problem, argument="net.edits", remedy="leave them out")
    return words, lesson


def _state(
    data: str, words: dict[str, str], target: str, header: bool | None, store: FileStore
) -> PageState:
    """Read the settings, or for a table, the settings from its page."""
    path = Path(data)
    if path.suffix == ".safetensors" or (data and path.is_dir()):
        problem = f"{data} is a model, and a recording shows a training from its beginning"
        raise ArgumentError(problem, argument="data", remedy="give the data it was trained on")
    state = store.initial_state(data, target, header)
    if not data:
        return read_address(urlencode(words))
    if not words:
        return state
    settings = {key: word for key, word in words.items() if key != "data"}
    page_state = read_address(urlencode(settings))
    target = target or page_state.data.target
    table = replace(page_state.data, source=state.data.source, target=target)
    return replace(page_state, data=table)


def _epoch(words: dict[str, str]) -> int:
    """Read the epoch of an address; 0 if it has none."""
    text = words.get("epoch") or "0"
    if not re.fullmatch("[0-9]{1,8}", text) or int(text) > MAX_EPOCHS:
        raise ArgumentError.of("epoch", text, f"a whole number from 0 to {MAX_EPOCHS}")
    return int(text)
