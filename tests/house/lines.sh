#!/usr/bin/env bash
# lines.sh <root>: no file is longer than a reader can hold, no line longer than the page.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$1"

sources=$(find src include ops tests docs .ci run -type f \
  -regex '\(.*/\)?\(run\|CMakeLists\.txt\|.*\.\(hpp\|cpp\|sh\|cmake\|map\)\)')

# shellcheck disable=SC2086  # no name in the tree has a space
broken=$(
  awk 'FNR == 401 { print FILENAME ": more than 400 lines" }' $sources
  # What a program that must not compile expects stands in one line.
  grep -v '^tests/must_fail/.*cpp$' <<< "$sources" |
    xargs grep --line-number --extended-regexp '^.{101,}' | sed 's/$/  (over 100 columns)/'
) || true
[[ -z $broken ]] || { echo "$broken"; exit 1; }
