#!/usr/bin/env bash
# tidy.sh BUILD [FILE ...]: clang-tidy 14 over the library's and programs' sources, or over FILEs.
set -euo pipefail
build=${1:?usage: tidy.sh BUILD [FILE ...]}
shift
cd "$(dirname "$0")/.."
command -v clang-tidy-14 >/dev/null || { echo "clang-tidy-14 is not installed"; exit 1; }
files=("$@")
if [[ ${#files[@]} == 0 ]]; then
  mapfile -t files < <(find strata models recipes apps tools -name '*.cpp' 2>/dev/null | sort)
fi
# The build may know fewer files than the tree: without STRATA_TESTS it has none of tools/.
known=()
for file in "${files[@]}"; do
  grep -qF "$PWD/$file\"" "$build/compile_commands.json" && known+=("$file")
done
printf '%s\n' "${known[@]}" |
  xargs -P "$(nproc)" -n 1 clang-tidy-14 -p "$build" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-unknown-warning-option 2>/dev/null
