"""``barenet serve``: a real process on a real port, and the requests that it refuses."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from barenet import load, save

COMMAND = str(Path(sys.executable).with_name("barenet"))

HEADER = "size,weight,member,town,day,answer"
ROWS = [
    f"{i % 7 if i % 5 else ''},{i / 4},{'yes' if i % 3 else 'no'},{'Rome' if i % 4 else 'Oslo'},"
    f"2026-{1 + i % 12:02}-01,{'hi' if i % 7 + i % 3 > 3 else 'lo'}"
    for i in range(90)
]
RIGHT = {"size": 3, "weight": 1.5, "member": True, "town": "Rome", "day": "2026-03-01"}
OTHERS = [
    {"size": None, "weight": -1e6, "member": False, "town": "Köln", "day": "2026-12-24 18:30"},
    {"size": 0.1, "weight": 7, "member": None, "town": None, "day": None},
]


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_text("\n".join([HEADER, *ROWS]), "utf-8")
    return path


@pytest.fixture(scope="session")
def classes(train, table):
    """The folder of a run that predicts classes."""
    return train(table, "--target", "answer", "--model", "network", "--epochs", 3)


@pytest.mark.integration
def test_predictions_are_those_of_the_predictor_to_the_bit(serve, barenet, classes, train, table):
    model, records = load(classes / "model.safetensors"), [RIGHT, *OTHERS]
    _, send = serve(classes)
    status, answers = send(records)
    assert (status, send([])) == (200, (200, []))
    with pytest.warns(UserWarning, match="unknown categories"):
        predictions = model.predict(records).tolist()
        probabilities = model.predict_proba(records).tolist()
    assert [each["prediction"] for each in answers] == predictions
    named = [dict(zip(("hi", "lo"), row, strict=True)) for row in probabilities]
    assert [each["probabilities"] for each in answers] == named
    assert [each.get("unknown") for each in answers] == [None, ["town"], None]
    with ThreadPoolExecutor(16) as pool:  # which are predicted together
        assert [*pool.map(send, records * 30)] == [(200, each) for each in answers] * 30
        mixed = [RIGHT, {**RIGHT, "day": "2026-02-30"}, {**RIGHT, "weight": 1e60}] * 40
        assert [status for status, _ in pool.map(send, mixed)] == [200, 422, 422] * 40

    folder = train(table, "--target", "weight")
    model, records = load(folder / "model.safetensors"), [*records, RIGHT]
    records = [{**each, "answer": "hi"} for each in records]
    for record in records:
        del record["weight"]
    for wrong in (0, 1, 1.5):
        error = barenet("serve", folder, "--coverage", wrong).error
        assert "--coverage: expected a number between 0 and 1, got" in error
    _, send = serve(folder, "--coverage", 0.8)
    _, answers = send(records)
    with pytest.warns(UserWarning, match="unknown categories"):
        predictions = model.predict(records).tolist()
        ends = np.column_stack(model.predict_interval(records, 0.8))
    assert [each["prediction"] for each in answers] == predictions
    assert [each["interval"] for each in answers] == ends.tolist()


@pytest.mark.integration
def test_reasons_are_those_of_the_command(serve, barenet, classes, table, tmp_path):
    _, send = serve(classes, "--background", table)
    status, answers = send([RIGHT, *OTHERS], "/predict?reasons=2")
    assert status == 200
    lines = ["size,weight,member,town,day"]
    for record in (RIGHT, *OTHERS):
        values = ["" if value is None else str(value) for value in record.values()]
        lines.append(",".join(values))
    (tmp_path / "new.csv").write_text("\n".join(lines) + "\n", "utf-8")
    command = ("predict", classes, tmp_path / "new.csv", "--reasons", 2, "--background", table)
    expected = barenet(*command, "--json").json["reasons"]
    assert [answer["reasons"] for answer in answers] == expected
    assert answers[0]["compared_with"]["source"] == table.name
    assert answers[0]["compared_with"]["rows"] > 1
    assert answers[0]["scale"] == "probability"
    assert "parameters" in send(path="/openapi.json")[1]["paths"]["/predict"]["post"]
    status, answer = send(RIGHT, "/predict?reasons=0")
    assert (status, answer["error"][:17]) == (400, "reasons: expected")
    status, answer = send(RIGHT, "/predict?reasons=2&reason=3")
    hint = "reason: unknown parameter, did you mean 'reasons'?; /predict has reasons only"
    assert (status, answer["error"]) == (400, hint)
    error = barenet("serve", classes, "--background", tmp_path / "nothing.csv").error
    assert "nothing.csv" in error
    error = barenet("serve", classes, "--scale", "log-odds").error
    assert "--scale: it is for reasons, and the model has no rows to compare with" in error


@pytest.mark.integration
def test_reasons_of_a_service_are_on_the_scale_of_its_option(serve, barenet, classes, table):
    _, send = serve(classes, "--background", table, "--scale", "log-odds")
    status, answer = send(RIGHT, "/predict?reasons=2")
    assert (status, answer["scale"]) == (200, "log-odds")
    command = ("predict", classes, table, "--reasons", 2, "--background", table, "--row", 0)
    document = barenet(*command, "--scale", "log-odds", "--json").json
    assert document["expected"] == [answer["expected"]]


@pytest.mark.integration
def test_columns_of_the_reasons_of_a_service_are_grouped(serve, barenet, classes, table, tmp_path):
    group = ("--groups", "body=size,weight")
    _, send = serve(classes, "--background", table, *group)
    status, answer = send(RIGHT, "/predict?reasons=1000")
    values = ",".join(str(value) for value in RIGHT.values())
    (tmp_path / "new.csv").write_text(f"size,weight,member,town,day\n{values}\n", "utf-8")
    command = ("predict", classes, tmp_path / "new.csv", "--reasons", 9, "--background", table)
    document = barenet(*command, *group, "--json").json
    assert (status, [answer["reasons"]]) == (200, document["reasons"])
    assert {reason["column"] for reason in answer["reasons"]} == {"body", "member", "town", "day"}
    error = barenet("serve", classes, *group).error
    assert "--groups: it is for reasons, and the model has no rows to compare with" in error
    wrong = ("--background", table, "--groups")
    assert "--groups: unknown 'weigh'" in barenet("serve", classes, *wrong, "a=size,weigh").error
    assert "--groups: expected a name and" in barenet("serve", classes, *wrong, "size").error


@pytest.mark.integration
def test_wrong_requests_are_refused_and_change_nothing(serve, classes, tmp_path):
    _, send = serve(classes, "--max-rows", 3, "--max-body", "20kB")
    right = send(RIGHT)
    assert right[0] == 200
    for change, field, got in [
        ({"size": "3"}, "size", '"3"'),
        ({"twon": 1}, "twon", "1"),
        ({"member": "maybe"}, "member", '"maybe"'),
        ({"day": "2026-02-30"}, "day", '"2026-02-30"'),
        ({"weight": 10**400}, "weight", "1000"),
        ({"town": {"secret": 5}}, "town", '{"secret": 5}'),
    ]:
        status, answer = send([RIGHT, RIGHT | change])
        (problem,) = answer["problems"]
        assert (status, problem["record"], problem["field"]) == (422, 1, field), answer
        assert got in problem["got"] and problem["expected"]
    assert [each["field"] for each in send({})[1]["problems"]] == [*RIGHT]
    assert send([3])[0] == send("text")[0] == 422
    text = json.dumps(RIGHT)
    for body in (
        *(b"", b"nope", b"\xff\xfe", b"[" * 9000, b'"' + b"9" * 9000, b"9" * 9000),
        *(text.replace("1.5", word).encode() for word in ("NaN", "Infinity", "01", '"\\ud800')),
        text.replace("Rome", r"\udc00").encode(),
    ):
        assert send(body, raw=True)[0] == 400, body[:99]
    for name in ("town", "\\udc00"):
        twice = f'[{text}, {{"{name}": "Rome", "{name}": "Oslo"}}]'.encode()
        status, answer = send(twice, raw=True)
        assert (status, f"the field '{name}' is there twice" in answer["error"]) == (400, True)
    assert send(text.replace("1.5", "1e999").encode(), raw=True)[0] == 422
    assert send([RIGHT] * 4)[0] == send(b" " * 30_000, raw=True)[0] == 413
    assert send(method="PUT", path="/predict")[0] == send(RIGHT, "/healthz")[0] == 405
    assert send(path="/../etc/passwd")[0] == 404
    assert send(path="/metadata", headers={"Host": "evil.example"})[0] == 403
    assert send(RIGHT) == right and send(path="/healthz") == (200, {"status": "ok"})
    log = (tmp_path / "log.txt").read_text()
    assert "POST /predict 200, 1 row, " in log and "POST /predict 422, " in log
    assert not any(word in log for word in ("Rome", "secret", "Traceback", " 500"))


@pytest.mark.integration
def test_the_service_describes_itself(serve, classes, tmp_path):
    _, send = serve(classes)
    metadata, document = send(path="/metadata")[1], send(path="/openapi.json")[1]
    schemas = document["components"]["schemas"]
    schema = metadata["schema"]
    assert metadata["card"]["settings"] and schemas["Record"].items() <= schema.items()
    assert schema.keys() - schemas["Record"] == {"$schema", "$comment", "$defs", "title"}
    assert schemas["Prediction"]["properties"]["prediction"]["enum"] == ["hi", "lo"]
    assert send(path="/") == (200, document)
    command = (tmp_path / "log.txt").read_text().partition("An example is: ")[2].splitlines()[0]
    words = shlex.split(command)
    assert words[1] == "http://{}:{}/predict".format(*send.address)
    assert send(words[-1].encode(), raw=True)[0] == 200


@pytest.mark.case(172)
@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_running_requests_are_answered_after_a_signal(serve, classes):
    number = signal.SIGTERM
    options = ("--max-rows", 10**6, "--max-body", "1GB", "--timeout", 600)
    running, send = serve(classes, *options)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(send([RIGHT] * 100_000)))
    thread.start()
    time.sleep(0.5)
    start = time.perf_counter()
    assert send(path="/healthz")[0] == 200 and time.perf_counter() - start < 3
    assert answers == []
    running.send_signal(number)
    with pytest.raises(ConnectionError):
        for _ in range(600):  # half a minute, as a busy machine notices the signal late
            socket.create_connection(send.address, 5).close()
            time.sleep(0.05)
    thread.join()
    ((status, predicted),) = answers
    assert (status, len(predicted)) == (200, 100_000)
    assert running.wait(60) == 128 + number


@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_connections_that_are_kept_open_end_with_an_answer(serve, classes):
    """No client loses a request: the last answer names the end of its connection."""
    running, send = serve(classes)

    def work(_):
        with closing(HTTPConnection(*send.address, timeout=30)) as connection:
            while True:
                connection.request("POST", "/predict", json.dumps(RIGHT))
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                if answer.getheader("connection") == "close":
                    return True

    with ThreadPoolExecutor(8) as clients:
        ended = clients.map(work, range(8))
        time.sleep(1)
        running.send_signal(signal.SIGTERM)
        assert all(ended) and running.wait(30) == 143


@pytest.mark.integration
def test_a_prediction_that_takes_too_long_is_given_up(serve, classes):
    _, send = serve(classes, "--timeout", 0.05, "--max-rows", 10**6)
    status, answer = send([RIGHT] * 50_000)
    assert (status, answer) == (503, {"error": "the prediction takes longer than 0.05 s"})
    assert send(path="/healthz")[0] == 200


@pytest.mark.case(183)
@pytest.mark.integration
def test_a_token_is_required_of_everyone(serve, classes, tmp_path):
    token = tmp_path / "token"
    token.write_text("s3cret-token\n")
    token.chmod(0o600)
    _, send = serve(classes, "--token-file", token, "--host", "0.0.0.0")
    for given in (None, "s3cret-token", "Bearer s3cret", "Basic s3cret-token", "Bearer é"):
        headers = {} if given is None else {"Authorization": given}
        assert send(RIGHT, headers=headers)[0] == send(path="/", headers=headers)[0] == 401
    assert send(path="/healthz")[0] == 200
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} s3cret-token", "Host": "a.b"}
        assert send(RIGHT, headers=headers)[0] == 200
    status, content = send(path="/metrics", headers=headers)
    assert status == 200 and b'{reason="token"} ' in content
    document = send(path="/openapi.json", headers=headers)[1]
    answers = {
        path: operation["responses"].keys()
        for path, item in document["paths"].items()
        for operation in item.values()
    }
    with_token = [path for path in answers if "401" in answers[path]]
    assert with_token == ["/predict", "/metadata", "/metrics"]
    assert "s3cret" not in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("options", "content", "mode", "problem"),
    [
        (["--host", "0.0.0.0"], None, 0, "--host: '0.0.0.0' is an address for other machines"),
        (["--host", "example.org"], None, 0, "add --token-file FILE, or --no-token"),
        (["--token-file", "token"], " \n", 0o600, "--token-file: expected a file with one word"),
        (["--token-file", "token"], "two words", 0o600, "--token-file: expected a file with one"),
        (["--token-file", "token"], "secret", 0o644, "only its owner can read; chmod 600 token"),
        (["--token-file", "nowhere"], None, 0, "--token-file: expected a file, got"),
        (["--token-file", "token", "--no-token"], "secret", 0o600, "--no-token: there is a token"),
        (["--port", "70000"], None, 0, "--port: expected 0 to 65535"),
        (["--max-body", "much"], None, 0, "--max-body: expected a size"),
        (["--max-rows", "0"], None, 0, "--max-rows: expected a whole number of 1 or more"),
        (["--timeout", "0"], None, 0, "--timeout: expected a number above 0"),
        (["--coverage", "0.8"], None, 0, "--coverage: the model predicts classes, and intervals"),
    ],
)
def test_wrong_options_are_refused(barenet, iris, tmp_path, options, content, mode, problem):
    if content is not None:
        if mode & 0o77 and sys.platform == "win32":
            pytest.skip("Windows has no such modes")
        (tmp_path / "token").write_text(content)
        (tmp_path / "token").chmod(mode)
    assert problem in barenet("serve", iris, *options).error


def _peak_memory(running) -> int:
    """The largest memory of a process so far, in bytes."""
    status = Path(f"/proc/{running.pid}/status")
    if not status.exists():
        pytest.skip("needs the memory of a process in /proc")
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1])


@pytest.mark.case(168)
@pytest.mark.integration
def test_a_body_of_very_many_values_is_refused_before_they_are_made(serve, classes):
    """Ten megabytes at most are received, of which each value would take fifty bytes or more."""
    running, send = serve(classes)
    assert send(RIGHT)[0] == 200
    before = _peak_memory(running)
    for value in ("{}", "0.5", '{"a":[]}'):
        values = ",".join([value] * (10 * 2**20 // (len(value) + 1) - 1))
        for body in (f"[{values}]", f'{{"size": [{values[:-9]}'):
            status, answer = send(body.encode(), raw=True)
            error = "more values than 10,000 records have, the most of a request"
            assert (status, answer) == (413, {"error": error})
    assert _peak_memory(running) - before < 60 * 2**20
    assert send(RIGHT)[0] == 200


@pytest.mark.case(168)
@pytest.mark.integration
def test_large_requests_at_once_take_little_more_memory_than_one(serve, classes):
    running, send = serve(classes, "--timeout", 600)
    before = _peak_memory(running)
    many = f"[{','.join(['{}'] * (10 * 2**20 // 3 - 1))}]".encode()
    long = json.dumps([{**RIGHT, "town": "R" * 900}] * 10_000).encode()
    with ThreadPoolExecutor(6) as pool:
        refused = [*pool.map(lambda body: send(body, raw=True)[0], [many] * 6)]
        assert _peak_memory(running) - before < 200 * 2**20
        answered = [*pool.map(lambda body: send(body, raw=True), [long] * 6)]
    assert refused == [413] * 6
    assert [(status, len(answers)) for status, answers in answered] == [(200, 10_000)] * 6
    assert _peak_memory(running) - before < 300 * 2**20


@pytest.mark.case(168)
@pytest.mark.integration
def test_a_declared_length_beyond_the_limit_is_refused_at_once(serve, classes):
    """The answer comes although no byte of the body is sent."""
    _, send = serve(classes)
    for length in (10**14, 10 * 2**20 + 1):
        with socket.create_connection(send.address, 5) as connection:
            head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.case(168)
@pytest.mark.integration
def test_a_body_without_a_declared_length_is_refused_at_the_limit(serve, classes):
    _, send = serve(classes)
    with socket.create_connection(send.address, 30) as connection:
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        for size in (*[2**20] * 10, 1):
            connection.sendall(f"{size:x}\r\n".encode() + b" " * size + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.case(188)
@pytest.mark.integration
def test_columns_that_were_left_out_by_request_are_accepted(serve, train, table):
    """Whole rows may be sent, with the target, whatever the ignored columns hold."""
    columns = ("--drop", "size", "--split-by-group", "town")
    folder = train(table, "--target", "answer", *columns, "--model", "network", "--epochs", 2)
    _, send = serve(folder)
    record = {"weight": 1.5, "member": True, "day": "2026-03-01"}
    expected = send(record)
    assert expected[0] == 200
    for town in ("Rome", None, {"name": "Rome"}, [1]):
        assert send({**record, "town": town, "size": 3}) == expected
    for answer in ("yes", None, {"of": ["any", "kind"]}):
        assert send({**record, "answer": answer}) == expected
    status, refused = send({**record, "answer": "yes", "anwser": "yes"})
    assert status == 422
    [problem] = refused["problems"]
    assert problem["expected"] == "no such field, did you mean 'answer'?"


@pytest.mark.case(183)
@pytest.mark.integration
def test_the_times_of_the_log_name_their_zone(serve, classes, tmp_path):
    _, send = serve(classes)
    before = datetime.now(UTC).replace(microsecond=0)
    assert send(RIGHT)[0] == send(path="/healthz")[0] == 200
    log = (tmp_path / "log.txt").read_text()
    (line,) = [line for line in log.splitlines() if " POST /predict 200, " in line]
    written = datetime.fromisoformat(line.partition(" POST")[0])
    assert before <= written <= datetime.now(UTC)


def _metrics(send) -> dict[tuple[str, frozenset], float]:
    """The values of a service's metrics, by their names and labels."""
    status, content = send(path="/metrics")
    assert status == 200
    values = {}
    for family in text_string_to_metric_families(content.decode()):
        for sample in family.samples:
            values[sample.name, frozenset(sample.labels.items())] = sample.value
    return values


def _value(values, name: str, **labels: str) -> float:
    return values[f"barenet_{name}", frozenset(labels.items())]


@pytest.mark.integration
def test_the_metrics_count_requests_rows_and_unusual_values(serve, classes, tmp_path):
    _, send = serve(classes, "--max-rows", 200, "--max-body", "100kB")
    before = _metrics(send)
    assert _value(before, "predicted_rows_total") == 0
    assert _value(before, "missing_values_total", column="size") == 0
    with ThreadPoolExecutor(16) as pool:
        statuses = [*pool.map(lambda body: send(body)[0], [RIGHT, OTHERS] * 50)]
    assert statuses == [200] * 100
    refusals = [
        ({**RIGHT, "size": "3"}, "wrong_value", 422),
        ({**RIGHT, "weight": 1e60}, "wrong_value", 422),
        ({**RIGHT, "twon": 1}, "unknown_field", 422),
        ({}, "missing_field", 422),
        ([RIGHT] * 201, "too_many_records", 413),
        ("x" * 200_000, "too_large", 413),
    ]
    for body, _, status in refusals:
        assert send(body)[0] == status
    assert send(b"{", raw=True)[0] == 400
    assert send(path="/wp-login.php")[0] == send(path="/x")[0] == 404
    assert send(path="/predict")[0] == 405
    assert send(path="/metrics", headers={"Host": "evil.example"})[0] == 403
    values = _metrics(send)
    assert _value(values, "requests_total", path="/predict", status="200") == 100
    assert _value(values, "requests_total", path="/predict", status="422") == 4
    assert _value(values, "requests_total", path="other", status="404") == 2
    assert _value(values, "requests_total", path="/metrics", status="200") == 1
    reasons = {"wrong_value": 2, "unknown_field": 1, "missing_field": 1, "too_many_records": 1}
    reasons |= {"too_large": 1, "invalid_json": 1, "path": 2, "method": 1, "host": 1, "overload": 0}
    for reason, count in reasons.items():
        assert _value(values, "refused_requests_total", reason=reason) == count
    assert _value(values, "predicted_rows_total") == 150
    assert _value(values, "unknown_categories_total", column="town") == 50
    missing = {"size": 50, "weight": 0, "member": 50, "town": 50, "day": 50}
    for column, count in missing.items():
        assert _value(values, "missing_values_total", column=column) == count
    n_predict = 100 + len(refusals) + 2
    assert _value(values, "request_seconds_count", path="/predict") == n_predict
    assert _value(values, "request_seconds_bucket", path="/predict", le="+Inf") == n_predict
    assert not [name for name, _ in values if name.endswith("_created")]
    [labels] = [dict(labels) for name, labels in values if name == "barenet_model_info"]
    assert labels["target"] == "answer" and labels["dataset"] == "table.csv"
    assert labels["sha256"] == send(path="/metadata")[1]["sha256"]
    written = (classes / "model.safetensors").stat().st_mtime
    assert _value(values, "model_modified_timestamp_seconds") == written
    started = values["process_start_time_seconds", frozenset()]
    assert written < started < time.time()


@pytest.fixture(scope="session")
def successors(train, table, tmp_path_factory):
    """Model files that may replace that of `classes`, by what they do to its clients."""
    folder = tmp_path_factory.mktemp("successors")
    text = table.read_text("utf-8")
    texts = {"other weights": text, "another category": text.replace("Rome", "Bern")}
    texts["another column"] = text.replace("town", "city")
    files = {}
    for name, content in texts.items():
        path = folder / f"{name}.csv"
        path.write_text(content, "utf-8")
        run = train(path, "--target", "answer", "--model", "network", "--epochs", 4, "--seed", 5)
        files[name] = run / "model.safetensors"
    return files


def _wait_for(text: str, path: Path) -> str:
    """Wait until a line with a text is in the log, and return it."""
    for _ in range(600):
        for line in path.read_text("utf-8").splitlines():
            if text in line:
                return line
        time.sleep(0.05)
    raise AssertionError(path.read_text("utf-8"))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


NO_HANGUPS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")


@pytest.mark.case(172)
@pytest.mark.integration
@NO_HANGUPS
def test_a_hangup_loads_the_model_file_again(serve, classes, successors, tmp_path):
    """A link to another run is followed; a wrong file or one that breaks clients is refused."""
    link = tmp_path / "current"
    link.symlink_to(classes)
    running, send = serve(link)
    log = tmp_path / "log.txt"
    old = send(RIGHT)
    assert old[0] == 200

    running.send_signal(signal.SIGHUP)
    assert _sha256(classes / "model.safetensors")[:12] in _wait_for("model is unchanged", log)

    new_link = tmp_path / "new"
    new_link.symlink_to(successors["another category"].parent)
    new_link.replace(link)
    running.send_signal(signal.SIGHUP)
    line = _wait_for("the model is replaced by", log)
    assert "column town: loses the categories Rome; column town: gains the categories Bern" in line
    model = load(successors["another category"])
    with pytest.warns(UserWarning, match="unknown categories"):
        [expected] = model.predict_proba([RIGHT]).tolist()
    status, answer = send(RIGHT)
    assert (status, answer["unknown"]) == (200, ["town"])
    assert answer["probabilities"] == dict(zip(("hi", "lo"), expected, strict=True))
    assert send(path="/metadata")[1]["sha256"] == _sha256(successors["another category"])

    for content, words in [
        (successors["another column"].read_bytes(), "column city: added; column town: removed"),
        (successors["other weights"].read_bytes()[:-9], "not a model file, or a damaged one"),
        (b"", "not a model file"),
    ]:
        file = tmp_path / "wrong.safetensors"
        file.write_bytes(content)
        new_link.symlink_to(file)
        new_link.replace(link)
        running.send_signal(signal.SIGHUP)
        line = _wait_for(words, log)
        kept = _sha256(successors["another category"])[:12]
        assert f"SIGHUP: the model in use is kept, SHA-256 {kept}: " in line
        log.write_text("")
        assert send(RIGHT) == (status, answer)
    link.unlink()
    running.send_signal(signal.SIGHUP)
    _wait_for("the model in use is kept", log)
    assert send(RIGHT) == (status, answer)
    counts = {"replaced": 1, "refused": 4, "unchanged": 1}
    for result, count in counts.items():
        assert _value(_metrics(send), "model_reloads_total", result=result) == count
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 143


@pytest.mark.integration
@NO_HANGUPS
def test_requests_end_with_the_model_that_they_began_with(serve, classes, successors, tmp_path):
    """A large request under way keeps its model; small ones get either, and none is lost."""
    file = tmp_path / "model.safetensors"
    shutil.copy(classes / "model.safetensors", file)
    running, send = serve(file, "--max-rows", 10**6, "--max-body", "1GB", "--timeout", 600)
    old = send(RIGHT)
    shutil.copy(successors["other weights"], tmp_path / "next")
    (tmp_path / "next").replace(file)
    with ThreadPoolExecutor(9) as pool:
        large = pool.submit(send, [RIGHT] * 100_000)
        time.sleep(0.5)
        small = [pool.submit(send, RIGHT) for _ in range(100)]
        running.send_signal(signal.SIGHUP)
        _wait_for("the model is replaced by", tmp_path / "log.txt")
        assert not large.done()
        new = send(RIGHT)
        assert new[0] == 200 and new != old
        assert all(future.result() in (old, new) for future in small)
        status, answers = large.result()
    assert status == 200 and answers == [old[1]] * 100_000


@pytest.mark.integration
@NO_HANGUPS
def test_many_hangups_leave_the_last_model_in_use(serve, classes, successors, tmp_path):
    file = tmp_path / "model.safetensors"
    shutil.copy(classes / "model.safetensors", file)
    running, send = serve(file)
    files = [successors["other weights"], successors["another category"]]
    for number in range(20):
        shutil.copy(files[number % 2], tmp_path / "next")
        (tmp_path / "next").replace(file)
        running.send_signal(signal.SIGHUP)
        assert send(RIGHT)[0] == 200
    expected = _sha256(file)
    for _ in range(200):
        if send(path="/metadata")[1]["sha256"] == expected:
            break
        time.sleep(0.05)
    assert send(path="/metadata")[1]["sha256"] == expected
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


@pytest.mark.case(172)
@pytest.mark.integration
@NO_HANGUPS
def test_a_closed_terminal_ends_the_service(classes, tmp_path):
    """The kernel sends SIGHUP then, which is no request to load the model."""
    pexpect = pytest.importorskip("pexpect")
    command = ["serve", str(classes), "--port", "0"]
    child = pexpect.spawn(COMMAND, command, cwd=str(tmp_path), encoding="utf-8", timeout=60)
    child.expect("Ctrl-C ends the service")
    child.kill(signal.SIGHUP)
    child.expect("the model is unchanged")
    process = psutil.Process(child.pid)
    os.close(child.child_fd)
    child.child_fd = -1
    assert process.wait(30) == 129
    child.closed = True
    child.terminated = True


@pytest.mark.case(199, 207)
@pytest.mark.integration
@NO_HANGUPS
def test_a_hangup_keeps_a_model_that_explains_or_whose_file_is_gone(serve, train, table, tmp_path):
    settings = ("--target", "answer", "--model", "network", "--epochs", 3)
    with_rows = train(table, *settings, "--keep-background")
    link = tmp_path / "current"
    link.symlink_to(with_rows)
    running, send = serve(link)
    log = tmp_path / "log.txt"
    assert send(RIGHT, "/predict?reasons=2")[0] == 200
    model = load(with_rows / "model.safetensors")
    save(replace(model, background=None), tmp_path / "without.safetensors")
    link.unlink()
    link.symlink_to(tmp_path / "without.safetensors")
    running.send_signal(signal.SIGHUP)
    line = _wait_for("the model in use is kept", log)
    assert line.endswith("reasons: loses the reasons")
    log.write_text("")
    link.unlink()
    running.send_signal(signal.SIGHUP)
    line = _wait_for("the model in use is kept", log)
    assert "No such file" in line and "Errno" not in line
    assert send(RIGHT, "/predict?reasons=2")[0] == 200


@pytest.mark.case(200)
@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="needs the signals of a process in /proc")
def test_a_hangup_before_the_service_is_ready_loads_the_model_later(process, classes, tmp_path):
    log = tmp_path / "log.txt"
    with log.open("w") as stream:
        running = process("serve", classes, "--port", 0, stderr=stream)
    status = Path(f"/proc/{running.pid}/status")
    while not int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16) & 1:  # SIGHUP is 1
        time.sleep(0.001)
    assert log.read_text() == ""  # the modules are being imported
    running.send_signal(signal.SIGHUP)
    assert running.stdout.readline().startswith("http://")
    _wait_for("the model is unchanged", log)
    assert running.poll() is None


def _exchange(address, request: bytes) -> bytes:
    """Send bytes, and return all that the service sends until it closes the connection."""
    received = b""
    with socket.create_connection(address, timeout=8) as connection:
        connection.sendall(request)
        for chunk in iter(lambda: connection.recv(2**16), b""):
            received += chunk
    return received


BEHIND = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.case(203)
@pytest.mark.integration
def test_a_request_with_two_lengths_hides_no_other(serve, classes):
    _, send = serve(classes, "--keep-alive", 30)
    for lines in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked\r\nContent-Length: 0",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5, 6",
        b"Content-Length: +5",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: identity, chunked",
    ):
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n\r\n"
        answer = _exchange(send.address, head + BEHIND)
        assert answer.split()[1] in (b"400", b"501") and answer.count(b"HTTP/1.1 ") == 1, lines


@pytest.mark.case(204)
@pytest.mark.integration
def test_names_of_hosts_have_any_case_and_connections_stay_open_for_the_given_time(serve, classes):
    _, send = serve(classes, "--keep-alive", 0.5)
    for name in ("LOCALHOST", "LocalHost.:80", "localhost:1", "[::1]:8000", "127.0.0.1"):
        assert send(path="/healthz", headers={"Host": name})[0] == 200, name
    for name in ("evil.example", "localhost.evil.example", "evil.example.", "evil.example:80"):
        assert send(path="/healthz", headers={"Host": name})[0] == 403, name
    assert b" 200 " in _exchange(send.address, b"GET /healthz HTTP/1.0\r\n\r\n")
    # The connection is closed after half a second, long before the default.
    kept = _exchange(send.address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 200 " in kept
