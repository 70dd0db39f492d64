/* gaussian: 2 numbers in, 1 out
 *
 * Written by barenet 0.2.0; gaussian.c has the details. */
#ifndef GAUSSIAN_H
#define GAUSSIAN_H

#define GAUSSIAN_INPUTS 2
#define GAUSSIAN_OUTPUTS 1

#ifdef __cplusplus
extern "C" {
#endif

/* x: GAUSSIAN_INPUTS numbers, before any scaling.
 * y: becomes GAUSSIAN_OUTPUTS numbers.
 * The two must not overlap. */
void gaussian_predict(const float *x, float *y);

#ifdef __cplusplus
}
#endif

#endif
