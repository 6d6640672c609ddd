#!/usr/bin/env bash
# one_definition.sh <root>: checks that no two headers define classes of the same name in the same
# namespace. Compilers do not notice this where no source includes both, and linkers keep the inline
# functions of only one.
set -euo pipefail
cd "$1"

names=$(find include src ops -name '*.hpp' -print0 | xargs -0 awk '
  FNR == 1 { depth = 0 }
  /^namespace .*\{$/ || /^namespace \{$/ { space[++depth] = $2 == "{" ? FILENAME : $2 }
  /^\}  \/\/ namespace/ { --depth }
  /^(class|struct|union|enum class) [A-Za-z_0-9]+( final)?( :.*| \{.*)?$/ {
    name = $1 == "enum" ? $3 : $2
    full = ""
    for (i = 1; i <= depth; ++i) full = full space[i] "::"
    print full name, FILENAME
  }')
(($(wc -l <<< "$names") > 500)) || { echo "only few classes were found" >&2; exit 1; }
doubled=$(cut -d' ' -f1 <<< "$names" | sort | uniq -d)
[[ -z $doubled ]] || { grep -wF "$doubled" <<< "$names" | sort; exit 1; }
