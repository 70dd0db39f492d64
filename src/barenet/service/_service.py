"""The service of a model: its routes, its limits, and a log line for each request."""

import asyncio
import json
import secrets
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from barenet._constraints import unique_fields
from barenet._version import __version__
from barenet.data import TableEncoding
from barenet.data._column_summary import unknown_categories
from barenet.errors import ArgumentError, DataError, count_of
from barenet.files._predictor import Predictor
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._schema_file import schema_of
from barenet.model._array_dataset import class_probabilities, predictions_of
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
    #: Coverage of the prediction intervals, if the model has any.
    coverage: float
    #: Checksum of the model file.
    sha256: str
    #: The token that requests need; empty if they need none.
    token: bytes
    #: The hosts that a request may name; empty for any. The check prevents DNS rebinding, by which
    #: a web page could read the answers.
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
        described = {"/": document, "/openapi.json": document, "/metadata": metadata}
        return {"/healthz": {"status": "ok"}, **described}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, request = perf_counter(), Request(scope, receive)
        request.state.rows = 0
        response = await self._answer(request)
        response.headers["x-content-type-options"] = "nosniff"
        await response(scope, receive, send)
        named = f"{request.method} {scope['raw_path'].decode('latin-1')[:MAX_PATH]}"
        rows, seconds = count_of(request.state.rows, "row"), perf_counter() - start
        time = datetime.now(UTC).isoformat(" ", "seconds").removesuffix("+00:00")
        self.log(f"{time} {named} {response.status_code}, {rows}, {1e3 * seconds:.1f} ms")

    async def _answer(self, request: Request) -> Response:
        """The predictions, a document, or a refusal: a text, or a list of problems."""
        try:
            self._check_access(request)
            path, document = request.scope["path"], self.documents.get(request.scope["path"])
            if not document and path != "/predict":
                raise HTTPException(404)
            if request.method not in (methods := ("GET", "HEAD") if document else ("POST",)):
                raise HTTPException(405, headers={"Allow": ", ".join(methods)})
            return JSONResponse(document or await self.predict(request))
        except HTTPException as error:
            name = "error" if isinstance(error.detail, str) else "problems"
            return JSONResponse({name: error.detail}, error.status_code, error.headers)
        except Exception as error:  # noqa: BLE001 - its place is logged, without the data
            self.log("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
            return JSONResponse({"error": "internal error"}, 500)

    def _check_access(self, request: Request) -> None:
        """Refuse a request to another host, or without the token."""
        host = request.headers.get("host", "")
        if self.hosts and {host, host.rpartition(":")[0]}.isdisjoint(self.hosts):
            raise HTTPException(403, "Host: this service answers requests to its own address only")
        given = request.headers.get("authorization", "").encode()
        is_open = not self.token or request.scope["path"] == "/healthz"
        if not (is_open or secrets.compare_digest(given, b"Bearer " + self.token)):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "Authorization: expected Bearer and the token", challenge)

    async def predict(self, request: Request) -> Any:
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
            late = f"the prediction takes longer than {self.timeout:g} s"
            raise HTTPException(503, late) from None
        except ArgumentError as error:
            place = (error.row, error.column) if isinstance(error, DataError) else (None, None)
            found: Any = [problem(*place, error.expected or error.problem, error.value)]
            raise HTTPException(422, found) from None
        return answers if isinstance(given, list) else answers[0]

    def _read(self, body: bytes) -> Any:
        """Read a body, and check its records."""
        try:
            hooks: Any = {"parse_constant": _refuse_constant, "object_pairs_hook": unique_fields}
            given = json.loads(body.decode(), **hooks)
            if rb"\u" in body:  # perhaps a lone surrogate, which is refused here
                json.dumps(given, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"the body cannot be read as JSON in UTF-8: {error}") from None
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
        except ArgumentError:
            batch = {first: self.waiting[first]}
            joined = await asyncio.to_thread(self.predicted, batch[first])
        predicted = iter(joined)
        for answer, given in batch.items():
            part = [*islice(predicted, len(given))]
            if not answer.done():  # its time is not over
                answer.set_result(part)

    def predicted(self, records: Records) -> Records:
        """The prediction for each record, with the probabilities or the interval."""
        if not records:
            return []
        model = self.predictor
        rows: Any = {name: [record[name] for record in records] for name in model.feature_names}
        if isinstance(model.preprocessing, TableEncoding):
            rows = model.preprocessing.frame_of(rows)
        outputs = model.outputs(rows)
        predictions = predictions_of(outputs, model.labels).tolist()
        answers: Records = [{"prediction": each} for each in predictions]
        if model.classes is not None:
            for answer, row in zip(answers, class_probabilities(outputs).tolist(), strict=True):
                answer["probabilities"] = dict(zip(model.classes, row, strict=True))
        if model.residuals is not None:
            ends = model.predict_interval(rows, self.coverage)
            for answer, *interval in zip(answers, *(end.tolist() for end in ends), strict=True):
                answer["interval"] = interval
        for name, are_unknown in unknown_categories(model.preprocessing, rows).items():
            for at in are_unknown.nonzero()[0]:
                answers[at].setdefault("unknown", []).append(name)
        return answers


def _refuse_constant(text: str) -> Any:
    """Refuse NaN and infinities, which Python reads though JSON has none."""
    raise ValueError(f"{text} is not a JSON number; a missing value is null")
