#pragma once

#include "millrace/engine/local/local_runtime.hpp"

namespace millrace {

/// Runs a whole job on the caller's thread, one batch at a time and everything in order: for tests,
/// and the oracle that the other runtimes are compared with.
class inline_runtime final : public local_runtime {
public:
  explicit inline_runtime(batch_time start = batch_time{0}) : local_runtime{start} {}

  void start(job what) override;
};

} // namespace millrace
