"""The service of a model: its routes, its limits, and a log line for each request."""

import asyncio
import json
import secrets
import shlex
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias, cast

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from barenet._version import __version__
from barenet.errors import count_of
from barenet.files._predictor import Predictor
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._schema_file import schema_of
from barenet.insight._web_page import write_page
from barenet.model._array_dataset import class_probabilities
from barenet.service._http_server import receive
from barenet.service._record_checks import find_problems, problem

#: Problems of a request that are listed.
MAX_PROBLEMS = 20
#: Bytes of a request that is predicted with others, and the number of these.
MAX_SMALL, MAX_BATCH = 2**14, 64
#: Characters of a path in a log.
MAX_PATH = 100
#: The description of the paths; the rest depends on the model.
OPENAPI = Path(__file__).with_name("openapi.json")
#: Records, or the answers to them.
Records: TypeAlias = list[dict[str, Any]]
PAGE = """<h1>{title}</h1>
<p>{description}. A record has a value for each column, null if it is missing. Send one, or a list:
</p>
<pre>{command}</pre>
<p>The answer:</p>
<pre>{answer}</pre>
<p><a href="openapi.json">All paths and columns</a>, <a href="metadata">the model</a></p>
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Service:
    """The ASGI app of a model."""

    predictor: Predictor
    #: Writes a line.
    log: Callable[[str], None]
    #: Limits of a request: bytes of its body, records, and seconds until its answer.
    max_body: int
    max_rows: int
    timeout: float
    #: Of the intervals of numbers, if the model has any.
    coverage: float
    #: Checksum of the model file.
    sha256: str
    #: Empty if requests need none.
    token: bytes
    #: The hosts that a request may name; empty for any. A web page whose name is made to lead here
    #: could read the answers otherwise.
    hosts: Collection[str]
    #: The small requests that wait for their answers, and the turn of one to predict them.
    waiting: dict[asyncio.Future[Records], Records] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.predicted(self.schema["examples"])  # compiles the kernels, and checks the coverage

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of a record; the classes have the types of predictions."""
        schema = schema_of(program_of(self.predictor))
        if self.predictor.labels is not None:
            schema["x-target"]["enum"] = self.predictor.labels.tolist()
        return schema

    @cached_property
    def app(self) -> Starlette:
        """The routes."""
        routes = [Route(path, self.send_document) for path in self.documents]
        routes += [Route("/predict", self.predict, methods=["POST"]), Route("/", self.page)]
        handlers: Mapping[Any, Any] = {HTTPException: _refuse, Exception: self._fail}
        return Starlette(routes=routes, exception_handlers=handlers)

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The documents by their paths."""
        target, card = self.schema["x-target"], self.predictor.card
        document = json.loads(OPENAPI.read_text("utf-8"))
        document["info"] |= {"title": target["title"], "version": self.sha256[:12]}
        document["security"] = [{"token": []}] * bool(self.token)
        schemas = document["components"]["schemas"]
        schemas["Record"] = self.schema
        schemas["Prediction"]["properties"]["prediction"] = target
        metadata = {
            "sha256": self.sha256,
            "barenet": __version__,
            "coverage": None if self.predictor.residuals is None else self.coverage,
            "card": card and card.summary(),
            "schema": self.schema,
        }
        return {
            "/healthz": {"status": "ok"},
            "/metadata": metadata,
            "/openapi.json": document,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = perf_counter(), 0

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-content-type-options", b"nosniff"))
            await send(message)

        scope["state"] = {"rows": 0}
        try:
            await (self._refusal(scope) or self.app)(scope, receive, send_counted)
        finally:
            request = f"{scope['method']} {scope['raw_path'].decode('latin-1')[:MAX_PATH]}"
            rows = count_of(scope["state"]["rows"], "row")
            self.log(f"{request} {status}, {rows}, {1e3 * (perf_counter() - start):.1f} ms")

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request to another host, or without the token; None to any other."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self.hosts and {host, host.rpartition(":")[0]}.isdisjoint(self.hosts):
            return _error(403, "Host: this service answers requests to its own address only")
        expected, given = b"Bearer " + self.token, headers.get("authorization", "").encode()
        is_open = not self.token or scope["path"] == "/healthz"
        if is_open or secrets.compare_digest(given, expected):
            return None
        challenge = {"WWW-Authenticate": "Bearer"}
        return _error(401, "Authorization: expected Bearer and the token", challenge)

    async def predict(self, request: Request) -> Response:
        """Predict a record, or each of a list."""
        body = await receive(request, self.max_body, "the body")
        is_small = len(body) <= MAX_SMALL
        try:
            async with asyncio.timeout(self.timeout):
                given = self._read(body) if is_small else await asyncio.to_thread(self._read, body)
                records = given if isinstance(given, list) else [given]
                request.state.rows = len(records)
                if is_small:
                    answers = await self._predict_together(records)
                else:
                    answers = await asyncio.to_thread(self.predicted, records)
        except TimeoutError:
            return _error(503, f"the prediction takes longer than {self.timeout:g} s")
        except ValueError as error:
            place = getattr(error, "row", None), getattr(error, "column", None)
            expected, value = getattr(error, "expected", ""), getattr(error, "value", None)
            return _error(422, [problem(*place, expected or str(error), value)])
        return JSONResponse(answers if isinstance(given, list) else answers[0])

    def _read(self, body: bytes) -> Any:
        """Read a body, and check its records."""
        try:
            given = json.loads(body.decode(), parse_constant=int)  # which refuses NaN
            if rb"\u" in body:  # perhaps half of a character, which is refused here
                json.dumps(given, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"the body is not JSON in UTF-8: {error}") from None
        records = given if isinstance(given, list) else [given]
        if len(records) > self.max_rows:
            problems = f"{len(records):,} records, more than {self.max_rows:,}"
            raise HTTPException(413, problems)
        if found := [*islice(find_problems(self.schema, records), MAX_PROBLEMS)]:
            raise HTTPException(422, cast(Any, found))
        return given

    async def _predict_together(self, records: Records) -> Records:
        """Predict records with those of other small requests that wait, to the same bits."""
        answer = asyncio.get_running_loop().create_future()
        self.waiting[answer] = records
        try:
            async with self.turn:
                if not answer.done():
                    await self._predict_waiting(answer)
            return answer.result()
        finally:
            del self.waiting[answer]

    async def _predict_waiting(self, first: asyncio.Future[Records]) -> None:
        """Predict the records of waiting requests, or if that fails, those of the first alone."""
        waiting = ((answer, given) for answer, given in self.waiting.items() if not answer.done())
        batch = dict(islice(waiting, MAX_BATCH))
        try:
            joined = await asyncio.to_thread(self.predicted, [*chain(*batch.values())])
        except ValueError:
            batch = {first: self.waiting[first]}
            joined = await asyncio.to_thread(self.predicted, batch[first])
        predicted = iter(joined)
        for answer, given in batch.items():
            part = [*islice(predicted, len(given))]
            if not answer.done():  # its time is not over
                answer.set_result(part)

    def predicted(self, records: Records) -> Records:
        """The prediction for each record, with the probabilities or the interval."""
        model = self.predictor
        columns = {name: [record[name] for record in records] for name in model.feature_names}
        outputs = model.outputs(columns)
        if model.classes is not None and model.labels is not None:
            probabilities = class_probabilities(outputs)
            labels = model.labels[probabilities.argmax(axis=1)].tolist()
            named = [dict(zip(model.classes, row, strict=True)) for row in probabilities.tolist()]
            pairs = zip(labels, named, strict=True)
            return [{"prediction": label, "probabilities": each} for label, each in pairs]
        predictions = outputs[:, 0] if outputs.shape[1] == 1 else outputs
        answers: Records = [{"prediction": each} for each in predictions.tolist()]
        if model.residuals is not None:
            ends = model.predict_interval(columns, self.coverage)
            for answer, *interval in zip(answers, *(end.tolist() for end in ends), strict=True):
                answer["interval"] = interval
        return answers

    async def send_document(self, request: Request) -> Response:
        """Send one of the documents."""
        return JSONResponse(self.documents[request.url.path])

    async def page(self, request: Request) -> Response:
        """Send a page with an example, the command that sends it, and its answer."""
        examples = self.schema["examples"]
        words = ["curl", f"{request.base_url}predict", "--json", json.dumps(examples)]
        command = shlex.join(words) + ' -H "Authorization: Bearer $TOKEN"' * bool(self.token)
        texts = {
            "title": f"Predictions of {self.schema['x-target']['title']}",
            "description": self.schema["description"],
            "command": command,
            "answer": json.dumps(self.predicted(examples)),
        }
        body = PAGE.format_map({name: escape(text) for name, text in texts.items()})
        return HTMLResponse(write_page(texts["title"], body))

    async def _fail(self, request: Request, error: Exception) -> Response:
        """Answer after an error of the program, and log its place, without the data."""
        self.log("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        return _error(500, "internal error")


async def _refuse(request: Request, error: HTTPException) -> Response:
    return _error(error.status_code, error.detail, error.headers)


def _error(status: int, problem: Any, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that is refused: a text, or a list of problems."""
    name = "error" if isinstance(problem, str) else "problems"
    return JSONResponse({name: problem}, status, headers)
