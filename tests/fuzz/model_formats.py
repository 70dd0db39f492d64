"""Model files: their bytes, and the JSON in them with a checksum that is right again."""

import contextlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from format import Format
from model_bytes import mended, repacked, unpacked
from mutations import NUMBERS, changed, mutated
from predictors import every_layer, predictor_of

from barenet import History, ModelCard, Network, Predictor, TableEncoding, load_predictor, save
from barenet.data._scaling import Scaling
from barenet.errors import ModelFileError
from barenet.files._model_file import read_model

ROWS = {
    "size": [1.5, 0.0, -2.0],
    "town": ["Rome", "", "Oslo"],
    "day": ["2026-01-02", "", "1999-12-31"],
    "open": ["yes", "no", "no"],
}


class Model(Format):
    """Model files, byte by byte; most with a checksum that is right."""

    name = "model"
    refusals = (ModelFileError,)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.put("rows.csv", b"size,town,day,open\n1.5,Rome,2026-01-02,yes\n,,,no\n")
        path, self.seeds = folder / "model.safetensors", []
        for model in (every_layer(), numbers(), table(), carded()):
            save(model, path)
            self.seeds.append(path.read_bytes())

    def write(self, rng: random.Random) -> Path:
        data, part = rng.choice(self.seeds), rng.randrange(4)
        end = 8 + int.from_bytes(data[:8], "little")
        if part == 0:  # The arrays alone,
            data = data[:end] + mutated(data[end:], rng, NUMBERS, self.seeds)
        elif part == 1:  # the header alone, whose length is told first,
            header = mutated(data[8:end], rng, JSON_WORDS, self.seeds)
            data = len(header).to_bytes(8, "little") + header + data[end:]
        else:  # or whatever it hits.
            data = mutated(data, rng, [*JSON_WORDS, *NUMBERS], self.seeds)
        return self.put("model.safetensors", mended(data) if part < 3 else data)

    def read(self, path: Path, rng: random.Random) -> None:
        network, extra, _ = read_model(path)
        if "scaling" not in extra:
            network.summary()
            return
        predictor = load_predictor(path)
        if predictor.card is not None:
            json.dumps(predictor.card.to_dict(), allow_nan=False)
        with contextlib.suppress(ValueError):  # Other columns, or numbers beyond all.
            predictor.predict(ROWS if predictor.takes_frames else np.ones((2, 3)))

    def command(self, path: Path, rng: random.Random) -> list[str]:
        if rng.random() < 0.5:
            return ["info", str(path), *(["--json"] if rng.random() < 0.5 else [])]
        return ["predict", str(path), str(self.folder / "rows.csv")]


class JSON(Model):
    """The JSON of model files: layers, names, cards, records of columns, places of arrays."""

    name = "json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.parts = [unpacked(seed) for seed in self.seeds]

    def write(self, rng: random.Random) -> Path:
        header, description, body = rng.choice(self.parts)
        part = rng.randrange(10)
        if part == 0:
            header = changed(header, rng)
        elif part == 1:
            text = json.dumps(description).encode()
            description = mutated(text, rng, JSON_WORDS, self.seeds).decode("latin-1")
        elif part < 5 and "table" in header:
            header, body = self._in_table(header, body, rng)
        else:
            description = changed(description, rng)
        return self.put("model.safetensors", repacked(header, description, body))

    def _in_table(
        self, header: dict[str, Any], body: bytes, rng: random.Random
    ) -> tuple[dict[str, Any], bytes]:
        """Change the records of a table's columns, which are JSON in an array of bytes."""
        header = json.loads(json.dumps(header))
        start, end = header["table"]["data_offsets"]
        text = json.dumps(changed(json.loads(body[start:end]), rng)).encode()
        if rng.random() < 0.2:
            text = mutated(body[start:end], rng, JSON_WORDS, self.seeds)
        longer, header["table"]["shape"] = len(text) - (end - start), [len(text)]
        for name in header.keys() - {"__metadata__"}:
            first, last = header[name]["data_offsets"]
            moved = [first + longer * (first >= end), last + longer * (last >= end)]
            header[name]["data_offsets"] = moved
        return header, body[:start] + text + body[end:]


JSON_WORDS = [
    *(b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b"[" * 1000, b",", b":"),
    *(b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"1" * 400, b"F32", b"F64", b"U8", b"I64"),
    *(b"shape", b"data_offsets", b"parameters", b"statistics", b"__metadata__", b"sha256"),
    *(b"\\\"layer\\\"", b"relu", b"batch_norm", b"dropout", b"layers", b"n_in", b"extra"),
    *(b"null", b"BOOL", b"dense", b"scaling"),
    *(b"card", b"settings", b"training", b"history", b"epoch", b"n_epochs", b"scores", b"rows"),
]  # fmt: skip


def numbers() -> Predictor:
    """A network that predicts a number, scaled."""
    network = Network.dense([3, 2, 1], seed=1, dtype="float64")
    scaling = Scaling("standardize", np.arange(3.0), np.ones(3))
    target = Scaling("standardize", np.ones(1), np.full(1, 0.5))
    return predictor_of(network, scaling, target_scaling=target, feature_names=("a", "b", "c"))


def carded() -> Predictor:
    """The same, with a card that tells of a run of the command line."""
    curves = {"loss": [0.9, 0.5, 0.6], "r2": [0.1, float("nan"), 0.3]}
    history = History(curves, "compiled", 1, "patience", best_epoch=2, penalized=True)
    settings = {"data": "rows.csv", "target": "open", "test_size": 0.2, "layers": (3, 2, 1)}
    card = ModelCard(
        settings=settings | {"optimizer": "adam", "shuffle": True, "epochs": 3},
        data_fingerprint="0123456789abcdef" * 4,
        rows={"training": 40, "held_out": 10},
        scores={"training": {"loss": 0.5, "r2": 0.1}, "held_out": {"loss": 0.75, "r2": -0.5}},
    )
    return replace(numbers(), card=card.with_history(history))


def table() -> Predictor:
    """A network that predicts classes from columns of every kind."""
    learned = {
        "size": [1.5, None, 2.0, 4.0],
        "town": ["Rome", "Oslo", "", "Rome"],
        "day": ["2026-01-02", "2026-05-06", "", "2025-12-31 12:00"],
        "open": ["yes", "no", "yes", "yes"],
        "same": [1, 1, 1, 1],
    }
    encoding = TableEncoding.fit(learned)
    network = Network.dense([encoding.n_outputs, 2], output="softmax", seed=2)
    return predictor_of(network, encoding, classes=("no", "yes"))
