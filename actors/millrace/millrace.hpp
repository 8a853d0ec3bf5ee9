#pragma once

#include "millrace/config/configuration.hpp"
#include "millrace/flow/run_program.hpp"
#include "millrace/flow/stream_context.hpp"

namespace millrace {

/// The entry point of a Millrace program: a context whose job runs on actors in this process. See
/// basic_stream_context for everything it can do.
class stream_context : public basic_stream_context {
public:
  /// As basic_stream_context: throws stream_error when the interval is out of range.
  stream_context(configuration conf, duration batch_interval);
};

} // namespace millrace
