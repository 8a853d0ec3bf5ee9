#pragma once

#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What came in on one input stream for one batch.
struct input_info {
  stream_id stream;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::string description;
};

/// One output operation in one batch. Its id is its place in the order of registration, the same in
/// every batch.
struct output_info {
  batch_time time;
  output_id id;
  std::string name;        ///< As given with `name("...")`, else the operation.
  std::string description; ///< Operation and its place in the user's file.
  std::optional<batch_time> started;
  std::optional<batch_time> ended;
  std::optional<std::string> failure;
};

/// A batch as listeners see it. Its times are on one line with those of all batches: the wall clock
/// as it went at the start of the job, whatever it has been set to since. Those not reached yet are
/// empty.
struct batch_info {
  batch_time time;
  std::vector<input_info> inputs;
  batch_time submitted;
  std::optional<batch_time> processing_started;
  std::optional<batch_time> processing_ended;
  std::vector<output_info> outputs;   ///< All of them, from the start; times as far as they ran.
  std::optional<std::string> failure; ///< Why the batch failed, if it did.

  std::uint64_t records() const;
  /// From the batch's own time to the start of processing, so that it grows as long as batches are
  /// behind (Spark counts from the submission). 0 for the last batch of a graceful stop if that
  /// starts before its time. Known from `on_batch_started` on.
  std::optional<duration> scheduling_delay() const;
  /// From the start to the end of processing. Known in `on_batch_completed`.
  std::optional<duration> processing_delay() const;
  /// Both together, as in Spark: from the batch's own time to the end of processing. Known in
  /// `on_batch_completed`.
  std::optional<duration> total_delay() const;
};

struct receiver_info {
  stream_id stream;
  std::string name; ///< `<operation>-<stream>`, or the name given to the stream.
  bool active = false;
  std::string location;
  std::string last_error;
  std::optional<batch_time> last_error_time;
  std::uint64_t restarts = 0;
};

/// Override what you need. Called on the listener thread of the context, one call at a time, in the
/// order of events; for a batch: submitted, started, output started, output completed ...,
/// completed. A slow listener delays later events; at the bound of the queue (option
/// listener.queue_size) events are dropped, counted and warned of, never the batch. May call
/// `stop()` on the context. What a listener throws is logged and otherwise ignored.
class listener {
public:
  virtual ~listener() = default;
  virtual void on_streaming_started(batch_time) {}
  virtual void on_streaming_stopped(batch_time) {}
  virtual void on_receiver_started(const receiver_info&) {}
  virtual void on_receiver_error(const receiver_info&) {}
  virtual void on_receiver_stopped(const receiver_info&) {}
  virtual void on_batch_submitted(const batch_info&) {}
  virtual void on_batch_started(const batch_info&) {}
  virtual void on_batch_completed(const batch_info&) {}
  virtual void on_output_started(const output_info&) {}
  virtual void on_output_completed(const output_info&) {}
};

} // namespace millrace
