#!/usr/bin/env bash
# check.sh <compiler> <include folder> <source>: checks that the compiler refuses the source with
# the expected text.
set -euo pipefail

compiler=$1 include=$2 source=$3
comment=$(sed -n '/^\/\//!q;s|^// ||p' "$source")
expected=$(grep -v '^flags: ' <<< "$comment" | paste -sd' ' | sed -n 's/^expect: //p')
flags=$(sed -n 's/^flags: //p' <<< "$comment")
[[ -n $expected ]] || { echo "$source does not start with '// expect: <text>'"; exit 1; }

# shellcheck disable=SC2086 # flags are separate words
if said=$("$compiler" -std=c++20 -fsyntax-only $flags -I "$include" "$source" 2>&1); then
  echo "$source compiles but should not"
  exit 1
fi
if ! grep -qF -- "$expected" <<< "$said"; then
  printf 'expected: %s\ngot:\n%s\n' "$expected" "$said"
  exit 1
fi
