/* gaussian: 2 numbers in, 1 out
 *
 * Written by barenet 0.2.0.
 * C99, and math.h alone. It allocates nothing and keeps nothing between two calls.
 *
 *   2 -> 8 -> gaussian -> 1 -> sigmoid
 *
 *   constants  132 bytes
 *   stack      32 bytes for the values between the layers
 *
 * Try it, with numbers typed in or piped:
 *
 *   cc -std=c99 -O2 -DGAUSSIAN_MAIN "gaussian.c" -lm -o try && ./try
 */
#include "gaussian.h"

#include <math.h>

static const float weights_1[16] = {
    0x1.35bef2p-4f, 0x1.555eeep-2f,
    0x1.460ad4p-3f, 0x1.1cce5ap-4f,
    -0x1.e472bap-4f, 0x1.cee2ap-3f,
    -0x1.8c0a44p-4f, 0x1.36bfcep-1f,
    0x1.6fc572p-1f, -0x1.71cf88p-3f,
    0x1.cec8f6p-2f, 0x1.6eb488p-5f,
    0x1.afc6c8p-4f, 0x1.5193e6p-1f,
    -0x1.543fa6p-1f, -0x1.477bd2p-1f,
};

static const float bias_1[8] = {
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};

static const float weights_2[8] = {
    -0x1.91244cp-1f, 0x1.1619d8p-1f, 0x1.d1212ap-2f, 0x1.355d48p-1f, 0x1.902b52p-1f,
    0x1.f43f9cp-2f, -0x1.01a79p-4f, 0x1.d518cp-2f,
};

static const float bias_2[1] = {
    0.0f,
};

/* b = W a + bias, with the weights of each output side by side */
static void dense(const float *a, int n, const float *weights, const float *bias, float *b, int m)
{
    for (int j = 0; j < m; j++) {
        float sum = 0.0f;

        for (int i = 0; i < n; i++)
            sum += *weights++ * a[i];
        b[j] = sum + bias[j];
    }
}

/* exp(-(Z / width) ** 2) */
static void apply_gaussian(float *a, int n, float width)
{
    for (int i = 0; i < n; i++)
        a[i] = expf(-powf(a[i] / width, 2.0f));
}

/* 1 / (1 + exp(-Z)) */
static void apply_sigmoid(float *a, int n)
{
    for (int i = 0; i < n; i++)
        a[i] = 1.0f / (1.0f + expf(-a[i]));
}

void gaussian_predict(const float *x, float *y)
{
    float a[8];

    dense(x, 2, weights_1, bias_1, a, 8);
    apply_gaussian(a, 8, 0x1p+1f);
    dense(a, 8, weights_2, bias_2, y, 1);
    apply_sigmoid(y, 1);
}

#ifdef GAUSSIAN_MAIN

#include <stdio.h>

/* Reads rows of GAUSSIAN_INPUTS numbers, and prints a line of answers for each. */
int main(void)
{
    float x[GAUSSIAN_INPUTS], y[GAUSSIAN_OUTPUTS];
    int count = 0, found;

    while ((found = scanf("%f%*[,; \t\r\n]", &x[count])) == 1) {
        if (!isfinite(x[count])) {
            fputs("expected finite numbers\n", stderr);
            return 1;
        }
        if (++count < GAUSSIAN_INPUTS)
            continue;
        count = 0;
        gaussian_predict(x, y);
        for (int i = 0; i < GAUSSIAN_OUTPUTS; i++)
            printf("%s%.9g", i > 0 ? " " : "", (double)y[i]);
        putchar('\n');
    }
    if (found != EOF || count != 0) {
        fprintf(stderr, "expected rows of %d numbers\n", GAUSSIAN_INPUTS);
        return 1;
    }
    return 0;
}

#endif
