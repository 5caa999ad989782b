#include "toposcope_processor.h"

#include <stdlib.h>
#include <string.h>

int toposcope_processor_level(void) {
#if defined(__x86_64__)
  int level = 1;
  const char *greatest = getenv("TOPOSCOPE_KERNELS");
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) level = 3;
  if (level == 3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512vl"))
    level = 4;
  if (greatest != NULL && strcmp(greatest, "x86-64") == 0) level = 1;
  if (greatest != NULL && strcmp(greatest, "x86-64-v3") == 0 && level > 3) level = 3;
  return level;
#else
  return 0;
#endif
}
