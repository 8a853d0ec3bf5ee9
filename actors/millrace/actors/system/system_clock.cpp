#include "millrace/actors/system/system_clock.hpp"

#include <algorithm>
#include <random>

namespace millrace::actors {

batch_time system_clock::wall_now() const {
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return batch_time{std::chrono::floor<std::chrono::milliseconds>(since_epoch).count()};
}

std::chrono::steady_clock::time_point system_clock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::chrono::steady_clock::time_point system_clock::steady_at(batch_time wall) const {
  const auto left =
      std::chrono::milliseconds{wall.ms()} - std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::nanoseconds>(left);
}

std::uint64_t draw_seed() {
  std::random_device entropy;
  std::uint64_t seed = (std::uint64_t{entropy()} << 32) | entropy();
  return std::max<std::uint64_t>(seed, 1);
}

} // namespace millrace::actors
