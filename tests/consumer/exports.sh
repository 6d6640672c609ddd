#!/usr/bin/env bash
# exports.sh <libdagrad.so>: it exports dagrad's symbols and no one else's, and stays small.
set -euo pipefail

library=$1
most=$((7 * 1000 * 1000))  # some 150 ops, at 35 kB each
names=$(nm --dynamic --defined-only "$library" | cut -d' ' -f3)
grep -qx _ZN6dagrad7versionEv <<< "$names" || { echo "no dagrad::version() exported"; exit 1; }

# Mangled names: a demangled one may begin with its result. Functions and data of namespace dagrad;
# typeinfo, vtables, guards and thread-local wrappers; thunks, whose offset comes first.
foreign=$(grep -vE '^_Z(T[ISVTCWH]|GV|T[hvc][^N]*_)?N[KRO]*6dagrad' <<< "$names" || true)
[[ -z $foreign ]] || { echo "exported, but not dagrad's:"; c++filt <<< "$foreign"; exit 1; }

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip --strip-unneeded -o "$stripped" "$library"
size=$(stat --format=%s "$stripped")
echo "$(wc -l <<< "$names") symbols exported, $size bytes stripped"
((size <= most)) || { echo "more than $most bytes"; exit 1; }
