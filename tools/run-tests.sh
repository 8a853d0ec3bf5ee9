#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests: run-tests.sh [--release|--asan|--asan-core|--tsan|--ci]
# --asan-core is --asan for the rooms that handle memory only, in half the time. Without an option the `ci` preset is used:
# release flags, warnings are errors. The last lines are ctest's summary.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

preset=ci
configuration=
case ${1:-} in
  "" | --ci) ;;
  --dev | --release | --asan | --tsan) preset=${1#--} ;;
  --asan-core)
    preset=asan-core
    configuration=asan
    ;;
  *)
    echo "run-tests: unknown option '$1'; use --dev, --release, --asan, --asan-core, --tsan or --ci (default)" >&2
    exit 2
    ;;
esac

tools/install-deps.sh
if [[ $preset == tsan ]]; then
  tools/cmake/build-tsan-caf.sh
fi

jobs=${JOBS:-$(nproc)}
configuration=${configuration:-$preset}
logs=$root/build/$configuration/logs
mkdir -p "$logs"
echo "run-tests: preset $preset, logs in $logs"

cmake --preset "$configuration" >"$logs/configure.log" || {
  tail -40 "$logs/configure.log" >&2
  exit 1
}
cmake --build --preset "$preset" -j "$jobs" >"$logs/build.log" 2>&1 || {
  grep -E -A8 'error:|FAILED' "$logs/build.log" >&2 || tail -40 "$logs/build.log" >&2
  echo "run-tests: the build failed, see $logs/build.log" >&2
  exit 1
}
ctest --preset "$preset" -j "$jobs" --no-label-summary --output-log "$logs/ctest.log"
