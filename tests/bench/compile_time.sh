#!/usr/bin/env bash
# compile_time.sh <build folder>: prints the CPU seconds for compiling the library from scratch
# without ccache, per source and in total. The build directory must be configured, and is up to date
# afterwards.
set -euo pipefail
cd "$1"
export CCACHE_DISABLE=1

TIMEFORMAT='%U %S'
ninja -t commands dagrad | grep -- ' -c ' | while read -r command; do
  { time eval "$command" 2> /dev/null; } 2>&1 | awk -v "source=${command##* -c }" \
    '{ printf "%7.2f  %s\n", $1 + $2, source }'
done | sort -rn | awk '{ print; all += $1 } END { printf "%7.2f  in total\n", all }'
