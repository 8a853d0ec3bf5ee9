#pragma once

#include <cstdint>

namespace millrace {

/// The secret of a job's hash functions. One value per job: every partition and process of the job
/// hashes with the same seed, so that a record is routed alike everywhere and a stored hash can be
/// reused when partial results are merged. Drawn at random when a job starts, so that nobody
/// outside can choose keys that collide; kept with its checkpoints; fixed in tests.
struct hash_seed {
  std::uint64_t value = 0;

  friend constexpr bool operator==(hash_seed, hash_seed) = default;
};

} // namespace millrace
