#!/usr/bin/env bash
# no_global_state.sh <objdump> <library>: checks that the static library has no writable data except
# what is listed here.
set -euo pipefail
objdump=$1 library=$2

allowed='
# Constants that are constructed on first use.
dagrad::Op::Op<.*>\(.*\)::model
dagrad::\(anonymous namespace\)::Sampler::(float|int)_shapes\(\)::all
dagrad::\(anonymous namespace\)::all_rules\(\)::rules
dagrad::best_instruction_set\(\)::best
dagrad::detail::(\(anonymous namespace\)::plain|avx2|avx512)_functions\(\)::table
dagrad::detail::VectorEmitter::heap\(\)::heap
dagrad::kernels::\(anonymous namespace\)::engine\(\)::cpu
# The defaults of options.
dagrad::Runtime::shared\(\)::runtime
# Whether this process was forked, which cannot be passed as an argument.
dagrad::detail::\(anonymous namespace\)::forked\(\)::(child|watched)
# How often Ctrl-C was pressed: a handler of signals takes no argument.
dagrad::detail::\(anonymous namespace\)::signal_state
# OpenBLAS has global state, so only one thread at a time may call it.
dagrad::kernels::lapack::\(anonymous namespace\)::one_at_a_time
# Work space of a thread, the library functions of its Numbers, and the line that it is logging.
dagrad::decisions\(.*\)::values
dagrad::interpret\(.*\)::scratch
dagrad::kernels::\(anonymous namespace\)::scratch<.*>\(long\)::(blocks|size)
dagrad::detail::\(anonymous namespace\)::table_in_force
dagrad::detail::\(anonymous namespace\)::Telling::innermost
# Data of the compiler and of other libraries.
guard variable for .*
DW\.ref\..*
(std|spdlog|fmt|Xbyak|tbb|oneapi)::.*
'
pattern="^($(grep -v -e '^#' -e '^$' <<< "$allowed" | paste -sd'|'))\$"

line='^[0-9a-f]+ .{7} \.(data|bss|tdata|tbss)(\.[^[:space:]]*)?[[:space:]]+[0-9a-f]+[[:space:]]+'
objects=$("$objdump" -t --demangle "$library" |
  sed -nE "s/$line(\.hidden )?([^.].*)/\2 \4/p" |
  grep -v '^\.rel\.ro' | sed -E 's/^[^ ]* //' | sort -u)
[[ -n $objects ]] || { echo "$library: no objects found"; exit 1; }
broken=$(grep -Ev "$pattern" <<< "$objects" || true)
[[ -z $broken ]] || { printf 'global mutable state:\n%s\n' "$broken"; exit 1; }
