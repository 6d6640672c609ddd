#!/usr/bin/env bash
# names_on_pages.sh <clang> <root>: every public function, member, enumerator and macro of
# include/dagrad, options among them, occurs on a page of the guide or of the ops. Names in the
# namespaces detail and kernels need not.
set -euo pipefail

compiler=$1
cd "$2"
names=$(mktemp)
trap 'rm -f "$names"' EXIT
dump=(-Xclang -ast-dump -Xclang -ast-dump-filter=dagrad -fno-color-diagnostics)
"$compiler" -std=c++20 -I include -fsyntax-only "${dump[@]}" -x c++ - \
  <<< '#include <dagrad/train.hpp>' | awk -f tests/house/public_names.awk | sort -u > "$names"
(($(wc -l < "$names") > 1000)) || { echo "no names read"; exit 1; }
awk -F '[ (]' '/^#define / { macros[$2] = 1 } /^#undef / { delete macros[$2] }
  END { for (name in macros) print "macro -", name }' include/dagrad/*.hpp \
  include/dagrad/train/*.hpp >> "$names"

missing=$(awk -f tests/house/names_on_pages.awk "$names" \
  docs/guide/*.md docs/guide/models/*.md docs/ops/*.md | sort)
[[ -z $missing ]] || { printf 'on no page:\n%s\n' "$missing"; exit 1; }
