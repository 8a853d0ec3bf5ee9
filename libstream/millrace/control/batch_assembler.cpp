#include "millrace/control/batch_assembler.hpp"

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
  for (auto& source : graph.sources()) {
    input in{source->stream(), describe(*source->info()), nullptr};
    if (auto* pulled = std::get_if<std::shared_ptr<pull_source>>(&source->spec()))
      in.pulled = *pulled;
    inputs_.push_back(std::move(in));
  }
}

void batch_assembler::due(batch_time first, batch_time through, duration period) {
  if (pending_.empty())
    pending_ = {first, through + period, period};
  else
    pending_.end = through + period;
}

std::optional<result<allocated_batch_ptr>> batch_assembler::next() {
  if (pending_.empty() || open_.size() >= max_batches_)
    return std::nullopt;
  last_ = pending_.begin;
  pending_.begin = pending_.begin + pending_.period;
  open_.insert(last_);
  return allocate(last_);
}

result<allocated_batch_ptr> batch_assembler::allocate(batch_time time) {
  auto batch = std::make_shared<allocated_batch>();
  batch->time = time;
  auto received = ledger_.allocate(time);
  if (!received)
    return tl::unexpected{received.error()};
  for (auto& in : inputs_) {
    auto& blocks = batch->blocks[in.stream];
    if (in.pulled) {
      std::optional<std::vector<block_ptr>> pulled;
      try {
        pulled = in.pulled->pull(time);
      } catch (const std::exception& e) {
        return fail(errc::user_function_failed, "Error generating a batch for time " +
                                                    to_string(time) + ": " + in.description +
                                                    " threw: " + e.what());
      } catch (...) {
        return fail(errc::user_function_failed,
                    "Error generating a batch for time " + to_string(time) + ": " + in.description +
                        " threw something that is not a std::exception");
      }
      if (!pulled)
        batch->absent.push_back(in.stream);
      else
        for (auto& b : *pulled)
          blocks.push_back({static_cast<std::uint32_t>(blocks.size()), std::move(b)});
    } else {
      for (auto& meta : (*received)->of(in.stream))
        if (auto b = store_.get(meta.id))
          blocks.push_back({static_cast<std::uint32_t>(blocks.size()), std::move(b)});
    }
    input_info info{in.stream, 0, 0, in.description};
    for (auto& b : blocks) {
      info.records += b.data->records();
      info.bytes += b.data->bytes();
    }
    batch->inputs.push_back(std::move(info));
  }
  return batch;
}

void batch_assembler::done(batch_time time) {
  open_.erase(time);
  auto freed = ledger_.done(time);
  store_.release(freed);
}

} // namespace millrace
