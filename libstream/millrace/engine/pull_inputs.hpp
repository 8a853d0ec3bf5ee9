#pragma once

#include "millrace/intake/pull_source.hpp"
#include "millrace/plan/graph.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What the pull sources of a job gave for one batch time, in any order.
struct pulled_inputs {
  struct entry {
    stream_id stream;
    /// Nothing: the stream has no batch at this time.
    std::optional<std::vector<input_split>> splits;
    std::vector<block_ptr> blocks = {}; ///< The records of the splits.
  };
  std::vector<entry> streams;

  std::uint64_t bytes() const;
};

/// The pull sources of a job. `pull` is called once for each batch, in order, from one thread at a
/// time, whichever that is.
///
/// A source that fails takes nothing along: what others have planned for that batch comes with the
/// next one, and those that have not been asked have their records still. The source that failed is
/// asked first then, so no more is kept than what the sources plan for one batch. Nothing of a
/// batch is kept until all its splits have been read, so it has all of them or does not run.
class pull_inputs {
public:
  explicit pull_inputs(const job_graph& graph);

  /// Throws what a source throws.
  void start(batch_time now, const logger& log);
  /// Whether any of them may block.
  bool block() const;
  /// Plans and reads; an error names the source.
  result<pulled_inputs> pull(batch_time time, const job_input_limits& limits);

private:
  struct input {
    stream_id stream;
    std::string description;
    std::shared_ptr<pull_source> source;
    std::vector<input_split> kept = {}; ///< Of a batch that was not made.
  };
  static std::optional<std::vector<input_split>> plan(input& in, batch_time time,
                                                      const input_limits& limits);
  /// What a source throws when it is to take splits back is taken for a no: none is lost.
  static void take_back(input& from, std::vector<input_split> splits);
  static result<pulled_inputs::entry> pull_from(input& in, batch_time time,
                                                const input_limits& limits);

  std::vector<input> inputs_; ///< As they are asked.
};

} // namespace millrace
