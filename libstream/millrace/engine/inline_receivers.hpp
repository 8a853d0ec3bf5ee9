#pragma once

#include "millrace/block/block_store.hpp"
#include "millrace/engine/batch_assembler.hpp"
#include "millrace/engine/runtime.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// Calls a listener; what it throws is logged and otherwise ignored.
template <class Call>
void notify(const std::shared_ptr<log_observer>& log, Call call) {
  try {
    call();
  } catch (const std::exception& e) {
    logger{log, "listener"}.error(std::string{"a listener threw: "} + e.what());
  } catch (...) {
    logger{log, "listener"}.error("a listener threw something that is not a std::exception");
  }
}

/// The receivers of an inline job: starts, restarts and stops them, and moves their blocks into the
/// store.
class inline_receivers {
public:
  /// Makes every receiver and starts none. `what` must outlive this.
  inline_receivers(const job& what, std::shared_ptr<const clock> time);
  ~inline_receivers();

  void start();
  /// Ends intake and stops every receiver for good; what was stored before can still be polled.
  void stop();
  /// Does what receivers have asked for and is due, then cuts and stores their blocks. At a full
  /// store blocks stay with the intake, and so they do while they are ahead of the rate limit.
  /// After an error the job should stop gracefully: a receiver failed more often than its restart
  /// limit allows, or a block was lost.
  std::optional<error> poll(block_store& store, batch_assembler& assembler);

  /// As runtime::update_rate and rate_limit.
  void update_rate(stream_id stream, double records_per_second);
  std::optional<std::int64_t> rate_limit(stream_id stream) const;

private:
  struct hosted;
  struct door;
  result<void> store_blocks(hosted& host, block_store& store, batch_assembler& assembler) const;

  std::vector<std::shared_ptr<hosted>> receivers_;
  bool stopped_ = false;
};

} // namespace millrace
