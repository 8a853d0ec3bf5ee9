#!/usr/bin/env bash
# Builds and runs the consumer project: run.sh find_package|add_subdirectory SOURCE_DIR BUILD_DIR BUILD_TYPE
set -euo pipefail

way=$1 source_dir=$2 build_dir=$3 build_type=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$build_dir/install_consumer/$way
rm -rf "$work/prefix" "$work/build"
mkdir -p "$work"

options=(-G Ninja "-DCMAKE_BUILD_TYPE=$build_type")
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  export CCACHE_BASEDIR=$source_dir CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
fi
# A sanitized library needs a consumer linked with the same runtime.
sanitize=$(sed -n 's/^MILLRACE_SANITIZE:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
build=$work/build

if [[ $way == find_package ]]; then
  cmake --install "$build_dir" --prefix "$work/prefix" >"$work/install.log"
  options+=("-DCMAKE_PREFIX_PATH=$work/prefix")
  if [[ -n $sanitize ]]; then
    options+=("-DCMAKE_EXE_LINKER_FLAGS=-fsanitize=$sanitize")
  fi
else
  # All of Millrace is compiled again; but ccache has it, as long as flags and paths relative to the build folder are those
  # of the build that is being tested.
  build=$build_dir.add_subdirectory
  rm -rf "$build"
  options+=("-DMILLRACE_SOURCE_DIR=$source_dir" -DMILLRACE_WARNINGS=ON)
  if grep -q '^MILLRACE_WERROR:BOOL=ON' "$build_dir/CMakeCache.txt"; then
    options+=(-DMILLRACE_WERROR=ON)
  fi
fi

cmake -S "$here/consumer" -B "$build" "${options[@]}"
cmake --build "$build" -j "$(nproc)"

for program in uses_stream uses_actors; do
  answer=$("$build/$program")
  if [[ $answer != "6000 ms" ]]; then
    echo "$program printed '$answer', expected '6000 ms'" >&2
    exit 1
  fi
done

leaks=$(grep '"command"' "$build/compile_commands.json" | grep 'uses_' |
  grep -E -- '-Wall|-Wextra|-Werror|-march=|-fsanitize=' || true)
if [[ -n $leaks ]]; then
  echo "flags of Millrace's own build reached the consumer: $leaks" >&2
  exit 1
fi
if [[ $way == find_package ]] && grep -rn "$source_dir/\|$build_dir/" "$work/prefix/lib" --include='*.cmake'; then
  echo "the installed package names folders of the build" >&2
  exit 1
fi
echo "consumer by $way: ok"
