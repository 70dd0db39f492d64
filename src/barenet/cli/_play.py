"""``barenet play``: open the playground, a local page where a network learns."""

import re
from typing import Annotated

from cyclopts import Parameter

from barenet._extras import require
from barenet.cli._flags import DATA, Data, Integer, On, Out
from barenet.errors import ArgumentError

#: An address of the page, here or on a web server, with its settings.
ADDRESS = re.compile(r"https?://[^#]*(#.*)", re.IGNORECASE | re.DOTALL)

#: Default port.
PORT = 8421


def play(
    data: Data = "",
    rows: Data = "",
    /,
    *,
    target: Annotated[str, Parameter(show_default=False, group=DATA)] = "",
    header: Annotated[bool | None, Parameter(show_default=False, group=DATA)] = None,
    port: int = PORT,
    browser: On = True,
    out: Out = None,
    epochs: Annotated[Integer | None, Parameter(show_default=False)] = None,
) -> int:
    """Watch a network learn on a page in the browser.

    The page's address is printed, and opened in the browser. It contains a secret, and other
    machines cannot reach it: anyone with this address can use the playground. Ctrl-C ends it.

    With --out, there is no server: the network is trained right away, and its weights at up to 100
    epochs are written as a page, a single file to play back, probe and change anywhere.

    Parameters
    ----------
    data : str
        A named data set, a .csv file, a model file or the folder of a run; or, in quotes, the # and
        the settings that the page's Share button has copied. By default circles. A .json file
        contains your own lesson, or a list of lessons.
    rows : str
        With a model: the .csv file that it was trained on, unless its settings name it. With a .csv
        file: its settings, as copied by Share.
    target : str
        The column of a .csv file to predict, by default the last one that is
        numeric or has few different values.
    header : bool
        Whether the first line of a .csv file names its columns; if not, they are x1, x2 and so on.
    port : int
        Port of the page; 0 for any free port.
    browser : bool
        Open the page in the browser.
    out : str
        The file of a recording, such as lesson.html, or a folder for it. An earlier file is
        replaced.
    epochs : int
        Number of epochs of a recording. By default from the settings, or as many as the page runs
        in ten seconds.

    Returns
    -------
    int
        The exit status: 130 or 143 after a signal.
    """
    _refuse_address(data, rows)
    if out is not None or epochs is not None:
        from barenet.cli._record import record_page

        record_page(data, rows, target=target, header=header, out=out, epochs=epochs)
        return 0
    for module in ("starlette", "uvicorn", "websockets"):
        require(module, extra="play", purpose="the playground")
    from barenet.cli._play_page import serve_page

    return serve_page(data, rows, target=target, header=header, port=port, opens_browser=browser)


def _refuse_address(data: str, rows: str) -> None:
    """Reject a whole address of the page, as only the settings in it are needed."""
    for argument, text in (("data", data), ("rows", rows)):
        match = ADDRESS.fullmatch(text)
        if match:
            remedy = f'give the part from the #, in quotes: "{match[1]}"'
            raise ArgumentError("this is an address of the page", argument=argument, remedy=remedy)
