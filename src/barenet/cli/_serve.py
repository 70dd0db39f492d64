"""``barenet serve``: serve the predictions of a trained model over HTTP."""

import hashlib
import json
import os
import re
import socket
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from cyclopts import Parameter

from barenet import Predictor, _shell as shell, load
from barenet._constraints import check_count, check_number
from barenet._extras import require
from barenet._messages import with_addresses
from barenet.cli._console import emit, log
from barenet.cli._flags import Data, Integer, Off
from barenet.errors import ArgumentError, BarenetError
from barenet.files._model_path import model_file
from barenet.files._predictor import describe_threshold
from barenet.insight.contributions._contributions import MODEL_FILE, Scale
from barenet.storage._file_io import name_of, parse_size
from barenet.storage._working_copy import working_copy

#: Default port.
PORT = 8000
#: Default coverage of intervals.
COVERAGE = 0.9
#: The names of the loopback interface, the last one as in requests.
LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
#: Maximum number of seconds for which a connection without a request stays open.
MAX_KEEP_ALIVE = 3600.0
#: Seconds for the responses to running requests after a signal, in addition to each one's limit.
GRACE = 5.0


def serve(
    model: Path,
    /,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    token_file: Annotated[Path | None, Parameter(show_default=False)] = None,
    no_token: Off = False,
    max_body: str = "10MiB",
    max_rows: Integer = 10_000,
    timeout: float = 30.0,
    keep_alive: float = 10.0,
    coverage: float | None = None,
    background: Data = "",
    scale: Scale | None = None,
    groups: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
) -> int:
    """Answer requests for predictions over HTTP, with JSON.

    POST /predict takes a record, such as {"area": 80, "town": "Rome"}, or a list of records, and
    returns a prediction for each. A record has a value for each column of the model, or null if it
    is missing. It may also have the target and the columns that were left out in training, which
    are ignored, but no others. POST /predict?reasons=3 adds the three columns that contribute most
    to each prediction. GET /openapi.json describes the service, /metadata describes the model,
    /metrics has counts for Prometheus, and /healthz responds while the service runs.

    The service has no TLS: put a proxy in front of it to serve other machines. A line on standard
    error is written for each request, without its data, with the time in UTC. After Ctrl-C or
    SIGTERM, requests that have arrived are answered. SIGHUP loads the model file again: if it can't
    be read, or clients of the model in use would break, that model stays in use.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    host : str
        The address to listen on; by default other machines cannot reach the service.
    port : int
        The port; 0 for any free port.
    token_file : Path
        A file with a secret that only its owner can read; of a file of root, the group may read it,
        too. Requests then need the header Authorization: Bearer SECRET, except for /healthz.
    no_token : bool
        Answer requests without a token, from any machine and under any host name.
    max_body : str
        Maximum size of a request.
    max_rows : int
        Maximum number of records of a request.
    timeout : float
        Maximum duration of a prediction, in seconds.
    keep_alive : float
        Seconds for which a connection without a request stays open. Behind a proxy that keeps
        connections, choose more than its time.
    coverage : float
        The fraction of targets in the intervals of numbers that an ensemble predicts; by default
        0.9.
    background : str
        The rows that reasons compare with: a named data set or a file; by default those that the
        model file keeps. At most 1,000 of them are used.
    scale : str
        The scale of reasons for classes; by default probabilities.
    groups : tuple of str
        Columns of reasons that have one contribution together, such as address=street,town.

    Returns
    -------
    int
        The exit status: 130 or 143 after a signal, or 129 if the terminal is closed.
    """
    for module in ("prometheus_client", "starlette", "uvicorn"):
        require(module, extra="serve", purpose="the service")
    from prometheus_client import disable_created_metrics

    from barenet.service._http_server import HttpServer, listen
    from barenet.service._model_reload import ModelReload
    from barenet.service._service import Service

    # Each count would have a second series, with the time of its start.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    options = ModelOptions(coverage, background, scale, _read_groups(groups))
    keep_alive = check_number(keep_alive, "keep_alive", gt=0, le=MAX_KEEP_ALIVE)
    token, hosts = _access(host, token_file, no_token)
    service = Service(
        model=_load_model(model, options),
        log=log,
        max_body=parse_size(max_body, "max_body"),
        max_rows=check_count(max_rows, "max_rows"),
        timeout=check_number(timeout, "timeout", gt=0),
        token=token,
        hosts=hosts,
    )
    reload = ModelReload(service, partial(_load_again, model, options))
    with listen(port, host) as listener:
        ready = partial(_announce, listener, service)
        patience = timeout + GRACE
        server = HttpServer(
            service, listener, ready, keep_alive, timeout_graceful_shutdown=patience
        )
        server.hangup = reload.request
        server.start()
    return 0 if server.signal is None else 128 + server.signal


class ModelOptions(NamedTuple):
    """How a model is served; the same for a model that is loaded again."""

    coverage: float | None
    background: str
    scale: Scale | None
    groups: Mapping[str, Sequence[str]] | None


def _load_model(model: Path, options: ModelOptions) -> Any:
    """Load the model of a service from its file, or from the folder of its run."""
    from barenet.service._served_model import ServedModel

    path = model_file(model)
    sha256 = _checksum(path)
    predictor = load(path, Predictor)
    if _checksum(path) != sha256:
        raise BarenetError(f"{path}: has changed while it was read; load it once more")
    if options.coverage is not None:
        # This rejects models without such intervals.
        predictor.predict_interval((), options.coverage)
    source = MODEL_FILE
    if options.background:
        source = options.background
        predictor = _with_background(path, predictor, source)
    served = ServedModel(
        predictor=predictor,
        coverage=options.coverage or COVERAGE,
        scale=options.scale or "probability",
        groups=options.groups,
        background_source=name_of(with_addresses(source)),
        sha256=sha256,
        file=with_addresses(path),
        modified=path.stat().st_mtime,
    )
    for name, value in (("scale", options.scale), ("groups", options.groups)):
        if value is not None and served.reasons.problem:
            problem = f"it is for reasons, and {served.reasons.problem}"
            raise ArgumentError(problem, argument=name)
    return served


def _read_groups(texts: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """Read the groups of columns of reasons; None without any."""
    if not texts:
        return None
    # This module reads tables, which few services do.
    from barenet.cli._reasons import read_groups

    return read_groups(texts)


def _load_again(model: Path, options: ModelOptions) -> Any:
    """Load the model of a service once more, from its address if it has one."""
    path = model_file(model)
    copy = working_copy(path)
    if copy is not None:
        copy.fetch(path)
    return _load_model(model, options)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _with_background(file: Path, predictor: Predictor, background: str) -> Predictor:
    """Add the rows that reasons compare with to a model."""
    # These modules read tables, which few services do.
    from barenet.cli._flags import FileOptions
    from barenet.cli._reasons import load_background
    from barenet.cli._trained_model import with_run_settings
    from barenet.insight.contributions._explainer import N_BACKGROUND

    rows = load_background(with_run_settings(file, predictor), background, FileOptions())
    return predictor.with_background(rows, N_BACKGROUND)


def _announce(listener: socket.socket, service: Any) -> None:
    """Print the address, and a command that sends an example."""
    name, port, *_ = listener.getsockname()
    if ":" in name:  # an IPv6 address
        name = f"[{name}]"
    address = f"http://{name}:{port}/"
    emit(address)
    sys.stdout.flush()
    words = ["curl", f"{address}predict", "--json", json.dumps(service.model.schema["examples"])]
    command = shell.join(words)
    if service.token:
        token = "%TOKEN%" if shell.IS_WINDOWS else "$TOKEN"
        command += f' -H "Authorization: Bearer {token}"'
    predictor = service.model.predictor
    if predictor.threshold is not None:
        log(describe_threshold(predictor))
    log(f"An example is: {command}\nCtrl-C ends the service.")


def _access(host: str, token_file: Path | None, no_token: bool) -> tuple[bytes, Collection[str]]:
    """Return the token of requests, and the hosts that they may name; empty for any."""
    if token_file and no_token:
        remedy = "leave one of the two out"
        raise ArgumentError("there is a token", argument="no_token", value=True, remedy=remedy)
    if token_file:
        return _read_token(token_file), ()
    if no_token:
        return b"", ()
    if host not in LOOPBACK:
        problem = f"{host!r} is an address for other machines, and they need a token"
        remedy = "add {token_file}, or {no_token} to answer everyone"
        flags: Any = {"token_file": "FILE", "no_token": True}
        raise ArgumentError(problem, argument="host", remedy=remedy, **flags)
    return b"", LOOPBACK


def _is_private(status: os.stat_result) -> bool:
    """Return whether only the owner of a file can read it, or of a file of root the group, too."""
    forbidden = 0o077
    if status.st_uid == 0 and os.geteuid() != 0:
        forbidden = 0o037
    return not status.st_mode & forbidden


def _read_token(file: Path) -> bytes:
    """Read a token from a file that only its owner can read.

    Of a file of root, the group may read, too, as for the keys of PostgreSQL: systemd and
    Kubernetes give files to the user of a service in this way.
    """
    if not file.is_file():
        raise ArgumentError.of("token_file", str(file), "a file")
    token = file.read_bytes().strip()
    problem = ""
    remedy = ""
    if not re.fullmatch(rb"[!-~]+", token):
        problem = "expected a file with one word of letters, digits and signs"
    elif os.name == "posix" and not _is_private(file.stat()):
        problem = "expected a file that only its owner can read"
        remedy = f"chmod 600 {shell.quote(str(file))}"
    if problem:
        raise ArgumentError(problem, argument="token_file", remedy=remedy)
    return token
