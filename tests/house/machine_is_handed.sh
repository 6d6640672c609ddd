#!/usr/bin/env bash
# machine_is_handed.sh <root>: checks that ops and kernels are handed the Machine that they compute
# with. No code looks for a Runtime or an instruction set by itself, and no thread keeps one; only
# options have defaults.
set -euo pipefail
cd "$1"

# only_in <pattern> <file>...: reports other sources under src/, ops/ or include/ whose code matches
# the pattern.
only_in() {
  local pattern=$1 file
  shift
  while IFS= read -r file; do
    [[ " $* " == *" $file "* ]] && continue
    sed 's,//.*,,' "$file" | grep -Eq "$pattern" && echo "$file: $pattern"
  done < <(grep -rlE "$pattern" --include='*.hpp' --include='*.cpp' src ops include | sort)
  true
}

broken=$(
  only_in 'Runtime::shared *\(' src/exec/runtime.cpp
  # Random numbers take no Machine either, since they have the same bits on every instruction set.
  only_in 'best_instruction_set *\(' include/dagrad/instruction_set.hpp \
    src/program/instruction_set.cpp include/dagrad/runtime.hpp src/program/functions.cpp \
    src/tensor/random.cpp
  only_in '__builtin_cpu_supports|__get_cpuid|xbyak_util' src/program/instruction_set.cpp
  # Numbers take no Machine; their functions are set for the thread.
  only_in 'UseFunctions' include/dagrad/number.hpp src/program/functions.cpp src/loops/loop.cpp \
    include/dagrad/detail/plain_functor.hpp
  # Work space of a thread, the line that it is logging, and the functions of its Numbers.
  only_in 'thread_local' src/program/interpret.cpp src/program/decisions.cpp src/tensor/gemm.cpp \
    src/exec/log.cpp src/program/functions.cpp
)
[[ -z $broken ]] || { printf 'not handed the machine:\n%s\n' "$broken"; exit 1; }
