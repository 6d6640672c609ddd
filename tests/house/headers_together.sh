#!/usr/bin/env bash
# headers_together.sh <compiler> <root> <header>...: checks that public headers compile in one
# source, without warnings.
set -euo pipefail

compiler=$1 root=$2
shift 2
cd "$root"
printf '#include <%s>\n' "$@" |
  "$compiler" -std=c++20 -I include -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
    -fsyntax-only -x c++ -
