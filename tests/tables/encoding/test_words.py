"""Texts that are encoded by their words: the words, when texts have any, and which ones."""

import hashlib
import json
import random
import shutil
import string
import subprocess
import sys
import unicodedata
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from barenet import Task, drift, load, save
from barenet.files.exports import _json_file
from barenet.inputs._telling_words import TextSample, with_telling_words, with_words_of_networks
from barenet.playground.data._data_sources import prepare_table
from barenet.playground.data._table_file import open_table
from barenet.playground.state._page_state import DataSettings
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.streams._stream import stream
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._table_rows import table_rows
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._words import words_of

#: Texts, and their words by hand.
TEXTS = {
    "": [],
    " ": [],
    "...!": [],
    "Golf 2.0 TDI": ["golf", "2.0", "tdi"],
    "1,000.50 or 3. or .5 or v1.2-3": ["1,000.50", "or", "3", "or", "5", "or", "v1.2", "3"],
    "a.b 1.b a,1": ["a", "b", "1", "b", "a", "1"],
    "E-mail, F-150; it's snake_case": ["e", "mail", "f", "150", "it", "s", "snake", "case"],
    "Caf\u00e9 CAFE\u0301": ["caf\u00e9", "caf\u00e9"],
    "H\u0331a \u1e96a": ["\u1e96a", "\u1e96a"],  # composed only in lower case
    "STRASSE Straße ẞ": ["strasse", "straße", "ß"],
    "\u0130stanbul ISTANBUL": ["i\u0307stanbul", "istanbul"],
    "ΟΔΟΣ ὈΔΌΣ.": ["οδος", "ὀδός"],
    "हिन्दी में": ["हिन्दी", "में"],
    "\u2764\ufe0f love 👩\u200d🚀 5\ufe0f\u20e3": ["love", "5\ufe0f\u20e3"],
    "Ünïcode_ÄÖ² Ⅷ 東京タワー": ["ünïcode", "äö²", "ⅷ", "東京タワー"],
    "a\u00a0b\tc\nd": ["a", "b", "c", "d"],
    "long " * 30_000: ["long"] * 30_000,
}


def test_a_text_is_split_into_words():
    for text, words in TEXTS.items():
        assert words_of(text) == [unicodedata.normalize("NFC", word) for word in words]


#: The rule in JavaScript, as the JSON export documents it.
JAVASCRIPT = r"""
const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:(?<=[0-9])[.,](?=[0-9])[\p{L}\p{N}\p{M}]+)*/gu;
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const words = texts.map((text) => text.toLowerCase().normalize("NFC").match(word) ?? []);
console.log(JSON.stringify(words));
"""


def test_javascript_splits_texts_into_the_same_words():
    node = shutil.which("node") or shutil.which("node", path=Path(sys.executable).parent)
    if node is None:
        pytest.skip("there is no Node.js here")
    pattern = JAVASCRIPT.splitlines()[1].split("/")[1]
    assert pattern in (_json_file.__doc__ or "")
    texts = [*TEXTS]
    rng = random.Random(0)
    characters = [*"ab1.,- _\u0301\u0307ΣİßÉ\ufe0f\u0939\u093f", "👩", "\u00a0"]
    texts.extend("".join(rng.choices(characters, k=rng.randint(1, 12))) for _ in range(300))
    command = [node, "-e", JAVASCRIPT]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, encoding="utf-8")
    assert json.loads(done.stdout) == [words_of(text) for text in texts]


NAMES = ["john", "mary", "peter", "anna", "paul", "lisa", "tom", "eve", "max", "ida", "otto"]
FAMILIES = ["smith", "jones", "miller", "brown", "davis", "wilson", "moore", "taylor", "white"]
BANKS = ["NWBK", "BARC", "MIDL", "LOYD", "HBUK", "ABBY"]
HOSTS = ["gmail.com", "web.de", "yahoo.com", "aol.com", "gmx.net", "post.org"]
COLORS = ["RED", "BLUE", "GREEN", "BLACK", "WHITE", "PINK"]


def letters(rng, n):
    return "".join(rng.choices(string.ascii_uppercase, k=n))


def digits(rng, n):
    return "".join(rng.choices(string.digits, k=n))


#: Identifiers, given a random generator and the number of a row.
IDENTIFIERS = {
    "uuid": lambda rng, row: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "user and uuid": lambda rng, row: f"user {uuid.UUID(int=rng.getrandbits(128), version=4)}",
    "hash": lambda rng, row: hashlib.md5(rng.randbytes(9)).hexdigest(),
    "phone": lambda rng, row: f"+49 {digits(rng, 3)} {digits(rng, 7)}",
    "e-mail": lambda rng, row: f"{rng.choice(NAMES)}.{rng.choice(FAMILIES)}{row}@aol.com",
    "page": lambda rng, row: f"https://{rng.choice(HOSTS)}/{rng.choice(NAMES)}/{row}",
    "order": lambda rng, row: f"Order {10_000 + row}",
    "article": lambda rng, row: f"SKU-{rng.choice(COLORS)}-{row:05}",
    "plate": lambda rng, row: f"{letters(rng, 2)}{digits(rng, 2)} {letters(rng, 3)}{row % 10}",
    "account": lambda rng, row: f"GB{digits(rng, 2)} {rng.choice(BANKS)} {digits(rng, 4)} {row:04}",
    "key": lambda rng, row: " ".join(letters(rng, 4) for _ in range(4)),
    "flight": lambda rng, row: f"{rng.choice(['LH', 'BA', 'AF'])} {row}",
    "camel case": lambda rng, row: f"{rng.choice(NAMES)}{rng.choice(FAMILIES).title()}{row}",
}  # fmt: skip


@pytest.mark.parametrize("n_rows", [60, pytest.param(6_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_identifiers_are_still_left_out(kind, n_rows):
    rng = random.Random(n_rows)
    texts = [IDENTIFIERS[kind](rng, row) for row in range(n_rows)]
    encoding = TableEncoding.fit({"id": texts, "x": np.sin(np.arange(n_rows))})
    assert encoding.columns[0].formula.startswith("looks like an identifier: ")


#: Texts of many kinds that share words.
SHARED = {
    "car": lambda rng, row: (
        f"{rng.choice(['Golf', 'Polo', 'Passat'])} {rng.choice(['1.6', '2.0'])} "
        f"{rng.choice(['TDI', 'TSI', 'GTI'])} {row}PS"
    ),
    "person": lambda rng, row: f"{rng.choice(NAMES)} {rng.choice(FAMILIES)} {row}",
    "tags": lambda rng, row: f"{rng.choice(NAMES)}|{rng.choice(FAMILIES)}|{row}",
    "address": lambda rng, row: f"{row} {rng.choice(FAMILIES)} {rng.choice(['Road', 'Lane'])}",
}


@pytest.mark.parametrize("kind", SHARED)
def test_texts_with_shared_words_are_encoded_by_these(kind):
    rng = random.Random(0)
    texts = [SHARED[kind](rng, row) for row in range(400)]
    [column, _] = TableEncoding.fit({"text": texts, "x": np.sin(np.arange(400))}).columns
    assert isinstance(column, WordsColumn)
    counts = Counter()
    for text in texts:
        counts.update(set(words_of(text)))
    assert {*column.words} == {word for word, count in counts.items() if 5 <= count <= 395}
    by_rows = [counts[word] for word in column.words]
    assert by_rows == sorted(by_rows, reverse=True)


#: Titles of which each differs from the others; the last word tells them apart.
KINDS = ["Red car", "old red bike", "new green car", "new yellow car", "old blue bike"]


def titles(n_rows=200):
    return [f"{KINDS[row % 5]}, no {row:04}" for row in range(n_rows)]


def test_a_word_needs_five_rows_with_it_and_five_without():
    texts = titles(100)
    for row in range(5):
        texts[row] += " rare"
    for row in range(10, 14):
        texts[row] += " rarer"
    for row in range(4, 100):
        texts[row] += " common"
    for row in range(5, 100):
        texts[row] += " usual"
    [column] = TableEncoding.fit({"t": texts}).columns
    assert "rare" in column.words and "usual" in column.words
    assert not {"rarer", "common", "no", "0007"} & {*column.words}


def test_a_column_has_at_most_three_hundred_words():
    rng = random.Random(0)
    words = [letters(rng, 5) for _ in range(400)]
    texts = []
    for row in range(2_400):
        few = [rng.choice(words[:20]), words[row % 400], words[(row + 1) % 400]]
        texts.append(" ".join([*few, str(row)]))
    [column] = TableEncoding.fit({"t": texts}).columns
    assert len(column.words) == 300 and {*column.words} > {word.lower() for word in words[:20]}


def test_missing_texts_have_an_input_if_the_training_had_some():
    encoding = TableEncoding.fit({"t": [*titles(), None, "NA"]})
    assert encoding.input_names[-1] == "t missing" and encoding.columns[0].missing
    encoded = encoding.transform({"t": ["a BIKE", None, " na ", "NA", ""]})
    names = np.array(encoding.input_names)
    ones = [names[row == 1].tolist() for row in encoded]
    assert ones == [["t: bike"], ["t missing"], [], ["t missing"], ["t missing"]]
    assert encoding.replaced({"t": ["a bike", None, "NA", "plane"]}) == {"t": 2}
    complete = TableEncoding.fit({"t": titles()})
    assert not complete.transform({"t": [None, ""]}).any()


def test_arguments_keep_their_meaning():
    texts = titles()
    table = {"t": texts, "x": np.sin(np.arange(200))}
    assert TableEncoding.fit(table).columns[0].kind == "words"
    assert TableEncoding.fit(table, drop=["t"]).columns[0].formula == "dropped by request"
    assert TableEncoding.fit(table, categories=["t"]).columns[0].formula == (
        "each of its 200 values is rare"
    )
    kept = TableEncoding.fit(table, categories=["t"], rare=0).columns[0]
    assert kept.categories == tuple(sorted(texts))
    assert TableEncoding.fit(table, keep_column=["t"], rare=0).columns[0] == kept
    assert TableEncoding.fit(table, keep_column=["t"]).columns[0].kind == "words"
    renamed = TableEncoding.fit(table).renamed(["title", "y"])
    assert renamed.input_names[0] == "title: car" and "words" in renamed.describe()
    assert TableEncoding.from_dict(json.loads(json.dumps(renamed.to_dict()))).columns == (
        renamed.columns
    )


def test_repeated_texts_stay_categories():
    texts = [f"{KINDS[row % 5]} {row % 40}" for row in range(200)]
    assert TableEncoding.fit({"t": texts}).columns[0].kind == "category"


def test_entries_are_those_of_the_matrix():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=202), "t": [*titles(), None, "x"], "y": rng.normal(size=202)}
    encoding = TableEncoding.fit(table, numbers="piecewise", bins=4)
    rows = {name: [*values, values[-1]] for name, values in table.items()}
    rows["t"][-1] = " ".join(encoding.columns[1].words) * 50
    rows["t"][3] = ""
    found = table_rows(encoding, rows, np.float64)
    np.testing.assert_allclose(np.asarray(found), encoding.transform(rows), rtol=0, atol=1e-12)
    first = table_rows(encoding, {**rows, "t": ["none"] * 203}, np.float64)
    assert not np.asarray(first)[:, 6:-6].any()


def test_the_words_that_predict_the_target_come_first_and_others_are_left_out():
    rng = np.random.default_rng(0)
    vocabulary = [letters(random.Random(seed), 6).lower() for seed in range(120)]
    chosen = [rng.choice(vocabulary, 5, replace=False) for _ in range(800)]
    texts = [f"{' '.join(words)} {row}" for row, words in enumerate(chosen)]
    first, second = vocabulary[7:9]
    effect = np.array([3.0 * (first in words) - (second in words) for words in chosen])
    x = rng.normal(size=800)
    table = {"t": texts, "x": x}
    y = effect + x + 0.1 * rng.normal(size=800)
    encoding = TableEncoding.fit(table)
    column, _ = with_telling_words(encoding, table, y[:, np.newaxis], np.ones(800)).columns
    assert column.words[:2] == (first, second) and len(column.words) == 10
    classes = (effect > 0).astype(int)
    column, _ = with_telling_words(encoding, table, classes, np.ones(800)).columns
    assert column.words[0] == first
    noise = rng.normal(size=(800, 1))
    column, _ = with_telling_words(encoding, table, noise, np.ones(800)).columns
    assert column.formula == "the words of its texts do not predict the target"
    alone = TableEncoding.fit({"t": texts})
    assert with_telling_words(alone, {"t": texts}, noise, np.ones(800)) is alone


def test_rows_without_weight_do_not_choose_words():
    table = {"t": titles(), "x": np.sin(np.arange(200.0))}
    y = np.array([["car" in text] for text in table["t"]], float)
    weight = np.repeat([1.0, 0.0], 100)
    encoding = TableEncoding.fit(table)
    expected = with_telling_words(encoding, table, y, weight)
    y[100:] = np.random.default_rng(0).normal(size=(100, 1))
    assert with_telling_words(encoding, table, y, weight).columns == expected.columns


def test_an_ensemble_learns_from_words():
    rng = np.random.default_rng(0)
    texts = titles(300)
    rng.shuffle(texts)
    table = {"t": texts, "x": rng.normal(size=300)}
    y = np.array([10.0 * ("green" in text) for text in texts]) + table["x"]
    prepared = prepare_ensemble_training(table, y)
    assert prepared.encoding.columns[0].words[0] == "green"


@pytest.fixture
def file(tmp_path):
    """A table of titles, some of them missing, and prices that depend on a word."""
    rng = np.random.default_rng(0)
    lines = ["title,x,price"]
    for row, title in enumerate(titles(300)):
        x = rng.normal()
        price = 5 * ("bike" in title) + x
        text = "" if row % 50 == 0 else f'"{title}"'
        lines.append(f"{text},{x:.4f},{price:.4f}")
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_task_reads_describes_and_compares_texts(file, tmp_path):
    predictor = Task.open(file, "price").train(model="network", epochs=2)
    column = predictor.preprocessing.columns[0]
    assert isinstance(column, WordsColumn) and column.missing
    assert {column.words[0], column.words[1]} == {"bike", "old"}
    save(predictor, tmp_path / "model.safetensors")
    rows = {"title": ["old BIKE", None, "a plane"], "x": [0.5, 0.1, 0.2]}
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.preprocessing.columns == predictor.preprocessing.columns
    assert loaded.predict(rows).tolist() == predictor.predict(rows).tolist()
    shifts = drift(predictor, file).columns
    [title] = [shift for shift in shifts if shift["name"] == "title"]
    assert title["reading"] == "stable" and title["unknown"] < 0.5 and title["range"] is None
    shifts = drift(predictor, {"title": ["a plane"] * 300, "x": np.zeros(300)}).columns
    [title] = [shift for shift in shifts if shift["name"] == "title"]
    assert title["reading"] == "shifted" and title["unknown"] == 1


def test_a_stream_has_the_same_words(file):
    rows = stream(file, "price")
    column, _ = TableEncoding.fit({"title": [*titles(300)], "x": np.arange(300.0) % 7}).columns
    assert rows.encoding.columns[0].kind == "words"
    assert {*rows.encoding.columns[0].words} == {*column.words}


def test_the_playground_shows_columns_of_texts(file):
    settings = DataSettings(target="price", features=("all",))
    prepared = prepare_table(settings, open_table("prices.csv", file))
    assert prepared.input_names[:1] == ("title: car",)
    [fixed] = prepared.fixed_columns
    assert fixed.typical == " no word" and "bike" in fixed.choices
    place = prepared.input_names.index("title: bike")
    assert not fixed.encode(" no word").any() and fixed.encode("bike")[place] == 1


def titled(rng, n_rows):
    """Titles of two of 60 words each, and a number of their own."""
    words = np.array([f"word{chr(97 + code % 26)}{chr(97 + code // 26)}" for code in range(60)])
    first, second = rng.integers(0, 60, (2, n_rows))
    return [
        f"{words[a]} {words[b]} {row}" for row, (a, b) in enumerate(zip(first, second, strict=True))
    ]


def test_each_network_has_the_words_of_its_own_rows():
    """The targets of rows that it leaves out have no part in the choice."""
    rng = np.random.default_rng(5)
    texts = titled(rng, 400)
    table = {"title": texts, "x": rng.normal(size=400)}
    encoding = TableEncoding.fit(table)
    y = np.array([2.0 * ("wordaa" in text) - 2.0 * ("wordba" in text) for text in texts])
    y = (y + 0.3 * rng.normal(size=400))[:, np.newaxis]
    left_out = [np.arange(100), np.arange(100, 200)]
    found, factors = with_words_of_networks(encoding, table, y, np.ones(400), left_out)
    words = found.columns[0].words
    assert {"wordaa", "wordba"} <= {*words} and set(np.unique(factors)) <= {0, 1}
    for network, rows in enumerate(left_out):
        weight = np.ones(400)
        weight[rows] = 0
        sample = TextSample.of(encoding, table, y, np.ones(400))
        n_words = sample.numbers_of_words()["title"]
        expected = sample.first_words("title", n_words, weight)
        kept = [
            word
            for word, factor in zip(words, factors[network, : len(words)], strict=True)
            if factor
        ]
        assert {*kept} == {*expected}


def test_a_column_of_texts_to_keep_keeps_words_that_predict_nothing():
    rng = np.random.default_rng(6)
    table = {"title": titled(rng, 400), "x": rng.normal(size=400)}
    encoding = TableEncoding.fit(table, keep_column=["title"])
    noise = rng.normal(size=(400, 1))
    kept = with_telling_words(encoding, table, noise, np.ones(400), ["title"])
    assert kept.columns == encoding.columns
    assert with_telling_words(encoding, table, noise, np.ones(400)).columns[0].kind == "dropped"
