/* Writes a number to memory past the caches, a line at a time, where the processor can: see distances.py. */
#include <stddef.h>

typedef float line __attribute__((vector_size(64)));

void write_past_caches(float *out, size_t count) {
  size_t k = 0;
  for (; k < count && ((size_t)(out + k) & 63) != 0; k++) out[k] = 1;
#if defined(__clang__)
  for (; k + 16 <= count; k += 16) __builtin_nontemporal_store((line){0} + 1, (line *)(out + k));
#elif defined(__AVX512F__)
  for (; k + 16 <= count; k += 16) __builtin_ia32_movntps512(out + k, (line){0} + 1);
#endif
  for (; k < count; k++) out[k] = 1;
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}
