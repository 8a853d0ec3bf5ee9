#pragma once

#include "millrace/engine/allocated_batch.hpp"
#include "millrace/engine/batch_failure.hpp"
#include "millrace/engine/batch_queue.hpp"
#include "millrace/engine/delay_warning.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A part of the batch driver: which batch runs now, what listeners are told, what a
/// failure means.
///
/// Owned by the batch driver. Holds the batches between allocation and completion, which
/// batch_assembler bounds.
class batch_progress {
public:
  struct options {
    batch_queue_options queue;
    failure_policy on_failure = failure_policy::stop;
    duration batch_interval;
    double delay_ratio = 1.0;
  };

  explicit batch_progress(options o);

  /// A batch is allocated. Returns it if it is to run now. `outputs`: what is known of its outputs,
  /// for listeners.
  result<allocated_batch_ptr> submit(allocated_batch_ptr batch, batch_time now,
                                     std::vector<output_info> outputs = {});

  struct completion {
    batch_info info;
    allocated_batch_ptr next;          ///< To run now, or null.
    std::optional<error> stop_because; ///< The policy says stop.
    std::optional<error> skipped;      ///< The policy says go on.
    std::optional<delay_notice> late;  ///< To tell of: how far batches are behind.
  };

  /// All outputs of a running batch are done, well or not.
  result<completion> finish(batch_time time, std::vector<output_info> outputs,
                            std::optional<batch_failure> failure, batch_time now);

  /// What follows a failed batch if its failure does not say so itself.
  failure_policy on_failure() const noexcept { return options_.on_failure; }

  /// How late the oldest unfinished batch is, when that is to be told of now. For batches that do
  /// not end at all.
  std::optional<delay_notice> overdue(batch_time now);

  /// As listeners see a batch that runs, or waits to.
  batch_info info(batch_time time) const;

  /// As they see it when it is submitted: even if it runs at once, it has no delays yet.
  batch_info submitted(batch_time time) const;

  bool idle() const noexcept { return queue_.idle(); }
  std::size_t in_flight() const noexcept { return queue_.in_flight(); }
  std::size_t waiting() const noexcept { return queue_.waiting(); }

private:
  struct entry {
    allocated_batch_ptr batch;
    batch_info info;
  };

  options options_;
  batch_queue queue_;
  delay_warning warning_;
  std::map<batch_time, entry> open_;
};

} // namespace millrace
