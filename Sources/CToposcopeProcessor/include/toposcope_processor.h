#ifndef TOPOSCOPE_PROCESSOR_H
#define TOPOSCOPE_PROCESSOR_H

/* What Swift cannot say: the level of the processor, the square root of a vector (in Swift each lane is a branch and
 * a call), bits gathered under a mask, and that the compiler shall forget what it knows of a pointer. Inline functions
 * are compiled with the flags of the target that uses them. */

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

/* The same by square roots of single precision. */
static inline int toposcope_square_roots_of_singles(const double *values, long count, float least, float greatest,
                                                    float *out) {
  typedef float vector __attribute__((vector_size(16)));
  typedef int mask __attribute__((vector_size(16)));
  mask outside = {0, 0, 0, 0};
  for (long k = 0; k < count; k += 4) {
    vector v = __builtin_convertvector(*(const toposcope_doubles *)(values + k), vector);
    outside |= ~((v >= least) & (v <= greatest));
    *(toposcope_floats *)(out + k) = __builtin_elementwise_sqrt(v);
  }
  return (outside[0] | outside[1] | outside[2] | outside[3]) == 0;
}

/* The bits of x under a mask, one after the other from the lowest place on. */
static inline unsigned long long toposcope_gather_bits(unsigned long long x, unsigned long long mask) {
#ifdef __BMI2__
  return __builtin_ia32_pext_di(x, mask);
#else
  unsigned long long gathered = 0;
  for (x &= mask; x != 0; x &= x - 1) gathered |= 1ULL << __builtin_popcountll(mask & ((x & -x) - 1));
  return gathered;
#endif
}

/* The pointer itself, of which the compiler then knows nothing: not even that it is another one's equal. */
static inline const void *toposcope_unknown(const void *pointer) {
  __asm__ volatile("" : "+r"(pointer));
  return pointer;
}

/* Nothing is read earlier or later than here. */
static inline void toposcope_barrier(void) { __asm__ volatile("" ::: "memory"); }

#endif
