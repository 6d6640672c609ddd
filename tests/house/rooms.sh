#!/usr/bin/env bash
# rooms.sh <root>: a room of src/ includes only the rooms that the house plan lets it, and no public
# header of a room on its right. Nothing on the left knows anything on the right.
set -euo pipefail
cd "$1"

# room: the other rooms that it may include. All stand on src/tensor.
declare -A may=(
  [tensor]=""
  [graph]="tensor"
  [program]="tensor"
  [gradient]="graph program tensor"
  [passes]="graph program tensor"
  [loops]="program tensor"
  [exec]="gradient graph loops passes program tensor"
  [check]="gradient graph tensor"
  [io]="graph tensor"
  [train]=""
)
# Public headers that a room must not know. (What Runtime says of the code cache is of src/loops.)
right='compile|state|runtime|check|checkpoint|csv|dot|npy|npz|optimizers|updates|gtest'
declare -A unknown=(
  [tensor]="$right|graph|apply|rewrite|gradient|op|program|traced|ops/.*"
  [graph]="$right|gradient|program|traced|ops/.*"
  [program]="$right|graph|apply|rewrite|gradient|traced|ops/.*"
  [gradient]="$right"
  [passes]="$right"
  [loops]="${right/runtime|/}|graph|apply|rewrite|gradient|traced|ops/.*"
)

broken=""
for path in src/*/; do
  room=$(basename "$path")
  [[ $room == cmake ]] && continue
  [[ -v may[$room] ]] || { broken+="src/$room is not in the house plan"$'\n'; continue; }
  rooms=${may[$room]}
  allowed="^($room${rooms:+|${rooms// /|}})/"
  includes=$(grep -rhoE '^#include "[^"]+"' --include='*.hpp' --include='*.cpp' "$path" |
    sed 's/^#include "//; s/"$//' | sort -u)
  bad=$(sed -n 's|^src/||p' <<< "$includes" | grep -vE "$allowed" || true)
  bad+=$(grep -vE '^(src|dagrad)/' <<< "$includes" || true)
  [[ -v unknown[$room] ]] &&
    bad+=$(grep -E "^dagrad/(${unknown[$room]})\.hpp$" <<< "$includes" || true)
  [[ -z $bad ]] || broken+="src/$room includes:"$'\n'"$bad"$'\n'
done

# The public headers stand alone.
bad=$(grep -rnE '^#include "' --include='*.hpp' include | grep -v '#include "dagrad/' || true)
[[ -z $bad ]] || broken+="include/ includes:"$'\n'"$bad"$'\n'

[[ -z $broken ]] || { printf '%s' "$broken"; exit 1; }
