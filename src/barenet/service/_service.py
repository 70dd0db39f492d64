"""The service of a model: its routes, its limits, and a log line for each request."""

import asyncio
import json
import secrets
import traceback
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from threading import Event
from time import perf_counter
from typing import Any, NamedTuple

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from barenet._constraints import unique_fields
from barenet._messages import count_of, some, suggestion
from barenet._version import __version__
from barenet.errors import ArgumentError, DataError
from barenet.files._predictor import describe_threshold
from barenet.service._http_server import names_host, receive
from barenet.service._json_size import count_values
from barenet.service._openapi import describe_service
from barenet.service._record_checks import problem
from barenet.service._record_reasons import MAX_RECORDS, PARAMETER
from barenet.service._served_model import Records, ServedModel
from barenet.service._service_metrics import ServiceMetrics

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
#: The paths of predictions and of metrics.
PREDICT = "/predict"
METRICS = "/metrics"


class Waiting(NamedTuple):
    """The records of a small request, and the model that predicts them."""

    model: ServedModel
    records: Records


class Refusal(HTTPException):
    """A refused request, with the reason that the metrics count."""

    def __init__(
        self, status: int, reason: str, detail: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.reason = reason


#: The reasons of errors while a request is received, by their status.
REASONS_OF_RECEIVING = {408: "slow_body", 413: "too_large"}


@dataclass(eq=False, kw_only=True)
class Service:
    """The ASGI app that serves a model."""

    model: ServedModel
    #: Writes a log line.
    log: Callable[[str], None]
    #: Limits of a request: bytes of its body, number of records, and seconds until its answer.
    max_body: int
    max_rows: int
    timeout: float
    #: The token that requests need; empty if they need none.
    token: bytes
    #: The hosts that a request may name; empty for any host. The check prevents DNS rebinding,
    #: through which a web page could read the answers.
    hosts: Collection[str]
    #: The small requests that are waiting for answers, and the lock for predicting them.
    waiting: dict[asyncio.Future[Records], Waiting] = field(default_factory=dict)
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
    metrics: ServiceMetrics = field(default_factory=ServiceMetrics)

    def __post_init__(self) -> None:
        self.use(self.model)

    def use(self, model: ServedModel) -> None:
        """Answer the requests from now on with a model; those under way keep theirs."""
        self.model = model
        #: The documents that the service returns, by their paths.
        self.documents = self._documents_of(model)
        self.metrics.use(model)

    def _documents_of(self, model: ServedModel) -> dict[str, dict[str, Any]]:
        """Describe the service and its model."""
        card = model.predictor.card
        has_intervals = model.predictor.residuals is not None
        coverage = model.coverage if has_intervals else None
        card_summary = card.summary() if card is not None else None
        document = describe_service(
            model.schema,
            version=model.sha256[:12],
            is_classifier=model.predictor.classes is not None,
            threshold=describe_threshold(model.predictor),
            has_intervals=has_intervals,
            has_token=bool(self.token),
            max_rows=self.max_rows,
            has_reasons=not model.reasons.problem,
        )
        metadata = {
            "sha256": model.sha256,
            "barenet": __version__,
            "coverage": coverage,
            "threshold": model.predictor.threshold,
            "card": card_summary,
            "schema": model.schema,
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
        request.state.refused = ""
        response = await self._answer(request)
        response.headers["x-content-type-options"] = "nosniff"
        await response(scope, receive, send)
        path = scope["raw_path"].decode("latin-1")[:MAX_PATH]
        rows = count_of(request.state.rows, "row")
        seconds = perf_counter() - start
        time = datetime.now(UTC).isoformat(" ", "seconds").replace("+00:00", "Z")
        answer = f"{request.method} {path} {response.status_code}"
        self.log(f"{time} {answer}, {rows}, {1e3 * seconds:.1f} ms")
        counted_path = scope["path"]
        if counted_path not in self.documents and counted_path not in (PREDICT, METRICS):
            counted_path = "other"
        reason = request.state.refused
        self.metrics.count_request(counted_path, response.status_code, reason, seconds)

    async def _answer(self, request: Request) -> Response:
        """Return predictions, a document, or an error, which is a text or a list of problems."""
        try:
            self._check_access(request)
            path = request.scope["path"]
            if path == PREDICT:
                _check_method(request, ["POST"])
                return JSONResponse(await self.predict(request))
            if path != METRICS and path not in self.documents:
                raise Refusal(404, "path")
            _check_method(request, ["GET", "HEAD"])
            if path == METRICS:
                headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
                return Response(self.metrics.render(), headers=headers)
            return JSONResponse(self.documents[path])
        except HTTPException as error:
            name = "error" if isinstance(error.detail, str) else "problems"
            if isinstance(error, Refusal):
                request.state.refused = error.reason
            else:
                request.state.refused = REASONS_OF_RECEIVING[error.status_code]
            return JSONResponse({name: error.detail}, error.status_code, error.headers)
        except Exception as error:  # noqa: BLE001 - log the traceback, without the data
            places = "".join(traceback.format_tb(error.__traceback__))
            self.log(places + type(error).__name__)
            request.state.refused = "internal_error"
            return JSONResponse({"error": "internal error"}, 500)

    def _check_access(self, request: Request) -> None:
        """Reject a request to another host, or without the token."""
        # Browsers, which the check is for, send the name; HTTP/1.0 may leave it out.
        host = request.headers.get("host")
        if self.hosts and host is not None and not names_host(host, self.hosts):
            detail = "Host: this service answers requests to its own address only"
            raise Refusal(403, "host", detail)
        if not self.token or request.scope["path"] == "/healthz":
            return
        # The name of the scheme is case-insensitive (RFC 9110, section 11.1).
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_right = secrets.compare_digest(token.strip(" ").encode(), self.token)
        if scheme.lower() != "bearer" or not is_right:
            challenge = {"WWW-Authenticate": "Bearer"}
            detail = "Authorization: expected Bearer and the token"
            raise Refusal(401, "token", detail, challenge)

    async def predict(self, request: Request) -> Any:
        """Predict a record or a list of records, unless too many requests are in progress."""
        model = self.model
        _check_parameters(request)
        try:
            texts = request.query_params.getlist(PARAMETER)
            request.state.reasons = model.reasons.read_count(texts)
        except ValueError as error:
            raise Refusal(400, "query", str(error)) from None
        if request.state.reasons:
            if self.reason_places.locked():
                late = f"{MAX_REASON_REQUESTS} requests of reasons are under way"
                raise Refusal(503, "overload", late, {"Retry-After": "1"})
            async with self.reason_places:
                return await self._predict_by_size(request, model)
        return await self._predict_by_size(request, model)

    async def _predict_by_size(self, request: Request, model: ServedModel) -> Any:
        """Predict a request, unless it is large and too many large ones are in progress."""
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) <= MAX_SMALL:
            return await self._predict(request, model)
        if self.large_places.locked():
            late = f"{MAX_LARGE} large requests are under way"
            raise Refusal(503, "overload", late, {"Retry-After": "1"})
        async with self.large_places:
            return await self._predict(request, model)

    async def _predict(self, request: Request, model: ServedModel) -> Any:
        """Receive a request, and predict its records."""
        body = await receive(request, self.max_body, "the body")
        try:
            async with asyncio.timeout(self.timeout):
                if len(body) <= MAX_SMALL:
                    content = self._read(body, request, model)
                    answers = await self._predict_together(_as_list(content), model)
                else:
                    loop = asyncio.get_running_loop()
                    content, answers = await loop.run_in_executor(
                        self.large_requests, self._read_and_predict, body, request, model
                    )
                if request.state.reasons and answers:
                    await self._add_reasons(
                        answers, _as_list(content), request.state.reasons, model
                    )
        except TimeoutError:
            late = f"the prediction takes longer than {self.timeout:g} s"
            raise Refusal(503, "timeout", late) from None
        except ArgumentError as error:
            raise Refusal(422, "wrong_value", [_problem_of(error)]) from None
        return answers if isinstance(content, list) else answers[0]

    def _read_and_predict(
        self, body: bytes, request: Request, model: ServedModel
    ) -> tuple[Any, Records]:
        """Read a large body, unless it has more values than the largest request, and predict it."""
        n_fields = len(model.schema["properties"])
        most_records = self._most_records(request)
        most = most_records * (n_fields + 1) + 1
        if count_values(body, most) > most:
            detail = f"more values than {most_records:,} records have, the most of a request"
            if request.state.reasons:
                detail += " for reasons"
            raise Refusal(413, "too_many_records", detail)
        content = self._read(body, request, model)
        return content, self._predict_and_count(model, _as_list(content))

    def _read(self, body: bytes, request: Request, model: ServedModel) -> Any:
        """Read a body, and check its records."""
        try:
            content = json.loads(
                body.decode(), parse_constant=_refuse_constant, object_pairs_hook=unique_fields
            )
            if rb"\u" in body:  # may be a lone surrogate, which this rejects
                json.dumps(content, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            detail = f"the body cannot be read as JSON in UTF-8: {error}"
            raise Refusal(400, "invalid_json", detail) from None
        records = _as_list(content)
        most_records = self._most_records(request)
        if len(records) > most_records:
            detail = f"{len(records):,} records, more than {most_records:,}"
            raise Refusal(413, "too_many_records", detail)
        problems = list(islice(model.checks.find_problems(records), MAX_PROBLEMS))
        if problems:
            raise Refusal(422, model.checks.reason_of(problems[0]), problems)
        request.state.rows = len(records)
        return content

    def _most_records(self, request: Request) -> int:
        """Return the maximum number of records of a request."""
        return min(self.max_rows, MAX_RECORDS) if request.state.reasons else self.max_rows

    async def _add_reasons(
        self, answers: Records, records: Records, count: int, model: ServedModel
    ) -> None:
        """Add the reasons to the predictions of records."""
        is_cancelled = Event()
        loop = asyncio.get_running_loop()
        try:
            reasons_of_records = await loop.run_in_executor(
                self.reason_requests, model.find_reasons, records, count, is_cancelled
            )
        finally:
            is_cancelled.set()  # the request may have timed out
        for answer, explained in zip(answers, reasons_of_records, strict=True):
            answer.update(explained)

    async def _predict_together(self, records: Records, model: ServedModel) -> Records:
        """Predict records together with waiting small requests, with bit-identical results."""
        answer = asyncio.get_running_loop().create_future()
        self.waiting[answer] = Waiting(model, records)
        try:
            async with self.turn:
                if not answer.done():
                    await self._predict_waiting(answer)
            return answer.result()
        finally:
            del self.waiting[answer]

    async def _predict_waiting(self, first: asyncio.Future[Records]) -> None:
        """Predict the records of all waiting requests or, if that fails, of the first one alone."""
        model = self.waiting[first].model
        batch: dict[asyncio.Future[Records], Records] = {}
        joined: Records = []
        for answer, waiting in self.waiting.items():
            if len(batch) == MAX_BATCH:
                break
            if waiting.model is model and not answer.done():
                batch[answer] = waiting.records
                joined += waiting.records
        try:
            answers = await asyncio.to_thread(self._predict_and_count, model, joined)
        except ArgumentError:
            batch = {first: self.waiting[first].records}
            answers = await asyncio.to_thread(self._predict_and_count, model, batch[first])
        start = 0
        for answer, records in batch.items():
            stop = start + len(records)
            if not answer.done():  # the request has not timed out
                answer.set_result(answers[start:stop])
            start = stop

    def _predict_and_count(self, model: ServedModel, records: Records) -> Records:
        """Predict records, and count them and their unusual values."""
        predicted = model.predict(records)
        self.metrics.count_rows(predicted)
        return predicted.answers


def _check_method(request: Request, methods: list[str]) -> None:
    """Reject a request with another method than a path has."""
    if request.method not in methods:
        raise Refusal(405, "method", headers={"Allow": ", ".join(methods)})


def _check_parameters(request: Request) -> None:
    """Reject a request whose address has another parameter than the number of reasons."""
    for name in request.query_params:
        if name != PARAMETER:
            hint = suggestion(name, [PARAMETER])
            detail = f"{some([name])}: unknown parameter{hint}; {PREDICT} has {PARAMETER} only"
            raise Refusal(400, "query", detail)


def _problem_of(error: ArgumentError) -> dict[str, Any]:
    """Describe an error of the model like a problem that the checks find."""
    expected = error.expected or error.problem
    if isinstance(error, DataError):
        return problem(error.row, error.column, expected, error.value)
    return problem(None, None, expected, error.value)


def _as_list(content: Any) -> list[Any]:
    """Return the records of a request as a list; it may have a single record."""
    return content if isinstance(content, list) else [content]


def _refuse_constant(text: str) -> Any:
    """Reject NaN and infinities, which Python reads although JSON does not have them."""
    raise ValueError(f"{text} is not a JSON number; a missing value is null")
