#!/usr/bin/env bash
# The format check passes on formatted code, fails on other code, and says where.
set -euo pipefail
source_dir=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/strata"
cp "$source_dir/.clang-format" "$tree/"
printf 'int f(int x) { return x; }\n' >"$tree/strata/good.cpp"
status=0
"$source_dir/tools/format.sh" check "$tree" || status=$?
[[ $status == 77 ]] && exit 77
[[ $status == 0 ]] || { echo "a formatted tree was refused"; exit 1; }
printf 'int f(int x) { return x; }\nint  g( );\n' >"$tree/strata/bad.cpp"
if report=$("$source_dir/tools/format.sh" check "$tree"); then
  echo "an unformatted tree was accepted"
  exit 1
fi
grep -q '^strata/bad.cpp:2: \[format\]' <<<"$report" || { echo "no place in: $report"; exit 1; }
"$source_dir/tools/format.sh" fix "$tree"
"$source_dir/tools/format.sh" check "$tree"
