#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR source=planted_tree.sh
source "$(dirname "${BASH_SOURCE[0]}")/planted_tree.sh"

good_tree
passes format.sh
passes shell.sh

plant apps/examples/bad.cpp <<<'int  main( ){return 0;}'
fails format.sh "apps/examples/bad.cpp: not formatted"

good_tree
passes all.sh
plant libstream/millrace/base/bad.hpp <<<$'#pragma once\n\n#include "millrace/chunk/chunk.hpp"'
fails all.sh "checks: failed: layers.py"

if command -v shellcheck >/dev/null; then
  good_tree
  # shellcheck disable=SC2016
  plant tools/bad.sh <<<$'#!/usr/bin/env bash\nrm -rf $1/build'
  fails shell.sh "SC2086"
fi
