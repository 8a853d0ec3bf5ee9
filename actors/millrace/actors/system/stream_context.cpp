#include "millrace/actors/system/actor_runtime.hpp"
#include "millrace/millrace.hpp"

namespace millrace {

stream_context::stream_context(configuration conf, duration batch_interval)
    : basic_stream_context{std::move(conf), batch_interval,
                           std::make_unique<actors::actor_runtime>()} {}

} // namespace millrace
