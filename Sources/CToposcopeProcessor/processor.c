#include "toposcope_processor.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local bool is_helper;

bool toposcope_is_helper(void) { return is_helper; }

void toposcope_be_helper(void) { is_helper = true; }

void *toposcope_move_pages(void *from, unsigned long bytes, void *to, unsigned long room) {
#if defined(__linux__)
  /* The C library declares it for _GNU_SOURCE only: to move pages (1) to a place that is given (2). */
  extern void *mremap(void *, unsigned long, unsigned long, int, ...);
  return mremap(from, bytes, room, 1 | 2, to);
#else
  (void)from, (void)bytes, (void)to, (void)room;
  return (void *)-1;
#endif
}

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
