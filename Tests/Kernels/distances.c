/* Distances of every metric from the library against their definitions in long double. Run on an old processor (or under
 * emulation of one) it shows that the kernels for any processor are right, and that nothing else was reached.
 * Exit status: 0 when all agree within 4 units in the last place and all matrices are symmetric. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "toposcope.h"

static double uniform(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0 - 0.5;
}

static long double definition(int metric, const float *x, const float *y, int64_t d) {
  long double sum = 0, xx = 0, yy = 0, mx = 0, my = 0, plus = 0;
  int64_t k;
  if (metric == TPS_METRIC_CORRELATION) {
    for (k = 0; k < d; k++) { mx += x[k]; my += y[k]; }
    mx /= d;
    my /= d;
  }
  for (k = 0; k < d; k++) { xx += (x[k] - mx) * (x[k] - mx); yy += (y[k] - my) * (y[k] - my); }
  xx = sqrtl(xx);
  yy = sqrtl(yy);
  for (k = 0; k < d; k++) {
    long double a = x[k], b = y[k];
    if (metric == TPS_METRIC_COSINE || metric == TPS_METRIC_ANGULAR || metric == TPS_METRIC_CORRELATION) {
      a = (a - mx) / xx;
      b = (b - my) / yy;
      plus += (a + b) * (a + b);
    }
    if (metric == TPS_METRIC_CITYBLOCK) sum += fabsl(a - b);
    else if (metric == TPS_METRIC_CHEBYSHEV) sum = fmaxl(sum, fabsl(a - b));
    else sum += (a - b) * (a - b);
  }
  if (metric == TPS_METRIC_EUCLIDEAN) return sqrtl(sum);
  if (metric == TPS_METRIC_ANGULAR) return 2 * atan2l(sqrtl(sum), sqrtl(plus)) / acosl(-1.0L);
  return metric == TPS_METRIC_COSINE || metric == TPS_METRIC_CORRELATION ? sum / 2 : sum;
}

int main(void) {
  static const int64_t shapes[][2] = {{5, 3}, {40, 16}, {70, 100}, {35, 700}, {20, 2500}};
  int metric;
  size_t s;
  uint64_t state = 7;
  for (metric = TPS_METRIC_EUCLIDEAN; metric <= TPS_METRIC_CHEBYSHEV; metric++) {
    double worst = 0;
    for (s = 0; s < sizeof shapes / sizeof *shapes; s++) {
      int64_t n = shapes[s][0], d = shapes[s][1], i, j;
      float *x = malloc(n * d * sizeof *x), *out = malloc(n * n * sizeof *out);
      tps_array points = {x, n, d, d * 4, 4, TPS_FLOAT32};
      tps_metric options;
      tps_status status;
      for (i = 0; i < n * d; i++) x[i] = (float)uniform(&state);
      tps_metric_init(&options);
      options.metric = metric;
      status = tps_distances(&points, &options, 2, NULL, NULL, out, NULL, NULL);
      if (status != TPS_OK) { fprintf(stderr, "metric %d: %s\n", metric, tps_status_name(status)); return 1; }
      for (i = 0; i < n; i++)
        for (j = 0; j < n; j++) {
          long double exact = i == j ? 0 : definition(metric, x + i * d, x + j * d, d);
          float rounded = (float)exact, ulp = nextafterf(rounded, INFINITY) - rounded;
          double error = i == j ? (double)out[i * n + j] : (double)(fabsl(out[i * n + j] - exact) / ulp);
          if (error > worst) worst = error;
          if (out[i * n + j] != out[j * n + i]) { fprintf(stderr, "metric %d: asymmetric\n", metric); return 1; }
        }
      free(x);
      free(out);
    }
    printf("metric %d: worst error %.2f units in the last place\n", metric, worst);
    if (!(worst < 4)) return 1;
  }
  return 0;
}
