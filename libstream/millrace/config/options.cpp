#include "millrace/config/options.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace millrace {

namespace {

using enum option_type;

constexpr std::int64_t kib = 1024;
constexpr std::int64_t gib = kib * kib * kib;
constexpr std::int64_t longest_ms = 1'000LL * 86'400'000;
constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

constexpr std::array<option, 35> table{{
    {"app.name", "spark.app.name", text, "millrace",
     "The name of the job in logs, metrics and thread names."},
    {"app.explain", "", choice, "off",
     "Prints the plan of the job in that form instead of running it; --explain means text.", 0, 0,
     "off|text|json|dot"},
    {"master", "spark.master", option_type::master, "local[*]",
     "Where the job runs: local (one compute thread), local[N], or local[*] (one for each "
     "processor)."},

    {"stream.block_interval", "spark.streaming.blockInterval", option_type::duration, "200ms",
     "How often received records are cut into a block; longer means fewer, larger partitions.", 1,
     longest_ms},
    {"stream.max_block_bytes", "", size, "4MiB",
     "A block is cut early when it holds this many bytes of records.", 1, gib},
    {"stream.max_record_bytes", "", size, "1MiB",
     "A longer record is reported with its offset, counted and skipped.", 1, gib},
    {"stream.block_store_bytes", "", size, "256MiB",
     "Received bytes kept until their batch is done; when full, receivers are made to wait, and no "
     "batch is made when those before it hold more of what was read from files and the like.",
     1, unlimited},
    {"stream.receiver_max_rate", "spark.streaming.receiver.maxRate", integer, "0",
     "The most records per second that one receiver may take in; 0 is unlimited.", 0, unlimited, "",
     true},
    {"stream.max_batch_records", "", integer, "0",
     "The most records of one input in a batch, where the input can be divided (files cannot, "
     "blocks can); the others wait for the next batches. 0 is unlimited.",
     0, unlimited},
    {"stream.max_batch_bytes", "", size, "0",
     "The most bytes of one input in a batch, where the input can be divided; the others wait for "
     "the next batches. 0 is unlimited.",
     0, unlimited},
    {"stream.default_parallelism", "spark.default.parallelism", integer, "0",
     "Partitions of a keyed operation that is not given a number; 0 is the number of compute "
     "threads.",
     0, 65'536},
    {"stream.batches_in_flight", "", integer, "2",
     "Batches that may be computed at once, in different stages; more costs memory.", 1, 1'024},
    {"stream.batches_waiting", "", integer, "16",
     "Batches that may wait to be computed; when full, intake stops until one is done.", 1,
     1'000'000},
    {"stream.task_max_failures", "spark.task.maxFailures", integer, "4",
     "How often a task of a batch is tried before the batch has failed.", 1, 1'000},
    {"stream.on_batch_failure", "", choice, "stop",
     "What follows a failed batch: stop ends the job with its error, skip goes on with the next.",
     0, 0, "stop|skip"},
    {"stream.missed_batches", "", choice, "one",
     "The batches that a suspended process missed, if over three: one makes the newest, with all "
     "that came in, and no result of a window that ends in between; all makes each, as Spark.",
     0, 0, "one|all"},
    {"stream.delay_warning", "", real, "1.0",
     "Warn when a batch waits longer than this many batch intervals; 0 never warns.", 0, 1'000'000},

    {"receiver.reconnect", "", boolean, "true",
     "Whether a socket receiver connects again when its peer has closed; false ends it there."},
    {"receiver.restart_delay", "spark.streaming.receiverRestartDelay", option_type::duration, "2s",
     "How long a receiver rests before its first restart; later ones wait longer.", 0, longest_ms},
    {"receiver.restart_delay_max", "", option_type::duration, "30s",
     "The longest rest between two restarts of a receiver.", 0, longest_ms},
    {"receiver.restart_intensity", "", integer, "10",
     "Crashes of a receiver within the period that end the job; reconnects that the receiver asks "
     "for "
     "do not count; 0 is no limit.",
     0, 1'000'000},
    {"receiver.restart_period", "", option_type::duration, "60s",
     "The period in which crashes of a receiver are counted.", 1, longest_ms},

    {"stop.gracefully_on_signal", "spark.streaming.stopGracefullyOnShutdown", boolean, "true",
     "Whether SIGINT and SIGTERM let everything received be processed before the end."},
    {"stop.handle_signals", "", boolean, "true",
     "Whether SIGINT and SIGTERM stop the job; false leaves them to the program."},
    {"stop.graceful_timeout", "spark.streaming.gracefulStopTimeout", option_type::duration, "0",
     "The most time for a graceful stop to process what was received, after which the job fails; 0 "
     "is as "
     "long as it takes.",
     0, longest_ms},
    {"stop.phase_timeout", "", option_type::duration, "10s",
     "The most time for each other phase of a stop.", 1, longest_ms},
    {"listener.queue_size", "spark.scheduler.listenerbus.eventqueue.streams.capacity", integer,
     "10000", "Events that may wait for a slow listener; further ones are dropped and counted.", 1,
     100'000'000},

    {"files.min_remember", "spark.streaming.fileStream.minRememberDuration", option_type::duration,
     "60s",
     "How long a file stream remembers at least which files a batch had; a bare number is "
     "milliseconds, where Spark's is seconds.",
     0, longest_ms},

    {"storage.memory_bytes", "", size, "256MiB",
     "The most memory for the kept batches of one stream; beyond it they are spilled or dropped, "
     "as "
     "their storage level says.",
     1, unlimited},
    {"storage.spill_directory", "spark.local.dir", text, "/tmp/millrace-spill",
     "Where kept batches are spilled to; each job makes a directory of its own in it, and removes "
     "those of jobs that were killed."},

    {"state.hash_seed", "", integer, "0",
     "The seed of the hash tables, the same in every process of a job; 0 draws one at random.", 0,
     unlimited},
    {"scheduler.policy", "", choice, "sharing",
     "How CAF's workers find work: sharing wakes at once and idles for free, stealing suits many "
     "cores.",
     0, 0, "sharing|stealing"},
    {"scheduler.threads", "", integer, "0",
     "CAF's worker threads, which coordinate and do not compute; 0 chooses.", 0, 1'024},
    {"scheduler.max_throughput", "", integer, "10",
     "Messages that an actor may handle before another actor gets its worker.", 1, 1'000'000'000},
    {"log.level", "", choice, "info", "The least important log lines that are written.", 0, 0,
     "trace|debug|info|warning|error|off"},
}};

constexpr char fold(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

std::string fold(std::string_view text) {
  std::string folded{text};
  std::transform(folded.begin(), folded.end(), folded.begin(), [](char c) { return fold(c); });
  return folded;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

} // namespace

std::span<const option> all_options() noexcept { return table; }

std::optional<std::size_t> find_option(std::string_view key) noexcept {
  const auto it = std::find_if(table.begin(), table.end(), [&](const option& o) {
    return o.key == key || (!o.spark_name.empty() && o.spark_name == key);
  });
  if (key.empty() || it == table.end())
    return std::nullopt;
  return static_cast<std::size_t>(it - table.begin());
}

std::string environment_name(const option& o) {
  std::string name = "MILLRACE_";
  for (const char c : o.key)
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates) {
  // A longer text is no slip of the pen, and would make the comparison itself costly.
  constexpr std::size_t longest = 128;
  if (text.empty() || text.size() > longest)
    return {};
  const auto wanted = fold(text);
  std::string_view best;
  auto best_distance = std::numeric_limits<std::size_t>::max();
  for (const auto candidate : candidates) {
    const auto full = fold(candidate);
    auto distance = edit_distance(wanted, full);
    if (const auto dot = full.rfind('.'); dot != std::string::npos)
      distance = std::min(distance, edit_distance(wanted, full.substr(dot + 1)) + 1);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best_distance <= std::max<std::size_t>(2, text.size() * 2 / 5) ? best : std::string_view{};
}

std::string suggest_key(std::string_view text) {
  std::vector<std::string_view> names;
  for (const auto& o : table) {
    names.push_back(o.key);
    if (!o.spark_name.empty())
      names.push_back(o.spark_name);
  }
  const auto best = nearest(text, names);
  return best.empty() ? std::string{} : "; did you mean '" + std::string{best} + "'?";
}

} // namespace millrace
