#!/usr/bin/env bash
# goldens_are_read.sh <root>: checks that a test reads each golden file, and the cases of each op in
# tests/golden/ops.
set -euo pipefail
cd "$1"

mapfile -t sources < <(find tests -name '*.cpp')
mapfile -t golden_tests < <(grep -l check_golden_cases tests/ops/*_test.cpp)
unread=$(
  find tests/golden tests/pictures/golden -type f ! -name '*.py*' ! -name '*.?pp' ! -name '*.md' \
    ! -name CMakeLists.txt ! -path 'tests/golden/ops/*' | sort | while read -r file; do
    stem=$(basename "${file%.*}")
    # Some tests put names together, such as float32 + _fortran and elementwise_ + unary_float32.
    grep -qE "[\"/]$stem[.\"]|\"_?${stem#*_}\"" "${sources[@]}" || echo "$file"
  done
  grep -hoP '"op": ?"\K\w+' tests/golden/ops/*.json | sort -u | while read -r op; do
    grep -qF "\"$op\"" "${golden_tests[@]}" || echo "the cases of $op in tests/golden/ops"
  done
)
[[ -z $unread ]] || { printf 'read by no test:\n%s\n' "$unread"; exit 1; }
