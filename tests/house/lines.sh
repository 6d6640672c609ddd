#!/usr/bin/env bash
# lines.sh <root>: checks the length of files and lines.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$1"

sources=$(find src include ops tests docs .ci run -type f \
  -regex '\(.*/\)?\(run\|CMakeLists\.txt\|.*\.\(hpp\|cpp\|sh\|cmake\|map\)\)')

# shellcheck disable=SC2086 # file names contain no spaces
broken=$(
  awk 'FNR == 401 { print FILENAME ": more than 400 lines" }' $sources
  # The message that a program in must_fail expects must be on one line.
  grep -v '^tests/must_fail/.*cpp$' <<< "$sources" |
    xargs grep --line-number --extended-regexp '^.{101,}' | sed 's/$/  (over 100 columns)/'
) || true
[[ -z $broken ]] || { echo "$broken"; exit 1; }
