"""The schema of a record and the description of a service in tools of other people.

Each tool is installed into an environment of its own, outside of that of the tests. A tool that
cannot be downloaded skips its test; one that fails, fails it.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from barenet import load
from barenet.files.exports._value_patterns import date_pattern

pytestmark = pytest.mark.integration

CLIENT_GENERATOR, SCHEMATHESIS = "openapi-python-client==0.29.1", "schemathesis==4.32.5"
RE2 = "google-re2"
NODE_PACKAGES = ("ajv@8.20.0", "openapi-typescript@7.13.0", "typescript@5.9.3")

#: A key that is dropped, numbers, truth values, categories, and dates in two orders.
HEADER = "key,size,weight,member,town,day,due,answer"
RIGHT = {"size": 3, "weight": 1.5, "member": True, "town": "Rome", "day": "2026-03-01"}
RIGHT |= {"due": "31.12.2026"}

#: Changes of a record, and whether they are valid.
VALID = [
    {},
    *({"size": value} for value in (None, -7, 0.25, 1e20)),
    *({"member": value} for value in (None, False)),
    *({"town": value} for value in (None, "", "?", "Atlantis", 7, 0.5, True)),
    *({"day": value} for value in (None, "2026/03/01", "2024-02-29", "2026-03-01T12:30:00Z")),
    *({"day": value} for value in ("0001-01-01T00:00+01:00", "9999-12-31 23:59:59-05:00")),
    *({"due": value} for value in (None, "1.2.2026", "29/02/2024", "2026-12-31 18:30")),
    *({"key": value} for value in ("007", None, {"a": [1]})),
]
WRONG = [
    *({"size": value} for value in ("3", "", "?", "NA", True, [3], 1e300)),
    *({"member": value} for value in ("", "?", "NA", "YES", "yes", "1", 1, 0)),
    *({"town": value} for value in ([], {})),
    *({"day": value} for value in ("", "?", "NA", "2026-02-29", "1900-02-29", "31.12.2026", 3)),
    *({"day": value} for value in ("2026-03-01\n", " 2026-03-01", "2026-03/01", "0000-01-01")),
    *({"due": value} for value in ("12.31.2026", "31.12/2026", "31.12.26", "30.2.2024")),
    *({"twon": "Rome"}, {"anwser": "hi"}),
]


def environment(folder: Path, *packages: str) -> Path:
    """Make a virtual environment with packages; returns the folder of its commands."""
    uv = pytest.importorskip("uv").find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    commands = folder / ("Scripts" if sys.platform == "win32" else "bin")
    install = [uv, "pip", "install", "--quiet", "--python", folder, *packages]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{', '.join(packages)} cannot be installed: {done.stderr[-300:]}")
    return commands


def node_packages(folder: Path) -> Path:
    """Install packages of npm into a folder; returns that of their commands."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", *NODE_PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the packages of npm cannot be installed: {done.stderr[-300:]}")
    return folder / "node_modules" / ".bin"


def run(*command: object, **options: object) -> str:
    """Run a tool, which has to succeed; returns what it prints."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def models(train, tmp_path_factory):
    """The folders of runs that predict classes, and numbers with intervals."""
    rows = []
    for row in range(90):
        size = row % 7 if row % 5 else ""
        member = "yes" if row % 3 else "no"
        town = "Rome" if row % 4 else "Oslo"
        day, due = f"2026-{1 + row % 12:02}-01", f"{1 + row % 28}.{1 + row % 12}.2025"
        answer = "hi" if row % 7 + row % 3 > 3 else "lo"
        rows.append(f"{row:03},{size},{row / 4},{member},{town},{day},{due},{answer}")
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_text("\n".join([HEADER, *rows]), "utf-8")
    network = ("--model", "network", "--epochs", 3)
    classes = train(path, "--target", "answer", "--drop", "key", *network, "--keep-background")
    ensemble = ("--model", "ensemble", "--epochs", 2)
    numbers = train(path, "--target", "weight", "--drop", "key", "answer", *ensemble)
    return {"classes": classes, "numbers": numbers}


def record_for(kind: str, change: dict) -> dict:
    """A record of a model, which has not its own target."""
    record = RIGHT | change
    if kind == "numbers":
        del record["weight"]
    return record


@pytest.mark.slow
@pytest.mark.case(166, 188)
def test_the_service_and_ajv_in_strict_mode_agree(serve, models, tmp_path):
    """Every change of a record is judged alike by the service and by Ajv."""
    node_packages(tmp_path / "node")
    _, send = serve(models["classes"])
    (tmp_path / "node" / "schema.json").write_text(json.dumps(send(path="/metadata")[1]["schema"]))
    records = [record_for("classes", change) for change in [*VALID, *WRONG]]
    expected = [True] * len(VALID) + [False] * len(WRONG)
    (tmp_path / "node" / "records.json").write_text(json.dumps(records))
    program = """
        const Ajv = require("ajv/dist/2020");
        const validate = new Ajv({ strict: true }).compile(require("./schema.json"));
        console.log(JSON.stringify(require("./records.json").map((record) => validate(record))));
    """
    (tmp_path / "node" / "check.cjs").write_text(program)
    judged = json.loads(run("node", "check.cjs", cwd=tmp_path / "node"))
    statuses = [send(record)[0] for record in records]
    assert [*zip(records, judged, strict=True)] == [*zip(records, expected, strict=True)]
    assert statuses == [200 if is_valid else 422 for is_valid in expected]


@pytest.mark.slow
@pytest.mark.case(166)
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_the_types_of_typescript_are_those_of_the_schema(serve, models, tmp_path, kind):
    commands = node_packages(tmp_path / "node")
    _, send = serve(models[kind])
    (tmp_path / "node" / "service.json").write_text(json.dumps(send(path="/openapi.json")[1]))
    run(commands / "openapi-typescript", "service.json", "-o", "service.ts", cwd=tmp_path / "node")
    own = {"classes": '"hi" | "lo"', "numbers": "number"}[kind]
    end = {"classes": "probabilities", "numbers": "interval"}[kind]
    program = f"""
        import type {{ components }} from "./service";
        const record: components["schemas"]["Record"] = {json.dumps(record_for(kind, {}))};
        export function use(answer: components["schemas"]["Prediction"]): {own} {{
            console.log(record.member === true, answer.{end}, answer.unknown?.length);
            return answer.prediction;
        }}
    """
    (tmp_path / "node" / "use.ts").write_text(program)
    options = {"noEmit": True, "strict": True, "types": [], "lib": ["es2020", "dom"]}
    project = {"compilerOptions": options, "files": ["use.ts"]}
    (tmp_path / "node" / "tsconfig.json").write_text(json.dumps(project))
    run(commands / "tsc", "--project", "tsconfig.json", cwd=tmp_path / "node")


@pytest.mark.case(166, 183)
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_a_generated_client_of_python_predicts(serve, models, tmp_path, kind):
    """The client has the token, a record with a missing value, and a list of records."""
    commands = environment(tmp_path / "tools", CLIENT_GENERATOR)
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    _, send = serve(models[kind], "--token-file", token)
    headers = {"Authorization": "Bearer s3cret"}
    document = send(path="/openapi.json", headers=headers)[1]
    (tmp_path / "service.json").write_text(json.dumps(document))
    generate = ("generate", "--path", "service.json", "--output-path", "client", "--meta", "none")
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {**os.environ, "PATH": paths}
    run(commands / "openapi-python-client", *generate, cwd=tmp_path, env=environ)
    program = """
        import json, sys
        from client import AuthenticatedClient
        from client.api.default import predict
        from client.models import Record

        client = AuthenticatedClient(base_url=sys.argv[1], token="s3cret")
        records = [Record.from_dict(each) for each in json.loads(sys.argv[2])]
        one = predict.sync(client=client, body=records[0])
        several = predict.sync(client=client, body=records)
        print(json.dumps([one.to_dict(), *(answer.to_dict() for answer in several)]))
    """
    lines = [line.removeprefix("        ") for line in program.splitlines()]
    (tmp_path / "use.py").write_text("\n".join(lines))
    records = [record_for(kind, change) for change in ({}, {"size": None, "town": "Bern"})]
    address = "http://{}:{}".format(*send.address)
    printed = run(commands / "python", "use.py", address, json.dumps(records), cwd=tmp_path)
    answers = json.loads(printed)
    with pytest.warns(UserWarning, match="unknown categories"):
        predicted = load(models[kind]).predict(records).tolist()
    assert [answer["prediction"] for answer in answers] == [predicted[0], *predicted]
    assert [answer.get("unknown") for answer in answers] == [None, None, ["town"]]
    last = {"classes": "probabilities", "numbers": "interval"}[kind]
    assert all(len(answer[last]) == 2 for answer in answers)


@pytest.mark.case(167)
@pytest.mark.parametrize("kind", ["classes", pytest.param("numbers", marks=pytest.mark.slow)])
@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_schemathesis_finds_no_difference(serve, models, tmp_path, kind, examples):
    """All that the description allows is answered 200, all that it forbids is refused."""
    commands = environment(tmp_path / "tools", SCHEMATHESIS)
    _, send = serve(models[kind], "--max-rows", 10**6)
    address = "http://{}:{}/openapi.json".format(*send.address)
    options = ("--checks", "all", "--max-examples", examples, "--seed", 1, "--mode", "all")
    run(commands / "schemathesis", "run", address, *options, cwd=tmp_path)


@pytest.mark.case(166)
def test_dates_match_the_calendar_in_re2(tmp_path):
    """The days of 1895 to 2105, and near misses, in the engine of Go's regular expressions."""
    commands = environment(tmp_path / "tools", RE2)
    texts, are_dates = [], []
    for year in (*range(1895, 1905), *range(1995, 2005), 2023, 2024, 2100):
        for month in range(14):
            for day in range(33):
                try:
                    is_date = bool(datetime.date(year, month, day))
                except ValueError:
                    is_date = False
                texts.append(f"{year}-{month:02}-{day:02}")
                are_dates.append(is_date)
    program = """
import json, re2, sys
pattern, texts = json.load(sys.stdin)
pattern = re2.compile(pattern)
print(json.dumps([pattern.search(text) is not None for text in texts]))
"""
    given = json.dumps([date_pattern("ymd"), texts])
    assert json.loads(run(commands / "python", "-c", program, input=given)) == are_dates
    reversed_texts = [".".join(reversed(text.split("-"))) for text in texts]
    given = json.dumps([date_pattern("dmy"), reversed_texts])
    assert json.loads(run(commands / "python", "-c", program, input=given)) == are_dates
