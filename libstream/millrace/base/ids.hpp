#pragma once

#include "millrace/base/strong_id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace millrace {

/// An input stream of a job, numbered from 0 in the order of creation.
using stream_id = strong_id<struct stream_id_tag>;

/// A node (one dstream) of a job's graph, numbered from 0 in the order of creation.
using node_id = strong_id<struct node_id_tag>;

/// A stage: the part of the graph between two exchanges.
using stage_id = strong_id<struct stage_id_tag>;

/// A partition of a stage or of a batch, numbered from 0.
using partition_id = strong_id<struct partition_id_tag>;

/// An output operation of a job, numbered from 0 in the order of creation.
using output_id = strong_id<struct output_id_tag>;

/// Names one block of received records: the stream that received it and its number in that stream.
/// Whoever numbers a stream's blocks begins at 0, in a new process or on another machine too; the
/// incarnation tells them apart, so that no two blocks of a job have one name.
struct block_id {
  stream_id stream;
  std::uint64_t number = 0;
  std::uint32_t incarnation = 0;

  friend constexpr auto operator<=>(const block_id&, const block_id&) noexcept = default;

  template <class H>
  friend H AbslHashValue(H state, const block_id& id) {
    return H::combine(std::move(state), id.stream, id.number, id.incarnation);
  }
};

/// "input-<stream>-<number>", the name that Spark gives to a block; with the incarnation behind it,
/// "input-3-17.2", unless that is 0.
inline std::string to_string(const block_id& id) {
  auto name = "input-" + to_string(id.stream) + "-" + std::to_string(id.number);
  if (id.incarnation != 0)
    name.append(".").append(std::to_string(id.incarnation));
  return name;
}

inline std::ostream& operator<<(std::ostream& out, const block_id& id) {
  return out << to_string(id);
}

} // namespace millrace

template <>
struct std::hash<millrace::block_id> {
  std::size_t operator()(const millrace::block_id& id) const noexcept {
    // A multiply by the golden ratio spreads consecutive block numbers of neighbouring streams.
    const auto mixed = (id.number + 1) * 0x9e3779b97f4a7c15ULL ^ id.stream.value() ^
                       (std::uint64_t{id.incarnation} << 40U);
    return static_cast<std::size_t>(mixed ^ (mixed >> 32U));
  }
};
