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

pull_inputs::pull_inputs(const job_graph& graph) {
  for (auto& source : graph.sources())
    if (auto* pulled = std::get_if<std::shared_ptr<pull_source>>(&source->spec()))
      inputs_.push_back({source->stream(), describe(*source->info()), *pulled});
}

void pull_inputs::start(batch_time now, const logger& log) const {
  for (auto& in : inputs_)
    in.source->start(now, log);
}

bool pull_inputs::block() const {
  return std::ranges::any_of(inputs_, [](auto& in) { return in.source->blocks(); });
}

result<pulled_inputs> pull_inputs::pull(batch_time time) const {
  pulled_inputs out;
  for (auto at = inputs_.begin(); at != inputs_.end(); ++at) {
    auto failed = [&](const std::string& how) {
      auto why =
          fail(errc::user_function_failed, "Error generating a batch for time " + to_string(time) +
                                               ": " + at->description + " threw" + how);
      take_back(out);
      std::rotate(inputs_.begin(), at, at + 1);
      return why;
    };
    try {
      out.streams.push_back({at->stream, pull_from(*at, time)});
    } catch (const std::exception& e) {
      return failed(std::string(": ") + e.what());
    } catch (...) {
      return failed(" something that is not a std::exception");
    }
  }
  return out;
}

std::optional<std::vector<block_ptr>> pull_inputs::pull_from(input& in, batch_time time) {
  auto blocks = in.source->pull(time);
  if (in.kept.empty())
    return blocks;
  auto all = std::exchange(in.kept, {});
  if (blocks)
    all.insert(all.end(), blocks->begin(), blocks->end());
  return all;
}

void pull_inputs::take_back(const pulled_inputs& given) const {
  for (std::size_t i = 0; i < given.streams.size(); ++i) {
    auto& blocks = given.streams[i].blocks;
    if (blocks && !inputs_[i].source->take_back(*blocks))
      inputs_[i].kept = *blocks;
  }
}

batch_assembler::batch_assembler(const job_graph& graph, block_store& store,
                                 std::size_t max_batches)
    : pulls_{std::make_shared<const pull_inputs>(graph)},
      ledger_{streams_of(graph)},
      store_{store},
      max_batches_{max_batches} {
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
  if (pending_.empty() || open_.size() >= max_batches_)
    return std::nullopt;
  auto& oldest = pending_.front();
  last_ = oldest.begin;
  oldest.begin = oldest.begin + oldest.period;
  if (oldest.empty())
    pending_.pop_front();
  open_.insert(last_);
  return last_;
}

std::optional<result<allocated_batch_ptr>> batch_assembler::next() {
  auto time = take_due();
  if (!time)
    return std::nullopt;
  auto pulled = pulls_->pull(*time);
  if (!pulled)
    return tl::unexpected{std::move(pulled).error()};
  return allocate(*time, std::move(*pulled));
}

result<allocated_batch_ptr> batch_assembler::allocate(batch_time time, pulled_inputs pulled) {
  auto batch = std::make_shared<allocated_batch>();
  batch->time = time;
  auto received = ledger_.allocate(time);
  if (!received)
    return tl::unexpected{received.error()};
  for (auto& in : inputs_) {
    auto& blocks = batch->blocks[in.stream];
    auto next = [&] { return static_cast<std::uint32_t>(blocks.size()); };
    auto from = std::ranges::find(pulled.streams, in.stream, &pulled_inputs::entry::stream);
    if (from == pulled.streams.end()) {
      for (auto& meta : (*received)->of(in.stream))
        blocks.emplace_back(next(), meta.id, meta.records, meta.bytes);
    } else if (from->blocks) {
      for (auto& b : *from->blocks)
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
  open_.erase(time);
  auto freed = ledger_.done(time);
  return freed.empty() ? 0 : store_.release(freed);
}

} // namespace millrace
