"""Notes on given quantities: names beside numbers, few where there are many."""

import numpy as np
import pytest

from barenet import Network, explain
from barenet.insight.explain._document import Note


def page(**options):
    network = Network.dense([2, 1], output="sigmoid", init="zeros", dtype="float64")
    return explain(network, [[1.0, -2.5]], [1], **options)


NAMES = {"feature_names": ["<b>age", "e-5"], "class_names": ["gone", "stayed"]}


@pytest.mark.parametrize("notation", ["rows", "columns"])
def test_every_format_has_the_feature_names(notation):
    named = page(notation=notation, **NAMES)
    lines = [" ".join(line.split()) for line in str(named).splitlines()]
    above = lines.index("<b>age 1, e-5 -2.5")
    assert lines[above - 1].endswith(("[1 -2.5] (1, 2)", "⎣-2.5⎦"))
    assert lines[lines.index("stayed") - 1] == "Y = [1] (1, 1)"
    html = named.to_html()
    assert '<div class="note">&lt;b&gt;age 1, e-5 −2.5</div>' in html
    assert '<div class="note">stayed</div>' in html
    markdown = named.to_markdown()
    assert "\n\n\\<b\\>age 1, e-5 -2.5\n\n" in markdown and "\n\nstayed\n\n" in markdown
    assert 'class="note"' not in page(notation=notation).to_html()
    given = named.steps[0].given
    assert [str(each.note) for each in given] == ["<b>age 1, e-5 -2.5", "stayed"]


@pytest.mark.parametrize("width", [40, 80])
def test_names_and_numbers_share_a_line(width):
    names = [f"the length of part {n}" for n in range(10)]
    X = np.arange(10.0)[None] / 8
    text = explain(Network.dense([10, 1]), X, [1.0], feature_names=names).to_text(width)
    lines = text.splitlines()
    for number, name in zip(X[0], names, strict=True):
        assert any(f"{name} {number:g}" in line for line in lines)
    assert max(map(len, lines)) <= width


def test_only_the_largest_of_many_inputs_are_named():
    X = np.zeros((1, 17))
    X[0, [3, 16, 5]] = 0.5, -3.0, 1.0

    def given(**options):
        text = str(explain(Network.dense([17, 3, 1]), X, [1.0], **options))
        return text[text.index("    A₀") : text.index("2. Layer")]

    names = [f"x{n}" for n in range(17)]
    many = given(feature_names=names)
    assert "largest: x16 -3, x5 1, x3 0.5, x0 0, x1 0\n" in many and "at [" not in many
    whole = given(feature_names=names, limit=17)
    assert "x15 0, x16 -3\n" in whole and "largest: " not in whole
    assert "largest -3 at [0, 16]" in given()


WIDE = np.zeros((2, 17))
WIDE[1, 4], WIDE[0, 2] = -2, 1


@pytest.mark.parametrize(
    ("X", "names", "raw", "text"),
    [
        ([[1.0, 2.0], [3.0, -9.0]], "ab", ["1", "2"], "in order a, b"),
        (WIDE, [f"x{n}" for n in range(17)], [], "largest: x4, x2, x0, x1, x3"),
        # A value is shown where it differs from the number.
        ([[-1.4865, 2, 1]], ["t", "u", "v=w"], ["0", "2", ""], "t = 0 → -1.49, u = 2, v=w 1"),
    ],
)
def test_several_samples_have_names_only_and_one_its_values(X, names, raw, text):
    note = Note.of_inputs(np.array(X), names, 3, raw)
    assert (str(note), note.has_numbers) == (text, len(X) == 1)


@pytest.mark.parametrize(
    ("Y", "text"),
    [
        ([[0]], "kind: a"),
        ([[1]], "kind: b"),
        ([[0.25]], "kind: 0 is a, 1 is b"),
        ([[0], [1]], "kind: 0 is a, 1 is b"),
        ([[0, 1, 0]], "kind: b"),
        ([[0.25, 0.75, 0]], "kind: a 0.25, b 0.75, c 0"),
        ([[0, 0, 0]], "kind: a 0, b 0, c 0"),
        ([[1, 0, 0], [0, 0, 1]], "kind: in order a, b, c"),
    ],
)
def test_the_target_class_is_named(Y, text):
    assert str(Note.of_classes(np.array(Y, float), ["a", "b", "c"], 3, "kind")) == text
