#!/usr/bin/env bash
# compile_time.sh <build folder>: CPU seconds that the library takes to compile from nothing,
# without ccache, by source and in all. The folder is configured, and is as good as built
# afterwards.
set -euo pipefail
cd "$1"
export CCACHE_DISABLE=1

TIMEFORMAT='%U %S'
ninja -t commands dagrad | grep -- ' -c ' | while read -r command; do
  { time eval "$command" 2> /dev/null; } 2>&1 | awk -v "source=${command##* -c }" \
    '{ printf "%7.2f  %s\n", $1 + $2, source }'
done | sort -rn | awk '{ print; all += $1 } END { printf "%7.2f  in all\n", all }'
