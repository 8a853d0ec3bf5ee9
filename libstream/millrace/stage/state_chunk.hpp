#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/op/flat_map.hpp"
#include "millrace/op/op.hpp"
#include "millrace/stage/chunk_part.hpp"
#include "millrace/state/state_store.hpp"

#include <span>

namespace millrace {

/// What a `map_with_state` stage sends to its two streams: chunks of mapped records, and once in
/// each batch the states, to be read before `consume` returns.
template <class K, class S, class E>
struct state_chunk {
  std::span<E> mapped;
  const state_store<K, S>* states = nullptr;
};

/// That of the states: what the function makes of them does not last.
template <class K, class S, class E>
struct type_name<state_chunk<K, S, E>> : type_name<std::pair<K, S>> {};

/// The mapped records.
template <class K, class S, class E>
using mapped_op = chunk_part_op<state_chunk<K, S, E>, E, &state_chunk<K, S, E>::mapped>;

/// `state_snapshots()`: every key with its state, in each batch.
template <class K, class S, class E>
class snapshots_op final : public op<state_chunk<K, S, E>, std::pair<K, S>> {
public:
  using out = std::pair<K, S>;
  using base = op<state_chunk<K, S, E>, out>;

  snapshots_op(op_info_ptr info, consumer<out>& down)
      : base{std::move(info), down}, emit_{out_, down} {}

  void begin(const batch_context& context) override {
    out_.begin_batch();
    base::begin(context);
  }

  void consume(std::span<state_chunk<K, S, E>> chunks) override {
    for (auto& chunk : chunks)
      if (chunk.states)
        chunk.states->for_each([&](const K& key, const S& s) { emit_(out{key, s}); });
    emit_.flush();
  }

private:
  chunk_buffer<out> out_;
  emitter<out> emit_;
};

} // namespace millrace
