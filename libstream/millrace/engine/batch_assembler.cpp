#include "millrace/engine/batch_assembler.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

std::vector<stream_id> streams_of(const job_graph& graph) {
  std::vector<stream_id> out;
  for (auto& source : graph.sources())
    out.push_back(source->stream());
  return out;
}

} // namespace

batch_assembler::batch_assembler(const job_graph& graph, block_store& store,
                                 std::size_t max_batches)
    : ledger_{streams_of(graph)}, store_{store}, max_batches_{max_batches} {
  for (auto& source : graph.sources())
    inputs_.push_back({source->stream(), describe(*source->info())});
}

void batch_assembler::due(batch_time first, batch_time through, duration period) {
  constexpr std::size_t most_gaps = 1'000;
  const bool follows = !pending_.empty() && first <= pending_.back().end;
  if (!follows && pending_.size() <= most_gaps)
    pending_.push_back({first, through + period, period});
  else
    pending_.back().end = through + period;
  ledger_.close(through);
}

std::uint64_t batch_assembler::held_ticks() const {
  std::uint64_t n = 0;
  for (auto& range : pending_)
    n += range.count();
  return n;
}

std::optional<batch_time> batch_assembler::take_due() {
  if (pending_.empty() || open_.size() >= max_batches_ || pulled_bytes_ > store_.max_bytes())
    return std::nullopt;
  auto& oldest = pending_.front();
  last_ = oldest.begin;
  oldest.begin = oldest.begin + oldest.period;
  if (oldest.empty())
    pending_.pop_front();
  open_.push_back({last_});
  return last_;
}

result<allocated_batch_ptr> batch_assembler::allocate(batch_time time, pulled_inputs pulled,
                                                      const job_input_limits& limits) {
  const auto open = std::ranges::find(open_, time, &open_batch::time);
  if (open == open_.end())
    return fail(errc::illegal_state, "batch " + to_string(time) + " was not taken");
  auto batch = std::make_shared<allocated_batch>();
  batch->time = time;
  auto received = ledger_.allocate(time, limits);
  if (!received)
    return tl::unexpected{received.error()};
  open->pulled_bytes = pulled.bytes();
  pulled_bytes_ += open->pulled_bytes;
  for (auto& in : inputs_) {
    auto& blocks = batch->blocks[in.stream];
    auto next = [&] { return static_cast<std::uint32_t>(blocks.size()); };
    auto from = std::ranges::find(pulled.streams, in.stream, &pulled_inputs::entry::stream);
    if (from == pulled.streams.end()) {
      for (auto& meta : (*received)->of(in.stream))
        blocks.emplace_back(next(), meta.id, meta.records, meta.bytes, meta.position);
    } else if (from->splits) {
      for (auto& b : from->blocks)
        blocks.emplace_back(next(), std::move(b));
    } else {
      batch->absent.push_back(in.stream);
    }
    input_info info{in.stream, 0, 0, in.description};
    for (auto& b : blocks) {
      info.records += b.records;
      info.bytes += b.bytes;
    }
    batch->inputs.push_back(std::move(info));
  }
  return batch;
}

std::size_t batch_assembler::done(batch_time time) {
  const auto open = std::ranges::find(open_, time, &open_batch::time);
  if (open != open_.end()) {
    pulled_bytes_ -= open->pulled_bytes;
    open_.erase(open);
  }
  auto freed = ledger_.done(time);
  return freed.empty() ? 0 : store_.release(freed);
}

} // namespace millrace
