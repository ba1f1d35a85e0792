#!/usr/bin/env bash
# format.sh check|fix [ROOT]: compares the C++ sources with .clang-format, or rewrites them.
# Exit 77 when clang-format 14 is not installed: other versions lay some lines out differently.
set -euo pipefail
mode=${1:?usage: format.sh check|fix [ROOT]}
cd "${2:-$(dirname "$0")/..}"

tool=""
for candidate in clang-format-14 clang-format; do
  if [[ "$($candidate --version 2>/dev/null)" == *"version 14."* ]]; then
    tool=$candidate
    break
  fi
done
if [[ -z "$tool" ]]; then
  echo "clang-format 14 is not installed: the format is not checked (apt install clang-format-14)"
  exit 77
fi

folders=()
for folder in strata models recipes apps tests bench tools examples; do
  [[ -d $folder ]] && folders+=("$folder")
done
mapfile -t files < <(find "${folders[@]}" -name '*.h' -o -name '*.cpp' | sort)
if [[ $mode == fix ]]; then
  "$tool" -i "${files[@]}"
else
  # file:line:column: and the two lines around it; only the first line of each is of use here.
  if ! report=$("$tool" --dry-run -Werror "${files[@]}" 2>&1); then
    grep -E '^[^ ].*: (error|warning): ' <<<"$report" | sed 's/: error: .*/: [format] run .\/dev format/' |
      cut -d: -f1,2,4- | sort -u
    exit 1
  fi
  echo "${#files[@]} files are formatted"
fi
