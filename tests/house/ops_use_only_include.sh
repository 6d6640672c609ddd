#!/usr/bin/env bash
# ops_use_only_include.sh <compiler> <root>: a built-in op has nothing that a user's op lacks. The
# sources of ops/ read no private file, and no library that dagrad is built on; nor do they or their
# headers use what is in `detail`.
set -euo pipefail

compiler=$1 root=$2
cd "$root"
sources=$(find ops -name '*.cpp' 2> /dev/null || true)
[[ -n $sources ]] || { echo "no sources under $root/ops"; exit 1; }

# The files that the preprocessor goes through, from its line markers.
# shellcheck disable=SC2086  # no name in the tree has a space
read=$("$compiler" -std=c++20 -I include -I . -I src -E $sources |
  sed -n 's/^# [0-9]* "\([^"]*\)".*/\1/p' | sort -u)
grep -q '^include/dagrad/config.hpp$' <<< "$read" || { echo "nothing of include/ read"; exit 1; }
private='(^|\./)src/|/(boost|oneapi|tbb|openblas[^/]*|xbyak|Random123|spdlog|fmt)/'
private+='|/(dnnl|cblas|zip)[a-z_]*\.h'
broken=$(grep -E "$private" <<< "$read" || true)
[[ -z $broken ]] || { printf 'ops/ reads:\n%s\n' "$broken"; exit 1; }

broken=$(grep -rnE '\bdetail::|namespace detail|dagrad/detail/' ops include/dagrad/ops || true)
[[ -z $broken ]] || { printf 'ops use what is in detail:\n%s\n' "$broken"; exit 1; }
