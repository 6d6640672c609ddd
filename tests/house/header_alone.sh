#!/usr/bin/env bash
# header_alone.sh <compiler> <root> <header>: checks that a public header compiles alone and without
# warnings, includes no private header, includes config.hpp, and includes no library except the one
# that it supports.
set -euo pipefail

compiler=$1 root=$2 header=$3
case $header in
  dagrad/bgl.hpp) own=boost ;;
  dagrad/format.hpp) own=fmt ;;
  dagrad/gtest.hpp) own=gtest ;;
  *) own=none ;;
esac

cd "$root"
compile=("$compiler" -std=c++20 -I include -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# Compiles a source that includes it, because `#pragma once` behaves differently in a main file.
source="#include <$header>"
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"${compile[@]}" -fsyntax-only -H -x c++ - <<< "$source" 2> "$said" ||
  { grep -v '^\.' "$said"; exit 1; }

# The files that the compiler reads; -H prints them after one dot per level.
read=$(sed -n 's/^\.\.* //p' "$said" | sort -u)
grep -q '^include/dagrad/config.hpp$' <<< "$read" || { echo "$header: no config.hpp"; exit 1; }
broken=$(grep -E '(^|\./)(src|ops|tests)/' <<< "$read" || true)
for library in boost fmt gtest spdlog tbb oneapi dnnl cblas openblas xbyak Random123 zip; do
  [[ $library == "$own" ]] || broken+=$(grep -E "/$library[^/]*(/|\.h)" <<< "$read" || true)
done
[[ -z $broken ]] || { printf '%s reads:\n%s\n' "$header" "$broken"; exit 1; }
