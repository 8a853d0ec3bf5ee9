#pragma once

#include "millrace/stage/payload.hpp"
#include "millrace/stage/payload_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// Whole records for one target, in upstream order, with their key hashes where the exchange is
/// keyed.
template <class T>
class records_payload : public payload {
public:
  std::size_t records() const override { return items.size(); }

  void clear() noexcept {
    items.clear();
    hashes.clear();
    keep.reset();
  }

  /// Gives back memory that is more than twice what the records need.
  void trim() {
    if (items.capacity() > 2 * items.size())
      items.shrink_to_fit();
    if (hashes.capacity() > 2 * hashes.size())
      hashes.shrink_to_fit();
  }

  std::vector<T> items;
  std::vector<std::uint64_t> hashes;
};

/// How many payloads a writer keeps for later: those of as many batches as are in flight by
/// default.
constexpr std::size_t payloads_kept(std::size_t targets) { return 2 * targets; }

/// Hands filled payloads on.
template <class Payload>
std::vector<payload_ptr> share_targets(std::vector<std::shared_ptr<Payload>>& targets) {
  std::vector<payload_ptr> taken{targets.begin(), targets.end()};
  targets.clear();
  return taken;
}

} // namespace millrace
