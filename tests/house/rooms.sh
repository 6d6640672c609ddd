#!/usr/bin/env bash
# rooms.sh <root>: checks that each directory of src/ includes only the directories that the house
# plan allows, and no public header of a directory to its right: code on the left does not depend on
# code on the right.
set -euo pipefail
cd "$1"

# directory: the other directories that it may include. All of them may include src/tensor.
declare -A may=(
  [tensor]=""
  [graph]="tensor"
  [program]="tensor"
  [batch]="graph tensor"
  [gradient]="graph program tensor"
  [passes]="graph program tensor"
  [loops]="program tensor"
  [exec]="gradient graph loops passes program tensor"
  [check]="gradient graph tensor"
  [io]="graph tensor"
  [pictures]="graph io program tensor"
  [inspect]="exec graph io passes program tensor"
  [train]="graph io tensor"
)
# Public headers that a directory must not include. (The counts of the code cache in Runtime belong
# to src/loops.)
right='compile|state|runtime|check|checkpoint|csv|dot|npy|npz|optimizers|updates|gtest'
declare -A unknown=(
  [tensor]="$right|graph|apply|rewrite|gradient|op|program|traced|ops/.*"
  [graph]="$right|gradient|program|traced|ops/.*"
  [program]="$right|graph|apply|rewrite|gradient|traced|ops/.*"
  [batch]="$right|gradient|traced"
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

# Public headers include only public headers.
bad=$(grep -rnE '^#include "' --include='*.hpp' include | grep -v '#include "dagrad/' || true)
[[ -z $bad ]] || broken+="include/ includes:"$'\n'"$bad"$'\n'

[[ -z $broken ]] || { printf '%s' "$broken"; exit 1; }
