#!/usr/bin/env bash
# no_global_state.sh <objdump> <library>: the static library keeps in writable memory what is listed
# here, and nothing else.
set -euo pipefail
objdump=$1 library=$2

allowed='
# Constants that are made when they are first needed.
dagrad::Op::Op<.*>\(.*\)::model
dagrad::\(anonymous namespace\)::Sampler::(float|int)_shapes\(\)::all
dagrad::best_instruction_set\(\)::best
dagrad::detail::(\(anonymous namespace\)::plain|avx2|avx512)_functions\(\)::table
dagrad::detail::VectorEmitter::heap\(\)::heap
dagrad::kernels::\(anonymous namespace\)::engine\(\)::cpu
# The default of options.
dagrad::Runtime::shared\(\)::runtime
# Whether this process was forked, which nobody can be handed.
dagrad::detail::\(anonymous namespace\)::forked\(\)::(child|watched)
# OpenBLAS has global state of its own; one thread at a time calls it.
dagrad::kernels::lapack::\(anonymous namespace\)::one_at_a_time
# Memory that a thread works in, the library functions of its Numbers, and what it is logging.
dagrad::decisions\(.*\)::values
dagrad::interpret\(.*\)::scratch
dagrad::kernels::\(anonymous namespace\)::scratch<.*>\(long\)::(blocks|size)
dagrad::detail::\(anonymous namespace\)::table_in_force
dagrad::detail::\(anonymous namespace\)::Telling::innermost
# Of the compiler and of other libraries.
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
