/* Functions of the exported C files. An export gets a copy of those that it calls, and its own
 * name in the place of "model". A vector is changed in place where a function has one pointer. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#define CONSTANT const
#define MODEL_INPUTS 3
#define MODEL_OUTPUTS 2

extern const char *const model_classes[MODEL_OUTPUTS];
void model_predict(const float *x, float *y);
int model_classify(const float *x);

static void copy(const float *a, float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = a[i];
}

/* b = a, followed by the products of its numbers at the indices of each pair */
static void multiply(const float *a, int n, CONSTANT int32_t *first, CONSTANT int32_t *second,
                     float *b, int m)
{
    for (int i = 0; i < n; i++)
        b[i] = a[i];
    for (int i = n; i < m; i++)
        b[i] = a[*first++] * a[*second++];
}

/* b = (a - offset - rest) * factor; the rest is what rounding the offset to a float leaves */
static void scale(const float *a, CONSTANT float *offset, CONSTANT float *rest,
                  CONSTANT float *factor, float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = (a[i] - offset[i] - rest[i]) * factor[i];
}

/* b = (a - offset - rest) * factor; the rest is what rounding the offset to a float leaves */
static void scale_evenly(const float *a, float offset, float rest, float factor, float *b, int n)
{
    for (int i = 0; i < n; i++)
        b[i] = (a[i] - offset - rest) * factor;
}

/* b = W a + bias, with the weights of each output side by side */
static void dense(const float *a, int n, CONSTANT float *weights, CONSTANT float *bias,
                  float *b, int m)
{
    for (int j = 0; j < m; j++) {
        float sum = 0.0f;

        for (int i = 0; i < n; i++)
            sum += *weights++ * a[i];
        b[j] = sum + bias[j];
    }
}

/* b = (a - offset) * factor, rounded to codes of 8 bits; a stride of 0 is for a single pair */
static void quantize(const float *a, CONSTANT float *offset, CONSTANT float *factor, int stride,
                     signed char *b, int n)
{
    for (int i = 0; i < n; i++, offset += stride, factor += stride) {
        float code = (a[i] - *offset) * *factor;

        code = code > -128.0f ? code : -128.0f;
        b[i] = (signed char)((int)((code < 127.0f ? code : 127.0f) + 128.5f) - 128);
    }
}

/* b = (W a + bias) * multiplier / 2^shift + zero, in integers, and rounded to codes of 8 bits, of
 * which -128 is 0 after a ReLU */
static void dense_codes(const signed char *a, int n, CONSTANT signed char *weights,
                        CONSTANT int32_t *bias, CONSTANT int32_t *multiplier, int shift, int zero,
                        signed char *b, int m)
{
    const int64_t half = (((int64_t)zero + 128) * 2 + 1) << (shift - 1);

    for (int j = 0; j < m; j++) {
        int32_t sum = bias[j];
        int64_t code;

        for (int i = 0; i < n; i++)
            sum += *weights++ * a[i];
        code = (int64_t)sum * multiplier[j] + half; /* no negative number is shifted */
        code = code > 0 ? code >> shift : 0;
        b[j] = (signed char)((code < 255 ? code : 255) - 128);
    }
}

/* a = an activation of a, as codes */
static void look_up(signed char *a, int n, CONSTANT signed char *codes)
{
    for (int i = 0; i < n; i++)
        a[i] = codes[a[i] + 128];
}

/* b = (W a + bias) * step, with integers in the sums */
static void dense_sums(const signed char *a, int n, CONSTANT signed char *weights,
                       CONSTANT int32_t *bias, CONSTANT float *step, float *b, int m)
{
    for (int j = 0; j < m; j++) {
        int32_t sum = bias[j];

        for (int i = 0; i < n; i++)
            sum += *weights++ * a[i];
        b[j] = (float)sum * step[j];
    }
}

/* a = gain * (a - mean) / deviation + bias */
static void normalize(float *a, int n, CONSTANT float *mean, CONSTANT float *deviation,
                      CONSTANT float *gain, CONSTANT float *bias)
{
    for (int i = 0; i < n; i++)
        a[i] = gain[i] * ((a[i] - mean[i]) / deviation[i]) + bias[i];
}

/* a with mean 0 and variance 1, times gain, plus bias */
static void normalize_row(float *a, int n, CONSTANT float *gain, CONSTANT float *bias,
                          float epsilon)
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

/* a = a for a > 0, and else slope * a */
static void prelu(float *a, int n, CONSTANT float *slopes)
{
    for (int i = 0; i < n; i++)
        a[i] = a[i] > 0.0f ? a[i] : slopes[i] * a[i];
}

/* a = a / factor + rest + offset, in the units of the target */
static void unscale(float *a, int n, CONSTANT float *offset, CONSTANT float *rest,
                    CONSTANT float *factor)
{
    for (int i = 0; i < n; i++)
        a[i] = a[i] / factor[i] + rest[i] + offset[i];
}

/* the probabilities of both classes from that of the second one, which is alone (n = 1) */
static void both(float *a, int n)
{
    a[n] = a[0];
    a[0] = 1.0f - a[n];
}

/* (x - center - rest) / scale, or fill where x is missing; the rest is what rounding the center to
 * a float leaves */
static float *number(float *b, float x, int missing, float fill, float center, float rest,
                     float scale)
{
    *b++ = missing ? fill : (x - center - rest) / scale;
    return b;
}

/* 1 where x is missing, 0 elsewhere */
static float *flag(float *b, int missing)
{
    *b++ = missing ? 1.0f : 0.0f;
    return b;
}

/* the last number, not below low nor above high */
static float *clip_last(float *b, float low, float high)
{
    b[-1] = fminf(fmaxf(b[-1], low), high);
    return b;
}

/* the position of x in each of n bins between edges, of which the first and the last are open;
 * the fill and the edges are sums of two floats */
static float *bins(float *b, float x, int missing, float fill, float tail, int n,
                     CONSTANT float *edge, CONSTANT float *rest)
{
    if (!missing)
        fill = x, tail = 0.0f;
    for (int i = 0; i < n; i++) {
        float width = edge[i + 1] - edge[i] + (rest[i + 1] - rest[i]);
        float part = (fill - edge[i] + (tail - rest[i])) / width;

        part = fmaxf(part, i > 0 ? 0.0f : -1.0f);
        *b++ = fminf(part, i < n - 1 ? 1.0f : 2.0f);
    }
    return b;
}

/* 1 at the one of n codes that equals x, or else at one more entry; 0 at the others; fill is the
 * index of this entry where x is missing */
static float *code(float *b, float x, int missing, int fill, int n, CONSTANT float *codes)
{
    int index = missing ? fill : n;

    for (int i = 0; i < n; i++)
        if (!missing && codes[i] == x)
            index = i;
    for (int i = 0; i <= n; i++)
        *b++ = i == index ? 1.0f : 0.0f;
    return b;
}

/* 1 at index x of n categories, at that of other categories or at that of missing values, 0 at the
 * others of m entries; the index -1 is none */
static float *category(float *b, float x, int n, int other, int missing, int m)
{
    int index = isnan(x) ? missing : other;

    if (x >= 0.0f && x < (float)n)
        index = (int)x;
    for (int i = 0; i < m; i++)
        *b++ = i == index ? 1.0f : 0.0f;
    return b;
}

/* NaN, or a number that marks a missing value */
static int is_missing(float x)
{
    return isnan(x);
}

/* y = 0 */
static void clear(float *y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = 0.0f;
}

/* y = y + weight a */
static void add(const float *a, int n, float weight, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] += weight * a[i];
}

int model_classify(const float *x)
{
    float y[MODEL_OUTPUTS];
    int best = 0;

    model_predict(x, y);
    for (int i = 0; i < MODEL_OUTPUTS; i++) {
        if (!(y[i] >= 0.0f)) /* nan */
            return -1;
        if (y[i] > y[best])
            best = i;
    }
    return best;
}

/* Reads rows of MODEL_INPUTS numbers, and prints a line of answers for each. */
int main(void)
{
    float x[MODEL_INPUTS], y[MODEL_OUTPUTS];
    int count = 0, found;

    while ((found = scanf("%f%*[,; \t\r\n]", &x[count])) == 1) {
        if (!isfinite(x[count])) {
            fputs("expected finite numbers\n", stderr);
            return 1;
        }
        if (++count < MODEL_INPUTS)
            continue;
        count = 0;
        model_predict(x, y);
        printf("%s ", model_classify(x) < 0 ? "nan" : model_classes[model_classify(x)]);
        for (int i = 0; i < MODEL_OUTPUTS; i++)
            printf("%s%.9g", i > 0 ? " " : "", (double)y[i]);
        putchar('\n');
    }
    if (found != EOF || count != 0) {
        fprintf(stderr, "expected rows of %d numbers\n", MODEL_INPUTS);
        return 1;
    }
    return 0;
}
