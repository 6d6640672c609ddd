#!/usr/bin/env bash
# options_in_gallery.sh <root>: the gallery of pictures names every member of PictureOptions, and of
# the structs that it consists of, as code.
set -euo pipefail
cd "$1"

members=$(awk '
  /^struct (PictureOptions|Theme|PictureMark|PictureScale|ScopeDetail|PictureGroup|Paint) / {
    inside = 1; next
  }
  /^};/ { inside = 0 }
  inside && !/^ *\/\/\// && /[a-z_]+( = [^;]*)?(, [a-z_]+( = [^;,]*)?)*;/ && !/\(/ {
    sub(/ *\/\/\/.*/, ""); gsub(/"[^"]*"/, "")
    sub(/^ *(std::[a-z_]+<[^ ]*> |std::[a-z_]+<.*> |[A-Za-z:]+ )/, "")
    gsub(/ = [^,;]*/, ""); gsub(/[;,]/, " "); print
  }' include/dagrad/picture.hpp | tr -s ' ' '\n' | grep . | sort -u)
(($(wc -l <<< "$members") > 40)) || { printf 'too few members read:\n%s\n' "$members"; exit 1; }

missing=""
code=$(awk '/^```/ { inside = !inside; next } inside { print } !inside {
  while (match($0, /`[^`]*`/)) {
    print substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH)
  }
}' docs/guide/gallery.md)
for member in $members; do
  grep -qwF -- "$member" <<< "$code" || missing+="$member"$'\n'
done
[[ -z $missing ]] || { printf 'not in docs/guide/gallery.md:\n%s' "$missing"; exit 1; }
