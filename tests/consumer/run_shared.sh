#!/usr/bin/env bash
# run_shared.sh SOURCE BUILD COMPILER GENERATOR: builds shared libraries inside BUILD, then as run.sh.
set -euo pipefail
source_dir=$1 shared_dir=$2/shared compiler=$3 generator=$4
cmake -S "$source_dir" -B "$shared_dir" -G "$generator" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_COMPILER="$compiler" -DBUILD_SHARED_LIBS=ON -DSTRATA_TESTS=OFF -DSTRATA_BENCH=OFF
cmake --build "$shared_dir" --parallel "$(nproc)"
exec "$source_dir/tests/consumer/run.sh" "$source_dir" "$shared_dir" "$compiler" "$generator"
