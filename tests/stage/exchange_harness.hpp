#pragma once

#include "millrace/op/op.hpp"
#include "millrace/stage/payload.hpp"
#include "op/recording_consumer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::test {

inline const auto exchange_who =
    std::make_shared<const op_info>(op_info{"reduce_by_key", "", {"job.cpp", 7}});

inline batch_context context_at(std::int64_t time, std::shared_ptr<const void> inputs = nullptr) {
  return {batch_time{time}, hash_seed{11}, std::move(inputs), batch_time{0}, nullptr};
}

/// Writes `partitions` (of lane 0) through a writer and takes its payloads. Chunks hold at most
/// `chunk` records.
template <class T>
std::vector<payload_ptr> write_all(exchange_writer& writer, std::vector<std::vector<T>> partitions,
                                   const batch_context& context = context_at(1000),
                                   std::size_t chunk = 1000) {
  writer.reset(context);
  auto& in = static_cast<consumer<T>&>(writer.lane_input(0));
  in.begin(context);
  for (std::uint32_t i = 0; i < partitions.size(); ++i) {
    in.open({0, i});
    for (std::span<T> rest{partitions[i]}; !rest.empty();) {
      auto part = rest.first(std::min(chunk, rest.size()));
      in.consume(part);
      rest = rest.subspan(part.size());
    }
    in.close();
  }
  in.end();
  return writer.take();
}

/// Reads one target from the payloads of all upstreams.
template <class T>
std::vector<T> read_target(exchange_reader& reader, recording_consumer<T>& down,
                           const std::vector<std::vector<payload_ptr>>& upstreams,
                           std::uint32_t target, const batch_context& context = context_at(1000)) {
  down = {};
  std::vector<payload_ptr> slots;
  for (auto& u : upstreams)
    slots.push_back(u.at(target));
  auto local = context;
  reader.read(local, {target, slots, std::vector<std::uint32_t>(slots.size(), 0)});
  return down.records;
}

inline std::string one_partition(std::uint32_t target) {
  return "begin open(0," + std::to_string(target) + ") close end";
}

} // namespace millrace::test
