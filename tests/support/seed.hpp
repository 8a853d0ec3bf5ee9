#pragma once

#include <cstdint>

namespace millrace::test {

/// The seed of every randomised test of this run: from `--seed N`, else MILLRACE_SEED, else drawn
/// at random. The first call prints `seed=N`, which is all it takes to repeat a failure. Callable
/// from any thread.
std::uint64_t seed();

/// Fixes the seed. Has no effect on a seed that was handed out already, hence only for `main`.
void set_seed(std::uint64_t value);

} // namespace millrace::test
