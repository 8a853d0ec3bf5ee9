# shellcheck shell=bash
# For the tests of the checks: a small tree that passes every check, and what to plant in it. Sourced, not run.
set -euo pipefail

checks=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/check" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# plant FILE: writes standard input to FILE of the tree.
plant() {
  mkdir -p "$(dirname "$tree/$1")"
  cat >"$tree/$1"
}

# good_tree: forgets what was planted and starts from a tree without fault.
good_tree() {
  rm -rf "${tree:?}"/*
  cp "$checks/../../.clang-format" "$tree/"
  plant libstream/millrace/base/time.hpp <<<$'#pragma once\n\n#include <cstdint>\n\nusing time_ms = std::int64_t;'
  plant libstream/millrace/base/time.cpp <<<$'#include "millrace/base/time.hpp"\n\n#include <spdlog/spdlog.h>'
  plant libstream/millrace/chunk/chunk.hpp <<<$'#pragma once\n\n#include "millrace/base/time.hpp"\n\ntime_ms born();'
  plant actors/millrace/actors/system/caf.hpp <<<$'#pragma once\n\n#include "millrace/chunk/chunk.hpp"\n\n#include <caf/fwd.hpp>'
  plant tests/support/fixture.hpp <<<$'#pragma once\n\n#include "millrace/base/time.hpp"'
  plant tools/hello.sh <<<$'#!/usr/bin/env bash\necho hello'
}

# passes CHECK [MESSAGE]: the check must accept the tree, and say MESSAGE where one is given.
passes() {
  local output
  if ! output=$("$checks/$1" "$tree" 2>&1); then
    printf '%s must pass, but says:\n%s\n' "$1" "$output" >&2
    exit 1
  fi
  if [[ $output != *"${2-}"* ]]; then
    printf '%s must say "%s", but says:\n%s\n' "$1" "$2" "$output" >&2
    exit 1
  fi
}

# fails CHECK MESSAGE: the check must refuse the tree and say MESSAGE.
fails() {
  local output
  if output=$("$checks/$1" "$tree" 2>&1); then
    printf '%s must fail with "%s", but passes and says:\n%s\n' "$1" "$2" "$output" >&2
    exit 1
  fi
  if [[ $output != *"$2"* ]]; then
    printf '%s must say "%s", but says:\n%s\n' "$1" "$2" "$output" >&2
    exit 1
  fi
}
