#pragma once

#include "support/engine.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace millrace::test {

/// Every runtime that a suite of this room runs on.
inline std::vector<engine_factory> all_engines() { return {make_inline_engine}; }

/// Runs `body(engine)` once for each runtime, with a fresh engine.
template <class Body>
void on_all_engines(Body body) {
  for (auto& make : all_engines()) {
    auto on = make();
    CAPTURE(on->name());
    body(*on);
  }
}

} // namespace millrace::test
