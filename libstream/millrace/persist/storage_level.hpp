#pragma once

#include "millrace/base/error.hpp"

#include <ostream>
#include <string>
#include <string_view>

namespace millrace {

/// Where and how the batches of a stream are kept: Spark's five flags. A value type.
/// Off-heap is accepted and means memory, because all memory here is. Copies on other nodes are up
/// to the runtime; one process keeps one copy whatever `replication` says.
struct storage_level {
  bool use_disk = false;
  bool use_memory = false;
  bool use_off_heap = false;
  /// As objects; otherwise as encoded bytes, which are smaller and cost time at each use. On disk
  /// they are always encoded.
  bool deserialized = false;
  int replication = 1;

  /// Whether anything is kept.
  [[nodiscard]] constexpr bool is_kept() const noexcept { return use_memory || use_disk; }

  /// Whether records are ever encoded, for which their type needs a codec.
  [[nodiscard]] constexpr bool needs_codec() const noexcept {
    return use_disk || (use_memory && !deserialized);
  }

  friend constexpr bool operator==(const storage_level&, const storage_level&) noexcept = default;
};

/// Spark's levels. A number at the end: so many copies.
namespace storage_levels {
inline constexpr storage_level none{};
inline constexpr storage_level disk_only{true, false, false, false, 1};
inline constexpr storage_level disk_only_2{true, false, false, false, 2};
inline constexpr storage_level disk_only_3{true, false, false, false, 3};
inline constexpr storage_level memory_only{false, true, false, true, 1};
inline constexpr storage_level memory_only_2{false, true, false, true, 2};
inline constexpr storage_level memory_only_ser{false, true, false, false, 1};
inline constexpr storage_level memory_only_ser_2{false, true, false, false, 2};
inline constexpr storage_level memory_and_disk{true, true, false, true, 1};
inline constexpr storage_level memory_and_disk_2{true, true, false, true, 2};
inline constexpr storage_level memory_and_disk_ser{true, true, false, false, 1};
inline constexpr storage_level memory_and_disk_ser_2{true, true, false, false, 2};
inline constexpr storage_level off_heap{true, true, true, false, 1};
} // namespace storage_levels

/// An error unless the flags go together: replication from 1 to 39, and off-heap not deserialized.
[[nodiscard]] result<void> validate(const storage_level& level);

/// Spark's name, such as "MEMORY_AND_DISK"; for other levels their flags, as Spark prints them:
/// "StorageLevel(disk, memory, 3 replicas)".
[[nodiscard]] std::string to_string(const storage_level& level);

/// The level of one of Spark's names, in upper or lower case.
[[nodiscard]] result<storage_level> parse_storage_level(std::string_view name);

inline std::ostream& operator<<(std::ostream& out, const storage_level& level) {
  return out << to_string(level);
}

} // namespace millrace
