"""The service of a model: its routes, its limits, and a log line for each request."""

import asyncio
import json
import secrets
import traceback
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from threading import Event
from time import perf_counter
from typing import Any, TypeAlias, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from barenet._constraints import unique_fields
from barenet._version import __version__
from barenet.datasets._column_summary import unknown_categories
from barenet.errors import ArgumentError, DataError, count_of
from barenet.files._predictor import Predictor, interval_of
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._schema_file import schema_of
from barenet.model._array_dataset import class_probabilities, predictions_of
from barenet.service._http_server import receive
from barenet.service._json_size import count_values
from barenet.service._openapi import describe_service
from barenet.service._record_checks import RecordChecks, problem
from barenet.service._record_reasons import MAX_RECORDS, PARAMETER, RecordReasons
from barenet.tables._encoding import TableEncoding

#: Maximum number of problems that are listed for a request.
MAX_PROBLEMS = 20
#: Maximum bytes of a request that is predicted together with others, and their maximum number.
MAX_SMALL = 2**14
MAX_BATCH = 64
#: Maximum number of larger requests that are received or predicted at a time, to limit the memory.
MAX_LARGE = 8
#: Maximum number of requests of reasons at a time.
MAX_REASON_REQUESTS = 32
#: Maximum number of characters of a path in a log line.
MAX_PATH = 100
#: Records, or their predictions.
Records: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Service:
    """The ASGI app that serves a model."""

    predictor: Predictor
    #: Writes a log line.
    log: Callable[[str], None]
    #: Limits of a request: bytes of its body, number of records, and seconds until its answer.
    max_body: int
    max_rows: int
    timeout: float
    #: Coverage of the prediction intervals, if the model has intervals.
    coverage: float
    #: Checksum of the model file.
    sha256: str
    #: The token that requests need; empty if they need none.
    token: bytes
    #: The hosts that a request may name; empty for any host. The check prevents DNS rebinding,
    #: through which a web page could read the answers.
    hosts: Collection[str]
    #: The small requests that are waiting for answers, and the lock for predicting them.
    waiting: dict[asyncio.Future[Records], Records] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Slots for large requests in progress.
    large_places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_LARGE))
    #: The thread for large requests, one at a time, as each may take ten times its size in memory.
    large_requests: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    #: Slots for requests of reasons, and their thread, which leaves time for other predictions.
    reason_places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(MAX_REASON_REQUESTS)
    )
    reason_requests: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __post_init__(self) -> None:
        examples = self.schema["examples"]
        self.predicted(examples)  # compile the kernels, and check the coverage
        if not self.reasons.problem:
            self._find_reasons(examples, 1, Event())

    @cached_property
    def reasons(self) -> RecordReasons:
        """The reasons of predictions."""
        return RecordReasons(self.predictor)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, the same as in its exported file."""
        return schema_of(program_of(self.predictor))

    @cached_property
    def checks(self) -> RecordChecks:
        """The checks of records."""
        return RecordChecks(self.schema)

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The documents that the service returns, by their paths."""
        card = self.predictor.card
        has_intervals = self.predictor.residuals is not None
        coverage = self.coverage if has_intervals else None
        card_summary = card.summary() if card is not None else None
        document = describe_service(
            self.schema,
            version=self.sha256[:12],
            is_classifier=self.predictor.classes is not None,
            has_intervals=has_intervals,
            has_token=bool(self.token),
            max_rows=self.max_rows,
            has_reasons=not self.reasons.problem,
        )
        metadata = {
            "sha256": self.sha256,
            "barenet": __version__,
            "coverage": coverage,
            "card": card_summary,
            "schema": self.schema,
        }
        return {
            "/healthz": {"status": "ok"},
            "/": document,
            "/openapi.json": document,
            "/metadata": metadata,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        request = Request(scope, receive)
        request.state.rows = 0
        response = await self._answer(request)
        response.headers["x-content-type-options"] = "nosniff"
        await response(scope, receive, send)
        path = scope["raw_path"].decode("latin-1")[:MAX_PATH]
        rows = count_of(request.state.rows, "row")
        milliseconds = 1e3 * (perf_counter() - start)
        time = datetime.now(UTC).isoformat(" ", "seconds").replace("+00:00", "Z")
        answer = f"{request.method} {path} {response.status_code}"
        self.log(f"{time} {answer}, {rows}, {milliseconds:.1f} ms")

    async def _answer(self, request: Request) -> Response:
        """Return predictions, a document, or an error, which is a text or a list of problems."""
        try:
            self._check_access(request)
            path = request.scope["path"]
            if path == "/predict":
                _check_method(request, ["POST"])
                return JSONResponse(await self.predict(request))
            if path not in self.documents:
                raise HTTPException(404)
            _check_method(request, ["GET", "HEAD"])
            return JSONResponse(self.documents[path])
        except HTTPException as error:
            name = "problems"
            if isinstance(error.detail, str):
                name = "error"
            return JSONResponse({name: error.detail}, error.status_code, error.headers)
        except Exception as error:  # noqa: BLE001 - log the traceback, without the data
            places = "".join(traceback.format_tb(error.__traceback__))
            self.log(places + type(error).__name__)
            return JSONResponse({"error": "internal error"}, 500)

    def _check_access(self, request: Request) -> None:
        """Reject a request to another host, or without the token."""
        host = request.headers.get("host", "")
        name, _, _ = host.rpartition(":")  # without the port
        is_own_name = host in self.hosts or name in self.hosts
        if self.hosts and not is_own_name:
            raise HTTPException(403, "Host: this service answers requests to its own address only")
        if not self.token or request.scope["path"] == "/healthz":
            return
        # The name of the scheme is case-insensitive (RFC 9110, section 11.1).
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_right = secrets.compare_digest(token.strip(" ").encode(), self.token)
        if scheme.lower() != "bearer" or not is_right:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "Authorization: expected Bearer and the token", challenge)

    async def predict(self, request: Request) -> Any:
        """Predict a record or a list of records, unless too many requests are in progress."""
        try:
            request.state.reasons = self.reasons.read_count(request.query_params.getlist(PARAMETER))
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        if request.state.reasons:
            if self.reason_places.locked():
                late = f"{MAX_REASON_REQUESTS} requests of reasons are under way"
                raise HTTPException(503, late, {"Retry-After": "1"})
            async with self.reason_places:
                return await self._predict_by_size(request)
        return await self._predict_by_size(request)

    async def _predict_by_size(self, request: Request) -> Any:
        """Predict a request, unless it is large and too many large ones are in progress."""
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) <= MAX_SMALL:
            return await self._predict(request)
        if self.large_places.locked():
            late = f"{MAX_LARGE} large requests are under way"
            raise HTTPException(503, late, {"Retry-After": "1"})
        async with self.large_places:
            return await self._predict(request)

    async def _predict(self, request: Request) -> Any:
        """Receive a request, and predict its records."""
        body = await receive(request, self.max_body, "the body")
        try:
            async with asyncio.timeout(self.timeout):
                if len(body) <= MAX_SMALL:
                    content = self._read(body, request)
                    answers = await self._predict_together(_as_list(content))
                else:
                    loop = asyncio.get_running_loop()
                    content, answers = await loop.run_in_executor(
                        self.large_requests, self._read_and_predict, body, request
                    )
                if request.state.reasons and answers:
                    await self._add_reasons(answers, _as_list(content), request.state.reasons)
        except TimeoutError:
            late = f"the prediction takes longer than {self.timeout:g} s"
            raise HTTPException(503, late) from None
        except ArgumentError as error:
            problems: Any = [_problem_of(error)]
            raise HTTPException(422, problems) from None
        if isinstance(content, list):
            return answers
        return answers[0]

    def _read_and_predict(self, body: bytes, request: Request) -> tuple[Any, Records]:
        """Read a large body, unless it has more values than the largest request, and predict it."""
        n_fields = len(self.schema["properties"])
        most_records = self._most_records(request)
        most = most_records * (n_fields + 1) + 1
        if count_values(body, most) > most:
            raise HTTPException(413, f"more values than {most_records:,} records have")
        content = self._read(body, request)
        return content, self.predicted(_as_list(content))

    def _read(self, body: bytes, request: Request) -> Any:
        """Read a body, and check its records."""
        try:
            content = json.loads(
                body.decode(), parse_constant=_refuse_constant, object_pairs_hook=unique_fields
            )
            if rb"\u" in body:  # may be a lone surrogate, which this rejects
                json.dumps(content, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"the body cannot be read as JSON in UTF-8: {error}") from None
        records = _as_list(content)
        most_records = self._most_records(request)
        if len(records) > most_records:
            raise HTTPException(413, f"{len(records):,} records, more than {most_records:,}")
        problems = list(islice(self.checks.find_problems(records), MAX_PROBLEMS))
        if problems:
            raise HTTPException(422, cast(Any, problems))
        request.state.rows = len(records)
        return content

    def _most_records(self, request: Request) -> int:
        """Return the maximum number of records of a request."""
        if request.state.reasons:
            return min(self.max_rows, MAX_RECORDS)
        return self.max_rows

    async def _add_reasons(self, answers: Records, records: Records, count: int) -> None:
        """Add the reasons to the predictions of records."""
        is_cancelled = Event()
        loop = asyncio.get_running_loop()
        try:
            reasons_of_records = await loop.run_in_executor(
                self.reason_requests, self._find_reasons, records, count, is_cancelled
            )
        finally:
            is_cancelled.set()  # the request may have timed out
        for answer, reasons in zip(answers, reasons_of_records, strict=True):
            answer[PARAMETER] = reasons

    def _find_reasons(self, records: Records, count: int, is_cancelled: Event) -> list[Records]:
        """Find the reasons of the predictions of records, until it is cancelled."""
        return self.reasons.find(self._rows(records), count, is_cancelled)

    async def _predict_together(self, records: Records) -> Records:
        """Predict records together with waiting small requests, with bit-identical results."""
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
        """Predict the records of all waiting requests or, if that fails, of the first one alone."""
        batch: dict[asyncio.Future[Records], Records] = {}
        joined: Records = []
        for answer, records in self.waiting.items():
            if len(batch) == MAX_BATCH:
                break
            if not answer.done():
                batch[answer] = records
                joined += records
        try:
            answers = await asyncio.to_thread(self.predicted, joined)
        except ArgumentError:
            batch = {first: self.waiting[first]}
            answers = await asyncio.to_thread(self.predicted, batch[first])
        start = 0
        for answer, records in batch.items():
            stop = start + len(records)
            if not answer.done():  # the request has not timed out
                answer.set_result(answers[start:stop])
            start = stop

    def _rows(self, records: Records) -> Any:
        """Return the columns of the records, as a frame for a table."""
        rows: Any = {}
        for name in self.predictor.feature_names:
            rows[name] = [record[name] for record in records]
        if isinstance(self.predictor.preprocessing, TableEncoding):
            return self.predictor.preprocessing.frame_of(rows)
        return rows

    def predicted(self, records: Records) -> Records:
        """Return the prediction for each record, with the probabilities or the interval."""
        if not records:
            return []
        model = self.predictor
        rows = self._rows(records)
        outputs = model.outputs(rows)
        predictions = predictions_of(outputs, model.labels).tolist()
        answers: Records = [{"prediction": prediction} for prediction in predictions]
        if model.classes is not None:
            probabilities = class_probabilities(outputs).tolist()
            for answer, row in zip(answers, probabilities, strict=True):
                answer["probabilities"] = dict(zip(model.classes, row, strict=True))
        if model.residuals is not None:
            lows, highs = interval_of(model, rows, self.coverage)
            for answer, low, high in zip(answers, lows.tolist(), highs.tolist(), strict=True):
                answer["interval"] = [low, high]
        for name, are_unknown in unknown_categories(model.preprocessing, rows).items():
            for at in are_unknown.nonzero()[0]:
                answers[at].setdefault("unknown", []).append(name)
        return answers


def _check_method(request: Request, methods: list[str]) -> None:
    """Reject a request with another method than a path has."""
    if request.method not in methods:
        raise HTTPException(405, headers={"Allow": ", ".join(methods)})


def _problem_of(error: ArgumentError) -> dict[str, Any]:
    """Describe an error of the model like a problem that the checks find."""
    expected = error.expected or error.problem
    if isinstance(error, DataError):
        return problem(error.row, error.column, expected, error.value)
    return problem(None, None, expected, error.value)


def _as_list(content: Any) -> list[Any]:
    """Return the records of a request as a list; it may have a single record."""
    if isinstance(content, list):
        return content
    return [content]


def _refuse_constant(text: str) -> Any:
    """Reject NaN and infinities, which Python reads although JSON does not have them."""
    raise ValueError(f"{text} is not a JSON number; a missing value is null")
