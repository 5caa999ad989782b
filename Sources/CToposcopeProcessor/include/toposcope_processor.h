#ifndef TOPOSCOPE_PROCESSOR_H
#define TOPOSCOPE_PROCESSOR_H

/* What Swift cannot say: the level of the processor, and the square root of a vector (in Swift each lane is a branch and
 * a call). Inline functions are compiled with the flags of the target that uses them. */

/* Whether this processor, and the system that runs on it, have AVX2, FMA and the rest of the level x86-64-v3. */
int toposcope_processor_is_x86_64_v3(void);

typedef double toposcope_doubles __attribute__((vector_size(32), aligned(8)));
typedef float toposcope_floats __attribute__((vector_size(16), aligned(4)));

/* Writes the square roots of `count` numbers, a multiple of four. Returns whether all were in least ... greatest. */
static inline int toposcope_square_roots(const double *values, long count, double least, double greatest, float *out) {
  typedef double vector __attribute__((vector_size(32)));
  typedef long long mask __attribute__((vector_size(32)));
  mask outside = {0, 0, 0, 0};
  for (long k = 0; k < count; k += 4) {
    vector v = *(const toposcope_doubles *)(values + k);
    outside |= ~((v >= least) & (v <= greatest));
    *(toposcope_floats *)(out + k) = __builtin_convertvector(__builtin_elementwise_sqrt(v), toposcope_floats);
  }
  return (outside[0] | outside[1] | outside[2] | outside[3]) == 0;
}

#endif
