#!/bin/sh
# The kernels are compiled for each level of x86-64. This checks that the sets cannot get mixed up, and that all are right:
#   1. no weak function in the kernels' objects (the linker would keep one copy) but those named for their module, and
#      nothing of theirs in the core (where it would be compiled for any processor);
#   2. no AVX instruction in the objects for any processor, none of AVX-512 in those for x86-64-v3;
#   3. distances of every metric from the finished library agree with their definitions: by each set that this processor
#      has, and under emulation of a processor without AVX (skipped where qemu-x86_64 is missing);
#   4. the same files, compiled for aarch64 without a library, agree with their definitions under emulation (skipped where
#      Swift's module for that processor, its linker or qemu-aarch64 is missing).
# Usage: check.sh FOLDER-OF-BUILT-TARGETS LIBRARY
#   sh Tests/Kernels/check.sh .build-python/release python/toposcope/libtoposcope.so
set -eu
targets=$1
library=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ "$(uname -m)" != x86_64 ]; then echo "one set of kernels on $(uname -m): nothing to mix up"; exit 0; fi

for target in ToposcopeKernels ToposcopeKernelsV3 ToposcopeKernelsV4; do
  for object in "$targets/$target.build"/*.o; do
    if nm "$object" | grep -E ' [Ww] ' | grep -vE " w __| W .s[0-9]+$target[0-9]"; then
      echo "check.sh: weak functions in $object" >&2
      exit 1
    fi
  done
  objdump -d "$targets/$target.build"/Kernels*.o > "$scratch/$target"
done
if nm "$targets/Toposcope.build"/*.o | grep -E ' [TtWw] .s[0-9]+ToposcopeKernels'; then
  echo "check.sh: kernels were compiled again in the core" >&2
  exit 1
fi
if grep -qE '%ymm|%zmm|vfmadd' "$scratch/ToposcopeKernels"; then
  echo "check.sh: AVX instructions in the kernels for any processor" >&2
  exit 1
fi
if grep -q '%zmm' "$scratch/ToposcopeKernelsV3" || ! grep -q 'vfmadd.*%ymm' "$scratch/ToposcopeKernelsV3"; then
  echo "check.sh: AVX-512, or no fused operations, in the kernels for x86-64-v3" >&2
  exit 1
fi
grep -q 'vfmadd.*%zmm' "$scratch/ToposcopeKernelsV4" || { echo "check.sh: no AVX-512 for x86-64-v4" >&2; exit 1; }
echo "objects: nothing of one set in another, no AVX where there must be none"

${CC:-gcc} -std=c99 -O1 -Wall -Wextra -I"$root/include" "$root/Tests/Kernels/distances.c" "$library" -lm \
  -Wl,-rpath,"$(cd "$(dirname "$library")" && pwd)" -o "$scratch/distances"
for level in x86-64 x86-64-v3 x86-64-v4; do
  echo "kernels for $level, or the best below that this processor has:"
  TOPOSCOPE_KERNELS=$level "$scratch/distances"
done
if command -v qemu-x86_64 > /dev/null; then
  echo "the same on a processor without AVX:"
  qemu-x86_64 -cpu Nehalem "$scratch/distances"
else
  echo "qemu-x86_64 is not installed: the kernels for old processors were not run"
fi

swift=$(command -v "${SWIFT:-swift}" || true)
tools=$(dirname "$(readlink -f "$swift")")
if [ -d "$tools/../lib/swift/embedded/aarch64-none-none-elf" ] && [ -x "$tools/clang" ] && [ -x "$tools/ld.lld" ] \
  && command -v qemu-aarch64 > /dev/null; then
  echo "module CToposcopeProcessor { header \"$root/Sources/CToposcopeProcessor/include/toposcope_processor.h\" }" \
    > "$scratch/module.modulemap"
  "$tools/swiftc" -target aarch64-none-none-elf -enable-experimental-feature Embedded -wmo -parse-as-library -O \
    -Xfrontend -function-sections -Xfrontend -disable-stack-protector -module-name PlainKernels -I "$scratch" \
    "$root"/Sources/ToposcopeKernels/*.swift "$root/Tests/ToposcopeTests/Distances/KernelDefinitions.swift" \
    "$root/Tests/Kernels/PlainKernels.swift" -c -o "$scratch/kernels.o"
  "$tools/clang" --target=aarch64-none-elf -ffreestanding -fno-builtin -O1 -c "$root/Tests/Kernels/plain.c" \
    -o "$scratch/plain.o"
  "$tools/ld.lld" --gc-sections "$scratch/kernels.o" "$scratch/plain.o" -o "$scratch/plain"
  status=0
  qemu-aarch64 "$scratch/plain" || status=$?
  if [ $status -ne 0 ]; then
    echo "check.sh: on aarch64 check $status of PlainKernels.swift fails" >&2
    exit 1
  fi
  echo "kernels agree with their definitions on aarch64 (emulated)"
else
  echo "no tools for aarch64: its kernels were not run"
fi
