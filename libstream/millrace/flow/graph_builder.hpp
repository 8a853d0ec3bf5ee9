#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "millrace/plan/graph.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <vector>

namespace millrace {

class spill_home;

enum class context_state { initialised, active, stopped };

/// The graph of a context while it is being built, shared by the context and every stream made from
/// it.
///
/// Built by one thread at a time. Once the context has started, every call that would change the
/// graph throws stream_error(illegal_state) with Spark's words, the operation and its place.
class graph_builder {
public:
  graph_builder(duration batch_interval, std::uint32_t parallelism)
      : batch_interval_{batch_interval},
        parallelism_{parallelism},
        graph_{std::make_shared<job_graph>(batch_interval)} {}

  duration batch_interval() const noexcept { return batch_interval_; }
  /// Partitions of a shuffle when the user gives no number.
  std::uint32_t parallelism() const noexcept { return parallelism_; }

  context_state state() const;
  void set_state(context_state s);

  /// Who a new operation is; throws unless the graph can still be changed.
  std::shared_ptr<op_info> describe_new(std::string operation,
                                        const std::source_location& site) const;

  /// Gives the operation a name; `site` is where that is asked for. Throws stream_error unless the
  /// graph can still be changed and the name has 1 to 200 bytes, none of them a control character.
  void set_name(op_info& who, std::string name, const std::source_location& site) const;
  static constexpr std::size_t longest_name = 200;

  /// The disk that sources and outputs of this job use.
  const std::shared_ptr<file_system>& files() const noexcept { return files_; }
  void set_files(std::shared_ptr<file_system> files) { files_ = std::move(files); }

  /// Where batches go that users want kept.
  struct keep_options {
    std::size_t max_memory_bytes = std::size_t{256} << 20U; ///< Of one stream.
    std::shared_ptr<spill_home> spills;                     ///< Where this job spills them.
  };
  const keep_options& keeping() const noexcept { return keeping_; }
  void set_keeping(keep_options o) { keeping_ = std::move(o); }

  /// Adds to the graph when the job starts, after the user's own outputs.
  using addition = std::function<void(const std::shared_ptr<graph_builder>& to)>;
  void at_start(addition add) { at_start_.push_back(std::move(add)); }
  /// Validates the graph and completes it: what each stream must be remembered for its children,
  /// and what was put off until the start.
  static void complete(const std::shared_ptr<graph_builder>& job);

  /// How long streams that are kept are remembered at least (`remember` of the context).
  duration remember() const noexcept { return remember_; }
  /// Throws stream_error(illegal_state) when it has been set already, in Spark's words.
  void set_remember(duration d);

  /// What streams say while the job runs; before start.
  const logger& log() const noexcept { return log_; }
  void set_log(logger log) { log_ = std::move(log); }

  job_graph& graph() noexcept { return *graph_; }
  std::shared_ptr<const job_graph> frozen() const noexcept { return graph_; }

  /// Partition counts given by users: 0 is "the default"; more than max_partitions is an error.
  std::uint32_t partitions_or_default(std::uint32_t wanted, const op_info& info) const;
  /// The same where 0 is an error too.
  void check_partitions(std::uint32_t wanted, const op_info& info) const;
  static constexpr std::uint32_t max_partitions = 1U << 16;

private:
  duration batch_interval_;
  std::uint32_t parallelism_;
  mutable std::mutex mutex_;
  context_state state_ = context_state::initialised;
  std::vector<addition> at_start_;
  duration remember_{0};
  keep_options keeping_;
  std::shared_ptr<file_system> files_ = std::make_shared<posix_file_system>();
  logger log_;
  std::shared_ptr<job_graph> graph_;
};

} // namespace millrace
