#include "millrace/engine/job_outlet.hpp"

#include "millrace/intake/thrown_by.hpp"

#include <string>

namespace millrace {

void call_listeners(const std::vector<std::shared_ptr<listener>>& listeners,
                    const job_outlet::event& e, const logger& log, metric_observer& metrics) {
  for (auto& l : listeners) {
    auto what = thrown_by([&] { e(*l); });
    if (!what)
      continue;
    metrics.add("listener_exceptions_total", "", 1);
    log.repeated(log_level::error, "exceptions of listeners", "a listener threw: " + *what);
  }
}

void note_full_store(const job_outlet& outlet, stream_id stream) {
  auto number = std::to_string(stream.value());
  outlet.metrics()->add("block_store_full_total", number, 1);
  outlet.log()
      .named("block_generator")
      .repeated(log_level::warning, "waits of stream " + number + " for room in the block store",
                "the block store is full: what stream " + number +
                    " receives waits, and its source with it, until batches have ended (option "
                    "stream.block_store_bytes)");
}

} // namespace millrace
