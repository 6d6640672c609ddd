#!/usr/bin/env bash
# builders_on_pages.sh <root>: each builder that a header of ops declares is in the catalogue's
# index, and has one section on one of its pages.
set -euo pipefail

cd "$1"
declaration='^(?!(template|struct|using|inline|T|std::string)\b)[A-Za-z][\w:<>, ]* \K\w+(?=\()'
builders=$(grep -hoP "$declaration" include/dagrad/ops/*.hpp | sort -u)
(($(wc -w <<< "$builders") > 100)) || { echo "no builders read"; exit 1; }
broken=0
for builder in $builders; do
  sections=$(cat docs/ops/*.md | grep -c "^## $builder\$" || true)
  entries=$(grep -c "^| \[$builder\](" docs/ops/README.md || true)
  [[ $sections$entries == 11 ]] || {
    echo "$builder has $sections sections and $entries entries in the index"
    broken=1
  }
done
exit $broken
