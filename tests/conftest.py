"""What all tests share: one thread a worker, no windows, and the same examples on every run."""

import gzip
import json
import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
import tracemalloc
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings

# Tests that are started in the background or by nohup ignore signals that some of them send.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# pytest-xdist already fills the cores. NumPy reads these when it is first imported, which is after
# this file, here and in every process that a test starts.
for variable in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"

# Output must not depend on the terminal that the tests are started from.
os.environ["MPLBACKEND"] = "Agg"
for variable in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(variable, None)

# A busy machine is not a failure, and a failure must come back when the test is run again.
settings.register_profile(
    "whole", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# make test draws fewer examples, and make test-all takes the profile above.
settings.register_profile("repeatable", settings.get_profile("whole"), max_examples=20)
# pytest --hypothesis-profile=thorough looks for new failures, as long as one cares to wait.
settings.register_profile(
    "thorough", settings.get_profile("whole"), derandomize=False, max_examples=10_000
)
settings.load_profile("repeatable")

collect_ignore = ["oracles"]  # scripts that need PyTorch


@pytest.fixture(scope="session", autouse=True)
def temporary_folder() -> Iterator[Path]:
    """A folder for all temporary files of the tests and of their processes, removed at the end.

    The library removes its own when a process ends, which a killed process does not, and keeps
    files that it could not send to their address.
    """
    folder = Path(tempfile.mkdtemp(prefix="barenet-tests-"))
    folder.chmod(0o755)  # some tests let another user look for a file
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(variable, str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder
    # After the folder of multiprocessing, which is in it, and whose priority is -100.
    Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=-200)


@pytest.fixture(scope="session")
def pytorch() -> dict[str, Any]:
    """Results of PyTorch, recorded by `oracles/make_pytorch.py`."""
    return json.loads((Path(__file__).parent / "oracles" / "pytorch.json").read_text("utf-8"))


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param


@dataclass
class Web:
    """A server of the files in a folder, and the requests that it has got."""

    address: str
    folder: Path
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A real web server: cut.csv ends too early, and busy.csv, loop.csv and slow.csv fail."""
    ended = Event()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(found.folder))

        def do_GET(self) -> None:
            if self.path.startswith("/slow"):
                ended.wait(60)
            elif self.path.startswith("/busy"):
                self.send_error(503)
            elif self.path.startswith("/loop"):
                self.send_response(302)
                self.send_header("Location", self.path)
                self.end_headers()
            elif self.path.startswith("/cut"):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"x,y\n1,2\n")
            else:
                super().do_GET()

        def log_message(self, format: str, *arguments: Any) -> None:
            found.requests.append(f"{self.command} {self.path}")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        found = Web(address, tmp_path_factory.mktemp("web"))
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        ended.set()
        server.shutdown()


@pytest.fixture(scope="session")
def object_stores() -> Iterator[dict[str, str]]:
    """Servers with the interfaces of S3 and Google's store, by the variables that name them."""
    import logging

    from gcp_storage_emulator.server import create_server
    from moto.server import ThreadedMotoServer

    for name in ("werkzeug", "gcp_storage_emulator.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    amazon = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    amazon.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    google = create_server("127.0.0.1", port, in_memory=True)
    google.start()
    yield {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*amazon.get_host_and_port()),
        "AWS_ACCESS_KEY_ID": "name",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
        "FSSPEC_GS_TOKEN": "anon",
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # which needs an encrypted connection
    }
    amazon.stop()
    google.stop()


@pytest.fixture(
    params=[
        pytest.param("s3", marks=pytest.mark.integration),
        pytest.param("gs", marks=pytest.mark.integration),
        "memory",
    ]
)
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty bucket of a real server, or of memory."""
    import fsspec

    if request.param != "memory":
        for name, value in request.getfixturevalue("object_stores").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setitem(fsspec.config.conf, "gs", {"token": "anon"})
    name = f"bucket-{secrets.token_hex(6)}"
    fsspec.filesystem(request.param).mkdir(name)
    return f"{request.param}://{name}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of text or bytes."""

    def write_file(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_bytes(content.encode())
        return path

    return write_file


@pytest.fixture(scope="session")
def refused() -> Callable[..., AbstractContextManager[pytest.ExceptionInfo[Any]]]:
    """Assert that a block raises the error of an argument: ``with refused("epochs"): …``."""
    from barenet.errors import ArgumentError

    @contextmanager
    def check(argument: str, match: str = "") -> Iterator[pytest.ExceptionInfo[Any]]:
        with pytest.raises(ArgumentError, match=match or None) as caught:
            yield caught
        assert caught.value.argument == argument

    return check


@pytest.fixture(scope="session")
def peak_memory() -> Callable[..., int]:
    """Call a function, and return the most bytes that Python and NumPy allocated meanwhile."""

    def measure(function: Callable[..., Any], *arguments: Any, **settings: Any) -> int:
        tracemalloc.start()
        try:
            function(*arguments, **settings)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture(scope="session")
def few_networks() -> Callable[[], AbstractContextManager[None]]:
    """A context in which an ensemble has a small network for each fold, and columns no factors."""
    from barenet.inputs import _column_relevance
    from barenet.population._ensemble_recipe import EnsembleRecipe

    @contextmanager
    def patched() -> Iterator[None]:
        recipe = EnsembleRecipe(hidden_layer_sizes=(16,), repeats=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(EnsembleRecipe, "for_rows", lambda n_rows: recipe)
            patch.setattr(_column_relevance, "ENOUGH_ROWS", 0)
            yield

    return patched


@pytest.fixture
def small_ensembles(few_networks) -> Iterator[None]:
    """Train ensembles of few networks in a test."""
    with few_networks():
        yield


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import only the files with tests that are selected: all of them take 15 s a worker.

    None leaves the decision to the other plugins.
    """
    if collection_path.suffix != ".py":
        return None
    if collection_path.parent.name == "jax" and "not jax" in config.option.markexpr:
        is_ignored = True
    elif config.option.markexpr.startswith("integration"):
        is_ignored = not _names_integration(collection_path)
    elif "not integration" in config.option.markexpr:
        is_ignored = ALL_INTEGRATION.search(collection_path.read_text("utf-8")) is not None
    else:
        is_ignored = False
    return True if is_ignored else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for doctests in the package alone, and not in the tests."""
    collectors = yield
    return [collector for collector in collectors if not isinstance(collector, DoctestModule)]


#: The line that marks all tests of a file.
ALL_INTEGRATION = re.compile(r"^pytestmark = (\[\s*)?pytest\.mark\.integration", re.MULTILINE)


#: Names by which `pytest -k` selects the tests of a case or a promise, with its number.
NUMBERED = {"case": "case_{:03}", "promise": "promise_{:02}"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Name the cases and promises of a test for `pytest -k`, and mark those of the JAX engine.

    Refuse a mark that a file gets from another one, as the function above would not see it.
    """
    engine = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
    if engine == "jax" or item.path.parent.name == "jax":
        item.add_marker("jax")
    for kind, name in NUMBERED.items():
        for mark in item.iter_markers(kind):
            item.extra_keyword_matches.update(name.format(number) for number in mark.args)
    if item.get_closest_marker("integration") and not _names_integration(item.path):
        raise pytest.UsageError(f"{item.nodeid}: name pytest.mark.integration in its own file")


@cache
def _names_integration(path: Path) -> bool:
    """Whether a file marks a test as one of integration."""
    return "mark.integration" in path.read_text("utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker a core, and one more where tests wait: for a process, a page or a clock."""
    from barenet.engines._threads import allowed_cores

    if config.option.markexpr.startswith("integration"):
        return allowed_cores() + 1
    return allowed_cores()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build each worker's part of the kernels before a large run, so that none is built twice."""
    worker = getattr(session.config, "workerinput", None)
    if worker and len(session.items) > 1000:
        from barenet.cli._doctor import _builders

        for build in _builders()[int(worker["workerid"][2:]) :: worker["workercount"]]:
            build()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """State the figures that tests have recorded: a worker's own output is not seen."""
    for report in terminalreporter.getreports("passed"):
        for name, words in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(words)


@pytest.fixture(scope="session")
def titanic(tmp_path_factory) -> Path:
    """The passengers of the Titanic as CSV: words, numbers, names, codes, and many holes."""
    return _as_csv("id_40945", tmp_path_factory.mktemp("titanic") / "titanic.csv")


@pytest.fixture(scope="session")
def penguins(tmp_path_factory) -> Path:
    """Palmer's penguins as CSV: categories, numbers and some holes."""
    return _as_csv("id_42585", tmp_path_factory.mktemp("penguins") / "penguins.csv")


def _as_csv(folder: str, path: Path) -> Path:
    """Write one of the tables that scikit-learn's own tests read."""
    import sklearn  # Not before the variables above are set.

    tables = Path(sklearn.__file__).parent / "datasets" / "tests" / "data" / "openml"
    packed = next((tables / folder).glob("data*.arff.gz"), None)
    if packed is None:
        pytest.skip("this scikit-learn comes without the tables of its own tests")
    head, rows = re.split("(?i)@data\n", gzip.decompress(packed.read_bytes()).decode())
    names = re.findall(r"(?i)@attribute '?([\w.]+)'?", head)
    path.write_text("\n".join([",".join(names), *rows.splitlines()]) + "\n")
    return path
