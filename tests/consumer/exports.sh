#!/usr/bin/env bash
# exports.sh <libdagrad.so>: checks that the library exports dagrad's symbols and no others, and
# that it stays small.
set -euo pipefail

library=$1
most=$((7500 * 1000))  # about 200 ops at 32 kB each, and the rest
names=$(nm --dynamic --defined-only "$library" | cut -d' ' -f3)
grep -qx _ZN6dagrad7versionEv <<< "$names" || { echo "no dagrad::version() exported"; exit 1; }

# Names are mangled, because demangled ones may begin with the result type. Allowed are functions
# and data of namespace dagrad; typeinfo, vtables, guards and thread-local wrappers; and thunks,
# which begin with an offset.
foreign=$(grep -vE '^_Z(T[ISVTCWH]|GV|T[hvc][^N]*_)?N[KRO]*6dagrad' <<< "$names" || true)
[[ -z $foreign ]] || { echo "exported but not part of dagrad:"; c++filt <<< "$foreign"; exit 1; }

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip --strip-unneeded -o "$stripped" "$library"
size=$(stat --format=%s "$stripped")
echo "$(wc -l <<< "$names") symbols exported, $size bytes stripped"
((size <= most)) || { echo "more than $most bytes"; exit 1; }
