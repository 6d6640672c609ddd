#!/usr/bin/env bash
# draw.sh TABLE PICTURE.svg: draws the table that `dagrad_bench --peers` has printed: for each row,
# the time of dagrad as a share of the best peer's, on one and on two threads.
set -euo pipefail
table=${1:?usage: draw.sh TABLE PICTURE.svg} picture=${2:?usage: draw.sh TABLE PICTURE.svg}
data=$(mktemp)
trap 'rm -f "$data"' EXIT

# One line for each row of the benchmark: its name, and the shares on one and on two threads.
awk -F ' *[|] *' '
  $7 ~ /, the best peer$/ {
    gsub(/`/, "", $2)
    name = $3 == "" ? $2 : $2 " " $3
    if (!(name in seen)) { seen[name]; order[++rows] = name }
    share[name, $4 + 0] = $9
  }
  END {
    for (i = rows; i >= 1; --i) {
      row = order[i]
      printf "\"%s\"\t%s\t%s\n", row, (row, 1) in share ? share[row, 1] : "?",
        (row, 2) in share ? share[row, 2] : "?"
    }
  }' "$table" > "$data"

rows=$(wc -l < "$data")
((rows > 0)) || { echo "draw.sh: $table has no rows with peers" >&2; exit 1; }
gnuplot << END
set terminal svg noenhanced size 760, $((110 + 18 * rows)) font "sans-serif,11" background "white"
set output "$picture"
set datafile separator tab
set datafile missing "?"
set logscale x
set xlabel "time of dagrad / time of the best peer\n(left of 1, dagrad is faster)"
set yrange [-0.7:$rows]
set ytics nomirror scale 0
set grid x
set key top outside horizontal
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb "gray40"
plot "$data" using 2:0:ytic(1) with points pt 6 ps 0.8 lw 2 lc rgb "#1f77b4" title "1 thread", \
     "$data" using 3:0 with points pt 7 ps 0.7 lc rgb "#d62728" title "2 threads"
END
