"""The parts that C exports are put together from: functions in C99, as they will stand there.

Each activation is the formula of `barenet.model.activations`, in single precision, and in the form
that neither overflows nor cancels. The vectors stay where they are, but for what has two pointers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.files.exports.quantization import RoundedAffine
from barenet.files.exports.steps import (
    Affine,
    Apply,
    Both,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.model.activations import (
    ELU,
    GELU,
    Activation,
    Exponential,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)

__all__ = [
    "ACTIVATIONS",
    "CALL_CLASSIFY",
    "CLASSIFY",
    "CLASSIFY_DECLARED",
    "COPY",
    "FIRST",
    "HEADER",
    "MAIN",
    "NAMES",
    "SOURCE",
    "STEPS",
    "EvenScale",
    "function_of",
]


@dataclass(frozen=True, eq=False)
class EvenScale(Step):
    """(X − offset) · factor with the same two numbers for all inputs, as for pixels.

    Attributes
    ----------
    offset, factor : numpy.float64
        The numbers.
    """

    name: ClassVar[str] = "scale"
    offset: np.float64
    factor: np.float64

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return (X - self.offset) * self.factor


def _each(name: str, formula: str, options: str = "", comment: str = "") -> str:
    """Write a function that changes a vector entry by entry."""
    said = f"/* {comment} */\n" if comment else ""
    return f"""\
{said}static void {name}(float *a, int n{options})
{{
    for (int i = 0; i < n; i++)
        a[i] = {formula};
}}
"""


ACTIVATIONS: dict[type[Activation], str] = {
    ReLU: _each("relu", "a[i] > 0.0f ? a[i] : 0.0f"),
    LeakyReLU: _each("leaky_relu", "a[i] > 0.0f ? a[i] : slope * a[i]", ", float slope"),
    ELU: _each("elu", "a[i] > 0.0f ? a[i] : alpha * expm1f(a[i])", ", float alpha"),
    GELU: _each(
        "gelu",
        "0.5f * a[i] * erfcf(-0.707106781f * a[i])",
        comment="z times the share of the normal distribution below z",
    ),
    SiLU: _each("silu", "a[i] / (1.0f + expf(-a[i]))", comment="z times its sigmoid"),
    Tanh: _each("hyperbolic_tangent", "tanhf(a[i])"),
    Sigmoid: _each("sigmoid", "1.0f / (1.0f + expf(-a[i]))"),
    Softplus: _each(
        "softplus",
        "fmaxf(a[i], 0.0f) + log1pf(expf(-fabsf(a[i])))",
        comment="ln(1 + exp(z)), with an exp that does not overflow",
    ),
    Exponential: _each("exponential", "expf(a[i])"),
    Softmax: """\
/* exp(z) over the sum of all; less the greatest, so that none overflows */
static void softmax(float *a, int n)
{
    float greatest = a[0], sum = 0.0f;

    for (int i = 1; i < n; i++)
        if (a[i] > greatest)
            greatest = a[i];
    for (int i = 0; i < n; i++) {
        a[i] = expf(a[i] - greatest);
        sum += a[i];
    }
    for (int i = 0; i < n; i++)
        a[i] /= sum;
}
""",
}

STEPS: dict[type[Step], str] = {
    Scale: """\
/* b = (a - offset - rest) * factor; the rest is that of the offset beyond a float */
static void scale(const float *a, const float *offset, const float *rest, const float *factor,
                  float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = (a[i] - offset[i] - rest[i]) * factor[i];
}
""",
    EvenScale: """\
/* b = (a - offset - rest) * factor; the rest is that of the offset beyond a float */
static void scale(const float *a, float offset, float rest, float factor, float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = (a[i] - offset - rest) * factor;
}
""",
    Affine: """\
/* b = W a + bias; the weights lie output by output */
static void dense(const float *a, int n, const float *weights, const float *bias, float *b, int m)
{
    for (int j = 0; j < m; j++) {
        float sum = 0.0f;

        for (int i = 0; i < n; i++)
            sum += *weights++ * a[i];
        b[j] = sum + bias[j];
    }
}
""",
    RoundedAffine: """\
/* b = W a + bias; the weights lie output by output, each output's in steps of its own */
static void dense(const float *a, int n, const signed char *weights, const float *step,
                  const float *bias, float *b, int m)
{
    for (int j = 0; j < m; j++) {
        float sum = 0.0f;

        for (int i = 0; i < n; i++)
            sum += (float)*weights++ * a[i];
        b[j] = sum * step[j] + bias[j];
    }
}
""",
    Normalize: """\
/* a = gain * (a - mean) / deviation + bias */
static void normalize(float *a, int n, const float *mean, const float *deviation,
                      const float *gain, const float *bias)
{
    for (int i = 0; i < n; i++)
        a[i] = gain[i] * ((a[i] - mean[i]) / deviation[i]) + bias[i];
}
""",
    NormalizeRow: """\
/* a to mean 0 and variance 1; then times gain, plus bias */
static void normalize_row(float *a, int n, const float *gain, const float *bias, float epsilon)
{
    float mean = 0.0f, variance = 0.0f, deviation;

    for (int i = 0; i < n; i++)
        mean += a[i];
    mean /= (float)n;
    for (int i = 0; i < n; i++)
        variance += (a[i] - mean) * (a[i] - mean);
    deviation = sqrtf(variance / (float)n + epsilon);
    for (int i = 0; i < n; i++)
        a[i] = gain[i] * ((a[i] - mean) / deviation) + bias[i];
}
""",
    Unscale: """\
/* a = a / factor + rest + offset: back in the units of the target */
static void unscale(float *a, int n, const float *offset, const float *rest, const float *factor)
{
    for (int i = 0; i < n; i++)
        a[i] = a[i] / factor[i] + rest[i] + offset[i];
}
""",
    Both: """\
/* of the probability of the second class, those of both */
static void both(float *a)
{
    a[1] = a[0];
    a[0] = 1.0f - a[1];
}
""",
}

CLASSIFY = """\
int {prefix}_classify(const float *x)
{{
    float y[{PREFIX}_OUTPUTS];
    int best = 0;

    {prefix}_predict(x, y);
    for (int i = 1; i < {PREFIX}_OUTPUTS; i++)
        if (y[i] > y[best])
            best = i;
    return best;
}}
"""

MAIN = """\
#ifdef {PREFIX}_MAIN

#include <stdio.h>

/* Reads rows of {PREFIX}_INPUTS numbers, and prints a line of answers for each. */
int main(void)
{{
    float x[{PREFIX}_INPUTS], y[{PREFIX}_OUTPUTS];
    int count = 0, found;

    while ((found = scanf("%f%*[,; \\t\\r\\n]", &x[count])) == 1) {{
        if ({wrong}(x[count])) {{
            fputs("expected {expected}\\n", stderr);
            return 1;
        }}
        if (++count < {PREFIX}_INPUTS)
            continue;
        count = 0;
        {prefix}_predict(x, y);
{classify}        for (int i = 0; i < {PREFIX}_OUTPUTS; i++)
            printf("{separator}%.9g", {first}(double)y[i]);
        putchar('\\n');
    }}
    if (found != EOF || count != 0) {{
        fprintf(stderr, "expected rows of %d numbers\\n", {PREFIX}_INPUTS);
        return 1;
    }}
    return 0;
}}

#endif
"""

#: In MAIN, the class before its probabilities.
CALL_CLASSIFY = """\
        printf("%s", {prefix}_classes[{prefix}_classify(x)]);
"""

#: In MAIN, what stands before a number where nothing is before the first.
FIRST = 'i > 0 ? " " : "", '

COPY = """\
static void copy(const float *a, float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = a[i];
}
"""

HEADER = """\
/* {stem}: {what}
 *
 * Written by barenet {version}; {stem}.c tells more. */
#ifndef {PREFIX}_H
#define {PREFIX}_H

#define {PREFIX}_INPUTS {n_inputs}
#define {PREFIX}_OUTPUTS {n_outputs}

#ifdef __cplusplus
extern "C" {{
#endif
{names}
/* x: {PREFIX}_INPUTS numbers, as they are before any scaling{inputs}.
 * y: {outputs}.
 * The two must not overlap. */
void {prefix}_predict(const float *x, float *y);
{classify}
#ifdef __cplusplus
}}
#endif

#endif
"""

NAMES = """
/* Names, in the order of what they are about. */
{declared}
"""

CLASSIFY_DECLARED = """
/* The most probable class, as an index of {prefix}_classes. */
int {prefix}_classify(const float *x);
"""

SOURCE = """\
{about}
#include "{stem}.h"

#include <math.h>
{strings}
{arrays}
{functions}
void {prefix}_predict(const float *x, float *y)
{{
{buffers}{calls}
}}
"""


def function_of(step: Step) -> str:
    """Name the function of a step that stays where it is."""
    if not isinstance(step, Apply):
        return step.name
    return "hyperbolic_tangent" if isinstance(step.activation, Tanh) else step.activation.name
