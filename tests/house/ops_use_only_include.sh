#!/usr/bin/env bash
# ops_use_only_include.sh <compiler> <root>: checks that built-in ops use only what user-defined ops
# can use. The sources of ops/ include no private files and no libraries that dagrad depends on;
# neither they nor their headers use `detail`.
set -euo pipefail

compiler=$1 root=$2
cd "$root"
sources=$(find ops -name '*.cpp' 2> /dev/null || true)
[[ -n $sources ]] || { echo "no sources under $root/ops"; exit 1; }

# The files that the preprocessor reads, from its line markers. shellcheck disable=SC2086 # file
# names contain no spaces
read=$("$compiler" -std=c++20 -I include -I . -I src -E $sources |
  sed -n 's/^# [0-9]* "\([^"]*\)".*/\1/p' | sort -u)
grep -q '^include/dagrad/config.hpp$' <<< "$read" || { echo "nothing of include/ read"; exit 1; }
private='(^|\./)src/|/(boost|oneapi|tbb|openblas[^/]*|xbyak|Random123|spdlog|fmt)/'
private+='|/(dnnl|cblas|zip)[a-z_]*\.h'
broken=$(grep -E "$private" <<< "$read" || true)
[[ -z $broken ]] || { printf 'ops/ reads:\n%s\n' "$broken"; exit 1; }

broken=$(grep -rnE '\bdetail::|namespace detail|dagrad/detail/' ops include/dagrad/ops || true)
[[ -z $broken ]] || { printf 'ops use what is in detail:\n%s\n' "$broken"; exit 1; }
