/* The multiply-adds that one thread of this processor can do: ten independent chains in registers, no memory.
 * Prints billions of single-precision multiply-adds a second, by the processor time of the best of many short runs. */
#include <stdio.h>
#include <time.h>

#ifdef __AVX512F__
#define LANES 16
#define REGISTER "+v"
#else
#define LANES 8
#define REGISTER "+x"
#endif

typedef float lanes __attribute__((vector_size(4 * LANES)));

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#define CHAIN(s) s = s * m + m; __asm__ volatile("" : REGISTER(s)); /* one instruction with -ffp-contract=fast */

int main(void) {
  const long rounds = 200000;
  const lanes m = (lanes){0} + 0.999f;
  double best = 1e9;
  lanes total = m;
  int run;
  for (run = 0; run < 100; run++) {
    lanes a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m;
    double start = seconds();
    long round;
    for (round = 0; round < rounds; round++) {
      CHAIN(a) CHAIN(b) CHAIN(c) CHAIN(d) CHAIN(e) CHAIN(f) CHAIN(g) CHAIN(h) CHAIN(i) CHAIN(j)
    }
    start = seconds() - start;
    if (start < best) best = start;
    total += a + b + c + d + e + f + g + h + i + j;
  }
  printf("%g\n", rounds * 10.0 * LANES / best * 1e-9 + 0 * total[0]);
  return 0;
}
