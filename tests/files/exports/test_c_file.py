"""The C export: it compiles with every warning an error, and no name in it becomes code."""

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace

import numpy as np
import pytest
from predictors import predictor_of
from run_exports import COMPILERS, compile_c, outputs_of, raw_numbers, run_c

from barenet import Network, Scaling, TableEncoding, export
from barenet.activations import Activation
from barenet.files.exports._c_file import render
from barenet.files.exports._inference_program import program_of
from barenet.layers import BatchNorm, Dense, LayerNorm
from barenet.typing import Ensemble

SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@functools.cache
def has_sanitizers(compiler):
    """Whether a compiler finds the libraries of its sanitizers, which are packages of their own."""
    command, source = [compiler, *SANITIZED, "-xc", "-", "-o", os.devnull], "int main(void) { }"
    return subprocess.run(command, input=source, text=True).returncode == 0


def predicted(program, rows, n_outputs):
    """What a program prints for rows, in words and in numbers."""
    text = "\n".join(",".join(map(repr, row)) for row in rows.tolist())
    done = subprocess.run([program], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    numbers = [[float(number) for number in line[-n_outputs:]] for line in lines]
    return [" ".join(line[:-n_outputs]) for line in lines], np.array(numbers)


@pytest.mark.integration
@pytest.mark.parametrize("compiler", COMPILERS[:2])
@pytest.mark.parametrize(
    "name", ["norm first", "wide", "two classes", "classifier", "scaled numbers"]
)
def test_exported_c_passes_sanitizers(build, tmp_path, name, compiler):
    """The program for trying it runs every line of the file on every row."""
    case = build(name)
    if not has_sanitizers(compiler):
        pytest.skip(f"{compiler} has no sanitizers here; Debian's clang needs libclang-rt-dev")
    export(case.model, tmp_path / "it.c")
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN", *SANITIZED, compiler=compiler)
    labels, printed = predicted(program, case.X, case.outputs.shape[1])
    np.testing.assert_allclose(printed, case.outputs, rtol=1e-5, atol=1e-5)
    if case.labels is not None:
        assert labels == case.labels.tolist()


def test_the_program_refuses_invalid_rows(build, tmp_path):
    export(build("classes").model, tmp_path / "it.c")
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN")
    for rows, expected in {
        "1 2": "rows of 3 numbers",
        "1 2 x": "rows of 3 numbers",
        "1 2 nan": "finite numbers",
        "1 2 1e99": "finite numbers",
    }.items():
        done = subprocess.run([program], input=rows, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"expected {expected}\n")


@pytest.mark.case(207)
@pytest.mark.parametrize("name", ["classes", "two classes"])
def test_rows_whose_probabilities_are_nan_have_no_class(build, tmp_path, name):
    case = build(name)
    export(case.model, tmp_path / "it.c")
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN")
    rows = np.vstack([case.X[:1], np.full((1, case.X.shape[1]), 3.4e38)])
    labels, probabilities = predicted(program, rows, case.outputs.shape[1])
    assert np.isnan(probabilities[1]).all()
    assert labels == [case.labels[0], "nan"]


@pytest.mark.skipif(not COMPILERS or os.name == "nt", reason="there is no C compiler or no sh here")
def test_the_command_in_the_comment_compiles_and_runs(build, tmp_path):
    case = build("classes")
    export(case.model, tmp_path / "my_net.c")
    command = re.search(r"^ \*   cc (.+)$", (tmp_path / "my_net.c").read_text(), re.MULTILINE)[1]
    rows = "\n".join(" ".join(map(repr, row)) for row in case.X.tolist())
    done = subprocess.run(
        f"{COMPILERS[0]} {command}",
        shell=True,
        cwd=tmp_path,
        input=rows,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(case.X)


def test_exported_c_compiles_inside_a_larger_program(build, tmp_path):
    """Two networks in one program, the header alone, and no name of one in the other."""
    export(build("classes").model, tmp_path / "first.c")
    export(build("two classes").model, tmp_path / "second.c")
    (tmp_path / "both.c").write_text(
        '#include "first.h"\n#include "second.h"\n#include "first.h"\n'
        "int main(void)\n{\n    const float x[FIRST_INPUTS] = {0.0f};\n"
        "    return first_classify(x) < FIRST_OUTPUTS && second_classify(x) < SECOND_OUTPUTS\n"
        "        && first_classes[0] && second_classes[0] ? 0 : 1;\n}\n"
    )
    program = compile_c(tmp_path / "both.c", "first.c", "second.c")
    assert subprocess.run([program]).returncode == 0


@pytest.mark.parametrize("name", ["gelu float32", "norm last"])
def test_exported_c_needs_no_heap_and_no_double(build, tmp_path, name):
    export(build(name).model, tmp_path / "it.c")
    compile_c(tmp_path / "it.c", "-shared", "-fPIC", "-Wdouble-promotion")
    code = (tmp_path / "it.c").read_text().partition("#ifdef")[0]
    assert re.findall(r"malloc|\bdouble\b|\bstatic (?!CONSTANT|void)", code) == []
    assert re.findall(r"#include <(\w+)", code) == ["math"]


EVIL = (
    '"); system("touch pwned"); ("', "\\", "??/", "%s%n", "a\nb", "größer 数", "*/ #error",
    "x" * 4095, "\0end",
)  # fmt: skip


def printed_names(folder, arrays):
    """The names in arrays of an export, as C prints them; the numbers of names are by array."""
    loops = "".join(
        f"    for (int i = 0; i < {n}; i++) {{\n        fputs({array}[i], stdout);\n"
        "        putchar(1);\n    }\n"
        for array, n in arrays.items()
    )
    (folder / "names.c").write_text(
        f'#include "it.h"\n#include <stdio.h>\nint main(void)\n{{\n{loops}    return 0;\n}}\n'
    )
    done = subprocess.run([compile_c(folder / "names.c", "it.c")], capture_output=True)
    return done.stdout.decode().split("\1")[:-1]


def test_names_are_quoted_safely(tmp_path):
    network = Network.dense([2, len(EVIL)], output="softmax")
    comment = "*/ int x[-1]; /* ??/\n\\"
    names = {"feature_names": (comment, "\\"), "target_name": comment, "dataset": comment}
    program = replace(program_of(network), classes=EVIL, **names)
    for suffix, text in render(program, "it").items():
        (tmp_path / f"it{suffix}").write_bytes(text)
    expected = [*EVIL[:-1], ""]  # a string of C's ends at a zero
    assert printed_names(tmp_path, {"it_classes": "IT_OUTPUTS"}) == expected


def test_category_names_are_listed_by_index(table, tmp_path):
    export(table.model, tmp_path / "it.c")
    columns = enumerate(program_of(table.model).table.used)
    names = {f"it_x{at}": each.categories for at, each in columns if each.kind == "category"}
    lengths = {array: len(each) for array, each in names.items()}
    expected = [name for each in names.values() for name in each]
    assert printed_names(tmp_path, lengths) == expected
    text = (tmp_path / "it.c").read_text()
    assert f"x[2]  town: its index in it_x2, {lengths['it_x2']} for any other\n" in text
    assert "x[4]  open: 1 for true, 0 for false\n" in text


class RunningSums(Activation):
    """Sums up to each entry that are read twice, by a reduction, and in one of two cases."""

    name = "running_sums"
    formula = (
        "max(sum_outputs(Z), -1) + (sum_outputs(2 * Z) if Z > 0 else Z)"
        " + max_outputs(sum_outputs(Z)) * over_outputs(index_outputs(Z) * Z)"
    )

    def forward(self, Z):
        S, at = Z.cumsum(axis=1), np.arange(Z.shape[1])
        product = S.max(axis=1, keepdims=True) * (at * Z).sum(axis=1, keepdims=True)
        return np.maximum(S, -1) + np.where(Z > 0, 2 * S, Z) + product.astype(Z.dtype)


@dataclass(frozen=True)
class NamedLikeC(Activation):
    """Options whose names are words of C, or beside them, or not ASCII; two are no numbers."""

    a: float = 0.5
    n: float = -1.5
    i: float = 0.25
    short: float = 3.0
    expf: float = 0.75
    max_1: float = 0.125
    größe: float = 2.0  # noqa: PLC2401
    note: str = "of no use in a formula"
    parent: Activation | None = None
    name = "*/ größer /*"
    formula = (
        "softplus(a * Z) + n * exp(i * Z) - short / (expf + max_1 * max_outputs(Z)**2) + größe"
    )

    def forward(self, Z):
        most = Z.max(axis=1, keepdims=True)
        first = np.logaddexp(self.a * Z, 0) + self.n * np.exp(self.i * Z)
        return first - self.short / (self.expf + self.max_1 * most**2) + self.größe


@pytest.mark.parametrize("activation", [RunningSums(), NamedLikeC()])
def test_any_formula_of_a_user_is_exported(tmp_path, activation):
    network = Network([Dense(3, 5, activation), Dense(5, 2)], seed=2)
    export(network, tmp_path / "it.c")
    found = run_c(tmp_path / "it.c", X := np.random.default_rng(0).normal(size=(20, 3)), 2)
    np.testing.assert_allclose(found, network.predict(X), rtol=1e-4, atol=1e-5)


#: Longitudes and latitudes of a state, of a city (to 16 m), years, and numbers near 0.
PLACES = np.array([[-119.57, 2.0], [37.7749, 0.01], [2013.0, 3.0], [0.1, 1e-4]])


@pytest.mark.case(98)
@pytest.mark.filterwarnings("ignore:input .* a C float rounds")  # but not these numbers
@pytest.mark.parametrize("first", ["scaling", "batch norm"])
def test_scaling_offsets_keep_their_precision(tmp_path, first):
    """To 2e-5 of the output's standard deviation, for inputs that a float holds."""
    X = np.random.default_rng(0).normal(*PLACES.T, (200, 4)).astype(np.float32).astype(np.float64)
    scaling = Scaling.fit("standardize" if first == "scaling" else "none", X)
    norm = [BatchNorm(4)] if first == "batch norm" else []
    network = Network([*norm, Dense(4, 8, "tanh"), Dense(8, 1)], seed=1, dtype="float64")
    if norm:
        network.layers[0].mean, network.layers[0].variance = X.mean(axis=0), X.var(axis=0)
    target = Scaling("standardize", np.array([40.7128]), np.array([1 / 0.3]))
    model = predictor_of(network, scaling, target_scaling=target)
    export(model, tmp_path / "it.c")
    found = run_c(tmp_path / "it.c", X, 1)
    expected = outputs_of(program_of(model), X)
    last_digit = np.spacing(np.float32(41))
    assert np.abs(found - expected).max() < 2e-5 * expected.std() + last_digit


@pytest.mark.case(98)
def test_inputs_beyond_float_precision_are_reported(build):
    scaling = Scaling("standardize", np.array([40.7128, 0, 0]), np.array([100.0, 1, 1]))
    model = replace(build("classes").model, preprocessing=scaling)
    warning = (
        r"^input 0 \(feature 0\): a C float rounds its numbers by up to 0.0002 of their spread"
    )
    with pytest.warns(UserWarning, match=warning):
        render(program_of(model), "it")


@pytest.mark.case(133)
@pytest.mark.parametrize(("mark", "single"), [("99999999", "100000000"), ("1e39", "inf")])
def test_a_mark_that_is_another_number_as_a_float_is_reported(mark, single):
    encoding = TableEncoding.fit({"x": ["1", "5", mark]}, missing=[mark, "-999", "99.9"])
    model = predictor_of(Network.dense([encoding.n_inputs, 1]), encoding)
    with pytest.warns(UserWarning, match="a C float rounds the mark") as caught:
        render(program_of(model), "it")
    assert f"to {single}, which is missing, too; use to='python'" in str(caught[0].message)
    assert len(caught) == 1


def test_the_comment_states_the_requirements(build):
    text = render(program_of(build("classes").model), "it")[".c"].decode()
    n_floats = 3 * 3 + 3 * 6 + 6 + 6 * 3 + 3
    assert f"constants  {4 * n_floats} bytes\n" in text
    assert f"stack      {4 * (3 + 6)} bytes" in text
    assert "3 -> scale -> 6 -> gelu -> 3 -> softmax" in text
    assert "x[2]  feature 2" in text
    wide = render(program_of(build("wide").model), "it")[".c"].decode()
    assert "scale_evenly(x, 0.0f, 0.0f, 0x1.010102p-8f, a, 300);" in wide  # for all pixels


@pytest.mark.integration
def test_exported_c_passes_sanitizers_for_any_index(table, tmp_path):
    export(table.model, tmp_path / "it.c")
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN", *SANITIZED)
    rows, at = raw_numbers(program_of(table.model).table, table.X), [*table.X].index("town")
    others = rows[[10] * 4]
    others[:, at] = [99, -1, 1e30, len(table.model.preprocessing.used[at].categories)]
    rows = np.vstack([rows, *(np.full(6, each) for each in (np.nan, -1e30, 3e9)), others])
    labels, outputs = predicted(program, rows, 3)
    assert labels[: len(table.labels)] == table.labels.tolist() and len(labels) == len(rows)
    assert (outputs[-4:] == outputs[-1]).all()  # any other category


def beyond(part, width, factor):
    """A model whose scale no float of C holds."""
    scaling = Scaling("standardize", np.zeros(width), np.full(width, factor))
    return lambda build: replace(build("scaled number").model, **{part: scaling})


def layers(*parts):
    return lambda build: Network([*parts], dtype="float64")


def far_column(build):
    model = build("every category").model
    first, *others = model.preprocessing.columns
    columns = (replace(first, scale=1e-60), *others)
    return replace(model, preprocessing=TableEncoding(columns))


class Capped(Activation):
    """A constant that no float holds."""

    name = "capped"
    formula = "min(Z, 1e39)"

    def forward(self, Z):
        return np.minimum(Z, 1e39)


REFUSED = [
    (layers(Dense(1, 1, init="normal:std=1e300")), "^model: weights "),
    (layers(Dense(1, 1, "leaky_relu:slope=1e60")), r"^model: option slope 1e\+60 is beyond the"),
    (layers(LayerNorm(1, epsilon=1e-60)), "^model: epsilon 1e-60"),
    (layers(Dense(1, 1, Capped())), r"^model: constant 1e\+39 is beyond the range of a C float"),
    *((beyond(*part, factor), "factor 1e.50 is beyond the range of a C float")
      for part in (("preprocessing", 3), ("target_scaling", 1)) for factor in (1e-50, 1e50)),
    (far_column, "column 'age': scale 1e-60 is beyond the range"),
    (lambda build: build("dates").model, "column 'day' holds a date, whose seconds a float of C"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "problem"), REFUSED)
def test_values_that_c_cannot_represent_are_refused(build, model, problem):
    with pytest.raises(ValueError, match=problem):
        render(program_of(model(build)), "it")


#: A program for an AVR that writes the bits of each output, and of each class, to its serial port.
AVR = """
#include "it.h"
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdint.h>

static const float rows[ROWS][IT_INPUTS] = {ALL};

static void put(char letter)
{
    while (!(UCSR0A & (1 << UDRE0)))
        ;
    UDR0 = letter;
}

int main(void)
{
    union { float number; uint32_t bits; } y[IT_OUTPUTS];

    UCSR0B = 1 << TXEN0;
    for (int row = 0; row < ROWS; row++) {
        it_predict(rows[row], &y[0].number);
        for (int i = 0; i < IT_OUTPUTS; i++) {
            for (int digit = 28; digit >= 0; digit -= 4)
                put("0123456789abcdef"[y[i].bits >> digit & 15]);
            put('\\n');
        }
    }
    cli();
    sleep_mode();
}
"""


def avr_program(folder, rows, *more):
    """Compile an export for an ATmega328P, with 32 KB of flash and 2 KB of RAM."""
    if not shutil.which("avr-gcc"):
        pytest.skip("there is no avr-gcc here")
    lines = [f"{{{', '.join(map('{:.9g}'.format, row))}}}" for row in rows.tolist()]
    main = AVR.replace("ROWS", str(len(rows))).replace("ALL", ", ".join(lines))
    (folder / "main.c").write_text(main.replace("nan", '__builtin_nanf("")'))
    options = ["-mmcu=atmega328p", "-Os", "-Wall", "-Wextra", "-Werror", "it.c", "main.c", "-lm"]
    done = subprocess.run(
        ["avr-gcc", *options, *more, "-o", "it.elf"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "it.elf"


def run_on_avr(binary, n_outputs):
    """The outputs for the rows in a program of an ATmega328P."""
    if not shutil.which("simavr"):
        pytest.skip("it is linked, and there is no simavr here to run it")
    command = ["simavr", "-m", "atmega328p", "-f", "16000000", binary]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    bits = re.findall(r"([0-9a-f]{8})\.\n", done.stdout + done.stderr)
    return np.frombuffer(bytes.fromhex("".join(bits)), ">f4").reshape(-1, n_outputs)


def large():
    """A network with twice as many bytes of constants as an ATmega328P has RAM."""
    X = np.random.default_rng(0).normal(3, 2, size=(5, 30)).astype(np.float32).astype(float)
    network = Network.dense([30, 32, 3], hidden="tanh", output="softmax", seed=0)
    return predictor_of(network, Scaling.fit("standardize", X), classes=("a", "b", "c")), X


def pieces():
    encoding = TableEncoding.fit({"x": [*range(30), None]}, numbers="piecewise", bins=9)
    model = predictor_of(Network.dense([encoding.n_inputs, 2], seed=0), encoding)
    return model, {"x": ["3.25", "", "40", "-3"]}


@pytest.mark.case(142)
@pytest.mark.integration
@pytest.mark.parametrize("name", ["large", "pieces", "several, scaled"])
def test_constants_stay_in_the_flash_of_an_avr(build, tmp_path, name):
    made = {"large": large, "pieces": pieces}.get(name)
    model, X = made() if made else (build(name).model, build(name).X[:4])
    export(model, tmp_path / "it.c")
    program = program_of(model)
    expected = outputs_of(program, X)
    binary = avr_program(tmp_path, raw_numbers(program.table, X) if program.table else X)
    found = run_on_avr(binary, expected.shape[1])
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.case(170)
@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "standard"),
    [("pieces", "gnu99"), ("prelu", "c99"), ("prelu", "gnu11"), ("pieces", "c11")],
)
def test_an_avr_compiles_every_standard_of_c(build, tmp_path, name, standard):
    """ISO C lacks the word for flash, though its macro is defined: the constants are in RAM."""
    model, X = pieces() if name == "pieces" else (build(name).model, build(name).X[:4])
    export(model, tmp_path / "it.c")
    program = program_of(model)
    expected = outputs_of(program, X)
    rows = raw_numbers(program.table, X) if program.table else X
    binary = avr_program(tmp_path, rows, f"-std={standard}", "-pedantic")
    found = run_on_avr(binary, expected.shape[1])
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.case(170)
@pytest.mark.integration
@pytest.mark.parametrize("standard", ["gnu99", "c99"])
def test_integers_of_an_avr_compile_with_both_standards(tmp_path, standard):
    X = np.random.default_rng(0).normal(size=(60, 4))
    network = Network.dense([4, 8, 3], hidden="tanh", seed=1)
    export(network, tmp_path / "it.c", arithmetic="int8", calibration=X)
    rows = X[:5].astype(np.float32)
    found = run_on_avr(avr_program(tmp_path, rows, f"-std={standard}", "-pedantic"), 3)
    assert found.tolist() == run_c(tmp_path / "it.c", rows, 3).tolist()


@pytest.mark.parametrize("standard", ["c11", "gnu99"])  # all others compile as C99
@pytest.mark.parametrize("compiler", COMPILERS[:2])
def test_exported_c_compiles_with_every_standard(build, tmp_path, compiler, standard):
    export(build("prelu").model, tmp_path / "it.c")
    compile_c(tmp_path / "it.c", "-shared", "-fPIC", f"-std={standard}", compiler=compiler)


@pytest.mark.case(228)
def test_a_large_ensemble_is_no_file_for_a_microcontroller(tmp_path):
    """The warning states the size that the file does, and names the way to a small network."""
    small = [Network.dense([20, 40, 1], seed=seed) for seed in range(4)]
    export(Ensemble(small), tmp_path / "small.c")
    large = [Network.dense([200, 400, 1], seed=seed) for seed in range(4)]
    with pytest.warns(UserWarning, match=r"constants of 4 networks take .*teacher") as caught:
        export(Ensemble(large), tmp_path / "large.c")
    text = (tmp_path / "large.c").read_text()
    n_bytes = int(re.search(r"constants +([\d,]+) bytes", text)[1].replace(",", ""))
    assert f" {n_bytes / 1000:,.0f} kB;" in str(caught[0].message)
    assert caught[0].filename == __file__
    export(large[0], tmp_path / "one.c")  # without a warning


@pytest.mark.integration
def test_the_program_decides_by_the_threshold(build, tmp_path):
    case = build("two classes")
    model = case.model.with_threshold(float(np.quantile(case.outputs[:, 1], 0.3)))
    export(model, tmp_path / "it.c")
    labels, _ = predicted(compile_c(tmp_path / "it.c", "-DIT_MAIN"), case.X, 2)
    assert labels == model.predict(case.X).tolist() != case.labels.tolist()
