#!/usr/bin/env bash
# fuzz.sh FOLDER [NAME] [SECONDS]: runs the fuzzers of FOLDER, each for SECONDS, on what they found
# before. Stops at the first finding; its input lies in FOLDER/findings.
set -euo pipefail
folder=${1:?usage: fuzz.sh FOLDER [NAME] [SECONDS]}
name=${2:-}
seconds=${3:-60}
if [[ $name =~ ^[0-9]+$ ]]; then
  seconds=$name
  name=""
fi
found=0
for fuzzer in "$folder"/*_fuzz; do
  [[ -z $name || $(basename "$fuzzer") == "${name}_fuzz" ]] || continue
  found=1
  corpus=$folder/corpus/$(basename "$fuzzer")
  mkdir -p "$corpus" "$folder/findings"
  echo "fuzz: $(basename "$fuzzer") for $seconds seconds"
  "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=128 -timeout=10 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$folder/findings/" "$corpus" 2>&1 |
    grep -E "^(==|SUMMARY|Test unit|stat::number_of_executed|ERROR|    #)|cov:.*(REDUCE|DONE)" |
    tail -n 25
done
[[ $found == 1 ]] || { echo "fuzz: no fuzzer ${name:-} in $folder"; exit 1; }
