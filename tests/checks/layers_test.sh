#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR source=planted_tree.sh
source "$(dirname "${BASH_SOURCE[0]}")/planted_tree.sh"

good_tree
passes layers.py

plant libstream/millrace/base/bad.hpp <<<'#include "millrace/chunk/chunk.hpp"'
fails layers.py "libstream/millrace/base/bad.hpp:1: upward include: room 'base' includes millrace/chunk/chunk.hpp"

good_tree
plant libstream/millrace/codec/encoder.hpp <<<'#include "millrace/io/file_system.hpp"'
fails layers.py "sideways include: rooms 'codec' and 'io' are on one level"

good_tree
plant libstream/millrace/base/bad.cpp <<<'#  include <caf/actor.hpp>'
fails layers.py "includes caf/actor.hpp; only actors/ may include CAF"

good_tree
plant apps/examples/bad.cpp <<<'#include <caf/all.hpp>'
fails layers.py "apps/examples/bad.cpp:1: includes caf/all.hpp; only actors/ may include CAF"

for folder in compute protocol systems; do
  good_tree
  plant "actors/millrace/actors/$folder/bad.cpp" <<<'#include <caf/resumable.hpp>'
  fails layers.py "actors/$folder/bad.cpp:1: includes caf/resumable.hpp; in actors/ only actors/millrace/actors/system/ may include CAF"
done

good_tree
plant actors/millrace/bad.hpp <<<$'#pragma once\n\n#include <caf/fwd.hpp>'
fails layers.py "actors/millrace/bad.hpp:3: includes caf/fwd.hpp"

good_tree
plant actors/millrace/actors/system/turn.cpp <<<'#include <caf/resumable.hpp>'
plant actors/millrace/actors/compute/stage.cpp <<<'#include "millrace/actors/system/caf.hpp"'
passes layers.py

good_tree
plant libstream/millrace/flow/bad.cpp <<<'#include "millrace/actors/system/caf.hpp"'
fails layers.py "room 'flow' includes millrace/actors/system/caf.hpp, which is outside libstream's rooms"

good_tree
plant libstream/millrace/attic/bad.cpp <<<'#include <vector>'
fails layers.py "room 'attic' has no place in the layer order"

good_tree
plant apps/examples/bad.cpp <<<'#include "support/fixture.hpp"'
fails layers.py "includes support/fixture.hpp; only tests may include tests"

good_tree
plant actors/millrace/actors/bad.hpp <<<'#include "../system/caf.hpp"'
fails layers.py "name headers from their include root"

for header in msgpack.hpp toml++/toml.h CLI/CLI.hpp spdlog/spdlog.h boost/beast.hpp doctest/doctest.h; do
  for folder in libstream/millrace/base actors/millrace/actors/system; do
    good_tree
    plant "$folder/bad.hpp" <<<"#include <$header>"
    fails layers.py "($header); include it in a .cpp file only"
  done
done
