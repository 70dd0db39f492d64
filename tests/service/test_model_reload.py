"""A request to load the model again, without a server."""

import asyncio
from types import SimpleNamespace

from barenet.service import _model_reload
from barenet.service._model_reload import ModelReload


def test_models_that_cannot_be_compared_are_refused(monkeypatch):
    def compare(*_):
        raise RuntimeError("columns without a type")

    monkeypatch.setattr(_model_reload, "compare_models", compare)
    counted = []
    logged = []
    service = SimpleNamespace(
        model=SimpleNamespace(sha256="1" * 64, predictor=None),
        metrics=SimpleNamespace(count_reload=counted.append),
        log=logged.append,
    )
    reload = ModelReload(service, lambda: SimpleNamespace(sha256="2" * 64, predictor=None))

    async def request():
        reload.request()
        await reload.task

    asyncio.run(request())
    assert counted == ["refused"]
    assert logged[0].endswith(
        "the model in use is kept, SHA-256 111111111111: columns without a type"
    )
