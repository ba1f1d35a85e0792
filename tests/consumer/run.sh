#!/usr/bin/env bash
# run.sh SOURCE BUILD COMPILER GENERATOR: installs what BUILD holds into a folder of its own and builds
# the README's program against it twice, through find_package and through pkg-config. Fails if the
# program does not run, or takes more than 3 seconds of one processor to compile.
set -euo pipefail
source_dir=$1 build_dir=$2 compiler=$3 generator=$4
work=$build_dir/consumer
rm -rf "$work"
mkdir -p "$work"
cp "$source_dir/tests/consumer/CMakeLists.txt" "$work"
awk '/^```cpp/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$source_dir/README.md" \
  >"$work/main.cpp"
cmake --install "$build_dir" --prefix "$work/prefix" >"$work.log"
library_dir=$(dirname "$(find "$work/prefix" -name 'libstrata.*' | head -n 1)")
export LD_LIBRARY_PATH=$library_dir

echo "find_package:"
cmake -S "$work" -B "$work/build" -G "$generator" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_COMPILER_LAUNCHER= \
  -DCMAKE_PREFIX_PATH="$work/prefix" >>"$work.log"
cmake --build "$work/build" >>"$work.log"
accuracy=$("$work/build/consumer" | tee /dev/stderr | awk '/^accuracy/ { print $2 }')
awk "BEGIN { exit !(${accuracy:-0} > 0.9) }" || { echo "the program learned nothing"; exit 1; }

if command -v pkg-config >/dev/null; then
  echo "pkg-config:"
  read -r -a flags < <(PKG_CONFIG_PATH=$library_dir/pkgconfig pkg-config --cflags --libs strata)
  "$compiler" -std=c++20 "$work/main.cpp" "${flags[@]}" -o "$work/by_pkg_config"
  "$work/by_pkg_config" | grep -q '^accuracy 0.9'
fi

# The budget is for the library's own headers: the best of two, in processor time.
best=
for _ in 1 2; do
  TIMEFORMAT='%U'
  seconds=$({ time "$compiler" -std=c++20 -O2 -I "$work/prefix/include/strata" -c \
    "$work/main.cpp" -o "$work/main.o"; } 2>&1)
  if [[ -z $best ]] || awk "BEGIN { exit !($seconds < $best) }"; then best=$seconds; fi
done
echo "main.cpp compiles in $best s"
awk "BEGIN { exit !($best <= 3.0) }" || { echo "more than 3 s"; exit 1; }

# A shared library exports nothing but strata's own names.
for library in "$library_dir"/libstrata*.so; do
  [[ -e $library ]] || continue
  foreign=$(nm -D --defined-only "$library" | awk '$3 !~ /6strata/ { print $3 }')
  [[ -z $foreign ]] || { echo "$library exports foreign names:"; head -n 5 <<<"$foreign"; exit 1; }
done
