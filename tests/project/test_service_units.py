"""The examples of a unit of systemd and of objects of Kubernetes, in examples/service."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "service"
COMMAND = Path(sys.executable).with_name("barenet")
#: The seconds that a request takes at most, and those that the service adds after a signal.
LONGEST_REQUEST = 30 + 5

#: Runs the command line as another user, who can still read the files of root, such as those of
#: this Python.
AS_USER = """
import ctypes, os, sys
os.setresuid(0, int(sys.argv.pop(1)), 0)
ctypes.CDLL(None).setfsuid(0)
from barenet.__main__ import main
sys.exit(main())
"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither"),
]


def unit() -> dict[str, list[str]]:
    """The settings of the unit, by their names."""
    settings: dict[str, list[str]] = {}
    for line in (EXAMPLES / "barenet.service").read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            settings.setdefault(name, []).append(value)
    return settings


def deployment() -> dict:
    yaml = pytest.importorskip("yaml")
    documents = [*yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text("utf-8"))]
    [found] = [document for document in documents if document["kind"] == "Deployment"]
    return found["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def folder():
    """A folder that every user can read, with a model and a token of root."""
    path = Path(tempfile.mkdtemp(prefix="barenet-units-"))
    path.chmod(0o755)
    rows = "1,Rome,a\n2,Bern,b\n3,Rome,a\n4,Bern,b\n" * 20
    (path / "table.csv").write_text("size,town,kind\n" + rows)
    options = [
        "--target",
        "kind",
        "--no-plots",
        "--model",
        "network",
        "--epochs",
        "2",
        "--out",
        path / "run",
    ]
    subprocess.run(
        [COMMAND, "train", path / "table.csv", *options], check=True, capture_output=True
    )
    (path / "token").write_text("secret\n")
    (path / "token").chmod(0o400)
    yield path
    shutil.rmtree(path)


def get(address: str, path: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{address}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Service(subprocess.Popen):
    """A process that ends with its context, also if a test fails."""

    def __exit__(self, *error: object) -> None:
        self.kill()
        super().__exit__(*error)


def start(arguments: list, log: Path, user: int | None = None) -> tuple[Service, str]:
    """Start the service; returns its process and its address, which is empty if it fails."""
    words = [str(argument) for argument in arguments]
    command = [str(COMMAND), *words]
    if user is not None:
        command = [sys.executable, "-c", AS_USER, str(user), *words]
    with log.open("w") as stderr:
        running = Service(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    line = running.stdout.readline()
    if not line:
        return running, ""
    port = line.rpartition(":")[2].strip("/\n")
    return running, f"http://127.0.0.1:{port}"


def test_systemd_verifies_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    text = (EXAMPLES / "barenet.service").read_text("utf-8")
    [command] = unit()["ExecStart"]
    text = text.replace(shlex.split(command)[0], str(COMMAND))
    (tmp_path / "barenet.service").write_text(text)
    verify = ["systemd-analyze", "verify", tmp_path / "barenet.service"]
    done = subprocess.run(verify, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_commands_of_the_unit_start_reload_and_stop_a_service(folder, tmp_path):
    settings = unit()
    [command] = settings["ExecStart"]
    places = {"/srv/barenet/models/current": folder / "run", "%d/token": folder / "token"}
    places["8000"] = 0
    _, *words = shlex.split(command)
    log = tmp_path / "log.txt"
    running, address = start([places.get(word, word) for word in words], log)
    with running:
        assert get(address, "/healthz") == 200
        assert (get(address, "/metrics"), get(address, "/metrics", "secret")) == (401, 200)
        [reload] = settings["ExecReload"]
        subprocess.run(reload.replace("$MAINPID", str(running.pid)).split(), check=True)
        for _ in range(200):
            if "SIGHUP: the model is unchanged" in log.read_text():
                break
            time.sleep(0.05)
        assert "SIGHUP: the model is unchanged" in log.read_text()
        running.send_signal(signal.SIGTERM)
        assert [str(running.wait(30))] == settings["SuccessExitStatus"]
    assert int(settings["TimeoutStopSec"][0]) > LONGEST_REQUEST


def test_the_probes_of_kubernetes_are_answered_by_the_container(folder, tmp_path):
    """As an unprivileged user, with the token of a volume: a file of root that the group reads."""
    pod = deployment()
    [container] = pod["containers"]
    token = folder / "volume-token"
    shutil.copy(folder / "token", token)
    user = None
    if os.geteuid() == 0:
        user = pod["securityContext"]["runAsUser"]
        os.chown(token, 0, pod["securityContext"]["fsGroup"])
        token.chmod(0o440)  # fsGroup adds the group to a mode of 0400
    places = {"/model.safetensors": folder / "run" / "model.safetensors"}
    places["/run/secrets/token"] = token
    arguments = [places.get(word, word) for word in container["args"][1:]]
    running, address = start([*arguments, "--port", 0], tmp_path / "log.txt", user)
    with running:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            target = container[probe]["httpGet"]
            assert target["port"] == container["ports"][0]["name"] == "http"
            assert get(address, target["path"]) == 200
        assert get(address, "/metadata", "secret") == 200
        running.terminate()
        assert running.wait(30) == 143
    [_, pause] = container["lifecycle"]["preStop"]["exec"]["command"]
    assert pod["terminationGracePeriodSeconds"] >= int(pause) + LONGEST_REQUEST + 5


@pytest.mark.skipif(sys.platform != "linux", reason="needs the users of Linux")
@pytest.mark.parametrize(
    ("mode", "owner", "is_accepted"),
    [
        (0o440, 0, True),
        (0o640, 0, True),
        (0o444, 0, False),
        (0o460, 0, False),
        (0o440, 65534, False),
        (0o400, 65534, True),
    ],
)
def test_a_group_may_read_the_token_of_root_alone(folder, tmp_path, mode, owner, is_accepted):
    if os.geteuid() != 0:
        pytest.skip("needs root, to give files to others")
    token = folder / "some-token"
    token.write_text("secret")
    os.chown(token, owner, 65534)
    token.chmod(mode)
    log = tmp_path / "log.txt"
    arguments = ["serve", folder / "run", "--port", 0, "--token-file", token]
    running, address = start(arguments, log, user=65534)
    with running:
        running.terminate()
        running.wait(30)
    assert bool(address) == is_accepted, log.read_text()
    if not is_accepted:
        assert "--token-file: expected a file that only its owner can read" in log.read_text()


def test_the_examples_allow_what_the_service_does():
    """Numba writes machine code to memory that is then executed."""
    assert "MemoryDenyWriteExecute" not in unit()
    [container] = deployment()["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    dockerfile = (EXAMPLES / "Dockerfile").read_text("utf-8")
    [command] = re.findall(r"^CMD (\[.*\])$", dockerfile, re.M)
    assert container["args"] == json.loads(command)
