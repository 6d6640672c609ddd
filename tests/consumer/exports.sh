#!/usr/bin/env bash
# exports.sh <libdagrad.so>: it exports dagrad's symbols and no one else's, and stays small.
set -euo pipefail

library=$1
most=$((5 * 1000 * 1000))
names=$(nm --dynamic --defined-only --demangle "$library" | cut -d' ' -f3-)
grep -q '^dagrad::version()$' <<< "$names" || { echo "dagrad::version() is not exported"; exit 1; }

# A function template's name starts with its result, so what follows that is looked at.
prefixes='(typeinfo|typeinfo name|vtable|VTT|guard variable|(non-)?virtual thunk|TLS [a-z ]+)'
prefixes+='( for| to)? '
foreign=$(grep -vE "^($prefixes)?dagrad::" <<< "$names" | grep -vE '^[^(]* dagrad::' || true)
[[ -z $foreign ]] || { echo "exported, but not dagrad's:"; echo "$foreign"; exit 1; }

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip --strip-unneeded -o "$stripped" "$library"
size=$(stat --format=%s "$stripped")
echo "$(wc -l <<< "$names") symbols exported, $size bytes stripped"
((size <= most)) || { echo "more than $most bytes"; exit 1; }
