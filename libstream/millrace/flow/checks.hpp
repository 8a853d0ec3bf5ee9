#pragma once

#include "millrace/flow/graph_builder.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/stage/window_times.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// One input of an operation on several streams.
struct checked_stream {
  std::shared_ptr<graph_builder> builder;
  node_ptr node;
};

/// Throws stream_error(invalid_argument), in Spark's words, unless all streams belong to one
/// context and have the same slide duration.
void check_together(const op_info& info, const std::vector<checked_stream>& streams);
/// Throws the same unless they belong to the context of `builder`.
void check_together(const op_info& info, const std::vector<checked_stream>& streams,
                    const graph_builder& builder);

/// The times of a window over a stream whose slide is `parent`, which is also theirs if none is
/// given. Throws stream_error(invalid_argument), in Spark's words, unless both are positive
/// multiples of it.
window_times checked_window(const op_info& info, duration length, std::optional<duration> slide,
                            duration parent);

/// How often a state is written to a checkpoint if nobody says otherwise: at least every 10
/// seconds, a multiple of the slide.
duration default_checkpoint_interval(duration slide);

/// A stream that keeps from batch to batch what cannot be made anew from its input: state, and
/// windows with an inverse function.
template <class Stream>
Stream keeping_state(Stream made) {
  auto& n = *stream_access::node(made);
  n.settings().default_checkpoint = default_checkpoint_interval(n.slide());
  return made;
}

/// A duration that must be positive.
void check_positive(const op_info& info, const char* what, duration value);

/// Runs `f`; an error in what the user gave to the operation names it and its place.
template <class F>
decltype(auto) for_operation(const op_info& info, F f) {
  try {
    return f();
  } catch (const stream_error& e) {
    throw stream_error{e.code(), describe(info) + ": " + e.info().message};
  }
}

} // namespace millrace
