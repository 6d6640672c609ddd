#!/usr/bin/env bash
# pkg_config.sh <compiler> <prefix> static|shared: builds and runs main.cpp with pkg-config's flags.
set -euo pipefail

compiler=$1 prefix=$2 flavour=$3
here=$(dirname "$0")
program=$(mktemp)
trap 'rm -f "$program"' EXIT

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
[[ $flavour == static ]] && static=--static || static=
flags=$(pkg-config $static --cflags --libs dagrad)
echo "pkg-config says: $flags"
# shellcheck disable=SC2086 # flags are separate words
"$compiler" -std=c++20 "$here/main.cpp" $flags -o "$program"
"$program"
