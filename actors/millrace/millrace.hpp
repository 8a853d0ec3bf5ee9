#pragma once

#include "millrace/config/configuration.hpp"
#include "millrace/flow/stream_context.hpp"

namespace millrace {

/// The entry point of a Millrace program: a context whose job runs on actors in this process. See
/// basic_stream_context for everything it can do.
class stream_context : public basic_stream_context {
public:
  /// Throws stream_error when the interval is not positive.
  stream_context(configuration conf, duration batch_interval);
};

} // namespace millrace
