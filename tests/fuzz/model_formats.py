"""Model files: their bytes, and the JSON in them with a checksum that is right again."""

import contextlib
import json
import random
import warnings
from pathlib import Path

import numpy as np
from format import Format
from model_bytes import mended, repacked, unpacked
from mutations import NUMBERS, changed, mutated
from predictors import every_layer
from safetensors.numpy import load as load_arrays, save as save_arrays
from test_golden import GOLDEN, birds

from barenet import Predictor, TableEncoding, load, save
from barenet.errors import ModelFileError

JSON_WORDS = [
    *(b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b"[" * 1000, b",", b":"),
    *(b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"1" * 400, b"F32", b"F64", b"U8", b"I64"),
    *(b"shape", b"data_offsets", b"parameters", b"statistics", b"__metadata__", b"sha256"),
    *(b"\\\"layer\\\"", b"relu", b"batch_norm", b"dropout", b"layers", b"n_in", b"extra"),
    *(b"null", b"BOOL", b"dense", b"scaling"),
    *(b"card", b"settings", b"training", b"history", b"epoch", b"n_epochs", b"scores", b"rows"),
]  # fmt: skip


class Model(Format):
    """Model files, byte by byte; most with a checksum that is right."""

    name, file = "model", "model.safetensors"
    refusals = (ModelFileError,)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.put("rows.csv", b"bill,island,tagged,day\n1.5,Dream,yes,2026-01-02\n,,no,\n")
        save(every_layer(), folder / self.file)
        files = [folder / self.file, *sorted(GOLDEN.glob("*.safetensors"))]
        self.seeds = [path.read_bytes() for path in files]

    def make(self, rng: random.Random) -> bytes:
        data, part = rng.choice(self.seeds), rng.randrange(4)
        end = 8 + int.from_bytes(data[:8], "little")
        if part == 0:  # the arrays alone,
            data = data[:end] + mutated(data[end:], rng, NUMBERS, self.seeds)
        elif part == 1:  # the header alone, after its length,
            header = mutated(data[8:end], rng, JSON_WORDS, self.seeds)
            data = len(header).to_bytes(8, "little") + header + data[end:]
        else:  # or any part
            data = mutated(data, rng, [*JSON_WORDS, *NUMBERS], self.seeds)
        return mended(data) if part < 3 else data

    def read(self, path: Path, rng: random.Random) -> None:
        model = load(path)
        if isinstance(model, Predictor):
            if model.card is not None:
                json.dumps(model.card.to_dict(), allow_nan=False)
            is_table = isinstance(model.preprocessing, TableEncoding)
            # The rows may be of other columns, or the numbers too large.
            with contextlib.suppress(ValueError), warnings.catch_warnings():
                # A damaged category is another one, so the model does not know that of a row.
                warnings.filterwarnings("ignore", "unknown categories")
                model.predict(birds() if is_table else np.ones((2, 4)))

    def command(self, path: Path, rng: random.Random) -> list[str]:
        if rng.random() < 0.5:
            return ["info", str(path), *(["--json"] if rng.random() < 0.5 else [])]
        return ["predict", str(path), str(self.folder / "rows.csv")]


class JSON(Model):
    """The JSON of model files: layers, names, cards, records of columns, places of arrays."""

    name = "json"

    def make(self, rng: random.Random) -> bytes:
        data, part = rng.choice(self.seeds), rng.randrange(10)
        header, description, body = unpacked(data)
        if part == 0:
            header = changed(header, rng)
        elif part == 1:
            text = json.dumps(description).encode()
            description = mutated(text, rng, JSON_WORDS, self.seeds).decode("latin-1")
        elif part < 5 and "table" in header:  # the columns of a table, in an array of bytes
            arrays = load_arrays(data)
            text = json.dumps(changed(json.loads(arrays["table"].tobytes()), rng)).encode()
            if rng.random() < 0.2:
                text = mutated(text, rng, JSON_WORDS, self.seeds)
            arrays["table"] = np.frombuffer(text, np.uint8)
            return mended(save_arrays(arrays, header["__metadata__"]))
        else:
            description = changed(description, rng)
        return repacked(header, description, body)
