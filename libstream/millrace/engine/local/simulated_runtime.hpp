#pragma once

#include "millrace/engine/local/local_runtime.hpp"

#include <cstdint>

namespace millrace {

/// Runs a whole job on the caller's thread in an order drawn from a seed: tasks end, messages
/// arrive and outputs return in any order that the actor runtime could bring about, several batches
/// in flight. The same seed gives the same run, as far as no receiver has threads of its own.
///
/// For tests: what a job gives on it must not depend on the seed.
class simulated_runtime final : public local_runtime {
public:
  explicit simulated_runtime(std::uint64_t seed, batch_time start = batch_time{0})
      : local_runtime{start}, seed_{seed} {}

  void start(job what) override;

private:
  std::uint64_t seed_;
};

} // namespace millrace
