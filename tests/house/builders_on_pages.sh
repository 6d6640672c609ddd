#!/usr/bin/env bash
# builders_on_pages.sh <root>: checks that each builder declared by a header of ops is in the index
# of the catalogue and has one section on one of its pages.
set -euo pipefail

cd "$1"
declaration='^(?!(template|struct|using|inline|T|std::string)\b)[A-Za-z][\w:<>, ]* \K\w+(?=\()'
builders=$(grep -hoP "$declaration" include/dagrad/ops/*.hpp | sort -u)
(($(wc -w <<< "$builders") > 100)) || { echo "no builders read"; exit 1; }

# lacks <what> <pattern> <file>...: prints the builders that the pattern does not match exactly
# once.
lacks() {
  grep -hoP "$2" "${@:3}" | sort | uniq -u | comm -23 <(echo "$builders") - |
    sed "s/$/: not one $1/"
}
broken=$(lacks section '^## \K\w+$' docs/ops/*.md
  lacks 'entry in the index' '^\| \[\K\w+(?=\]\()' docs/ops/README.md)
[[ -z $broken ]] || { printf '%s\n./run docs writes both\n' "$broken"; exit 1; }
