#pragma once

#include "millrace/flow/graph_builder.hpp"
#include "millrace/stateful/window_times.hpp"

#include <memory>
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

/// The times of a window over a stream whose slide is `parent`. A slide of zero is the parent's.
/// Throws stream_error(invalid_argument), in Spark's words, unless both are positive multiples of
/// it.
window_times checked_window(const op_info& info, duration length, duration slide, duration parent);

/// How often a state is written to a checkpoint if nobody says otherwise: at least every 10
/// seconds, a multiple of the slide.
duration default_checkpoint_interval(duration slide);

/// A duration that must be positive.
void check_positive(const op_info& info, const char* what, duration value);

} // namespace millrace
