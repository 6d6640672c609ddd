#!/usr/bin/env bash
# check.sh <compiler> <include folder> <precompiled header> <source>: checks that the compiler
# refuses the source with the expected text. A source with flags of its own does not use the header.
set -euo pipefail

compiler=$1 include=$2 header=$3 source=$4
comment=$(sed -n '/^\/\//!q;s|^// ||p' "$source")
expected=$(grep -v '^flags: ' <<< "$comment" | paste -sd' ' | sed -n 's/^expect: //p')
flags=$(sed -n 's/^flags: //p' <<< "$comment")
[[ -n $expected ]] || { echo "$source does not start with '// expect: <text>'"; exit 1; }
[[ -n $flags ]] || flags="-include $header"

# shellcheck disable=SC2086 # flags are separate words
if said=$("$compiler" -std=c++20 -fsyntax-only $flags -I "$include" "$source" 2>&1); then
  echo "$source compiles but should not"
  exit 1
fi
if ! grep -qF -- "$expected" <<< "$said"; then
  printf 'expected: %s\ngot:\n%s\n' "$expected" "$said"
  exit 1
fi
