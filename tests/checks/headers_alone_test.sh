#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR source=planted_tree.sh
source "$(dirname "${BASH_SOURCE[0]}")/planted_tree.sh"

good_tree
passes headers_alone.py

plant libstream/millrace/base/bad.hpp <<<$'#pragma once\ninline std::string name();'
fails headers_alone.py "libstream/millrace/base/bad.hpp: does not compile alone"

# Without `#pragma once` a header does not survive being included twice.
good_tree
plant libstream/millrace/base/bad.hpp <<<'struct twice {};'
fails headers_alone.py "libstream/millrace/base/bad.hpp: does not compile alone"

# The build shows that of a header which a source includes first, but not what including it twice does.
good_tree
plant libstream/millrace/base/bad.hpp <<<$'#pragma once\ninline std::string name();'
plant libstream/millrace/base/bad.cpp <<<$'#include "millrace/base/bad.hpp"\n#include <string>'
passes headers_alone.py
plant libstream/millrace/base/bad.hpp <<<'inline int name();'
fails headers_alone.py "libstream/millrace/base/bad.hpp: does not compile alone"
good_tree
plant libstream/millrace/base/bad.hpp <<<$'#pragma once\ninline std::string name();'
plant libstream/millrace/base/bad.cpp <<<$'#include <string>\n#include "millrace/base/bad.hpp"'
fails headers_alone.py "libstream/millrace/base/bad.hpp: does not compile alone"

# What passed is remembered, but not beyond a change in a header that it includes.
good_tree
passes headers_alone.py
plant libstream/millrace/base/time.hpp <<<$'#pragma once\n'
fails headers_alone.py "libstream/millrace/chunk/chunk.hpp: does not compile alone"
