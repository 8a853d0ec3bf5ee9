#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/config/configuration.hpp"
#include "millrace/engine/explain/explain.hpp"
#include "millrace/engine/listener.hpp"
#include "millrace/engine/runtime.hpp"
#include "millrace/files/file_source.hpp"
#include "millrace/files/object_file.hpp"
#include "millrace/flow/batch_feed.hpp"
#include "millrace/flow/dstream.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The entry point of a job: makes input streams, starts and stops.
///
/// States (Spark's): initialised, active after `start`, stopped after `stop`; there is no way back.
/// Several contexts may be active in one process. Inputs, operations and listeners are added by one
/// thread; `start`, `stop`, `state` and the waiting calls are thread-safe, and `stop` may be called
/// from anywhere, a listener or an output function included. The destructor stops immediately.
///
/// This class works with any runtime; `millrace::stream_context` (millrace/millrace.hpp) is the one
/// with actors.
class basic_stream_context {
  using here = std::source_location;

public:
  static constexpr duration longest_batch_interval = milliseconds(1'000LL * 86'400'000);

  /// Throws stream_error(invalid_argument) unless the interval is from 1 ms to 1,000 days.
  basic_stream_context(configuration conf, duration batch_interval,
                       std::unique_ptr<runtime> engine);
  basic_stream_context(const basic_stream_context&) = delete;
  basic_stream_context& operator=(const basic_stream_context&) = delete;
  ~basic_stream_context();

  /// What the constructor asks of the interval.
  static void check_batch_interval(duration interval);

  const configuration& conf() const noexcept { return conf_; }
  duration batch_interval() const noexcept { return builder_->batch_interval(); }
  /// A job that ended by itself (a signal, a failed batch) is stopped too, once it has ended.
  context_state state() const;

  // -- inputs ---

  /// Lines of a TCP server, without their `\n` or `\r\n`; an unterminated last line counts, unless
  /// the connection broke in it. Reconnects for ever.
  dstream<std::string_view> socket_text_stream(std::string host, std::uint16_t port,
                                               here site = here::current());

  /// Records of a TCP server, cut by a framer of your own; `make_framer(max_record_bytes)` is
  /// called for every connection.
  dstream<std::string_view>
  socket_stream(std::string host, std::uint16_t port,
                std::function<std::unique_ptr<record_framer>(std::size_t)> make_framer,
                here site = here::current());

  /// Blocks of T from a TCP server: frames of a 4-byte big-endian length and that many bytes of
  /// records encoded by `encode_records`.
  template <class T>
  dstream<T> raw_socket_stream(std::string host, std::uint16_t port, here site = here::current()) {
    auto frames = add_source<std::string_view>("raw_socket_stream",
                                               framed_blocks(std::move(host), port), site);
    auto records = frames.template flat_map_with<T>(
        "raw_socket_stream",
        [](std::string_view frame, emitter<T>& emit) {
          auto bytes = reinterpret_cast<const unsigned char*>(frame.data());
          auto records = decode_records<T>(std::span<const unsigned char>{bytes, frame.size()});
          if (!records)
            throw stream_error{records.error()};
          for (auto& record : *records)
            emit(std::move(record));
        },
        site);
    return stream_access::as_part(frames, records);
  }

  /// One queued batch for each batch interval, or all that are queued. `when_empty` is used when
  /// the queue is empty.
  template <class T>
  dstream<T> queue_stream(std::shared_ptr<batch_feed<T>> feed, bool one_at_a_time = true,
                          batch<T> when_empty = {}, here site = here::current()) {
    return pulled<T>(
        "queue_stream",
        std::make_shared<queue_source<T>>(std::move(feed), one_at_a_time, std::move(when_empty)),
        site);
  }

  /// `make(time)` gives each batch: `std::optional<batch<T>>`, empty when the stream has no batch
  /// at that time.
  template <class T, class F>
  dstream<T> input_stream(F make, here site = here::current()) {
    return pulled<T>("input_stream", std::make_shared<function_source<T, F>>(std::move(make)),
                     site);
  }

  /// Blocks from a source of your own: text blocks for `std::string_view`, else `typed_block<T>`.
  template <class T>
  dstream<T> block_stream(std::shared_ptr<pull_source> source, here site = here::current()) {
    return pulled<T>("block_stream", std::move(source), site);
  }

  /// The lines of the files that appear in a directory, or in the directories that a pattern names
  /// (`/data/2026-*/in`). Each version of a file is read once, when it was left alone for a batch
  /// (`wait_until_stable`; without it a batch earlier, as in Spark); `.gz` and `.zst` files are
  /// unpacked. Files should appear by being renamed into place.
  dstream<std::string_view> text_file_stream(std::string directory,
                                             file_stream_options options = {},
                                             here site = here::current());

  /// The records of `record_bytes` bytes each that the files consist of.
  dstream<std::string_view> binary_records_stream(std::string directory, std::size_t record_bytes,
                                                  file_stream_options options = {},
                                                  here site = here::current());

  /// What `save_as_object_files` wrote.
  template <decodable T>
  dstream<T> object_file_stream(std::string directory, file_stream_options options = {},
                                here site = here::current()) {
    return files_of<T>(
        "object_file_stream", std::move(directory), options,
        [](const file_system& files, const found_file& file, const logger&) {
          return read_object_file<T>(files, file.path);
        },
        site);
  }

  /// Files of a format of your own: `read(path, bytes)` returns a vector of T. It gets the bytes of
  /// the whole file, unpacked if its name ends in `.gz` or `.zst`, is called on a thread of its
  /// own, each time as a copy, and may throw. A file that has fewer bytes than when it was found is
  /// an error.
  template <class T, class Read>
  dstream<T> file_stream(std::string directory, Read read, file_stream_options options = {},
                         here site = here::current()) {
    static_assert(
        !contains_view_v<T>,
        "records of a file outlive the bytes that it is read from and must own their text");
    return files_of<T>(
        "file_stream", std::move(directory), options,
        [read](const file_system& files, const found_file& file, const logger&) {
          read_options whole;
          whole.expected_bytes = file.size;
          return read_file_bytes(files, file.path, whole)
              .map([&](std::vector<unsigned char>&& bytes) {
                auto copy = read;
                std::vector<T> records =
                    std::invoke(copy, file.path, std::span<const unsigned char>{bytes});
                return std::vector<block_ptr>{
                    std::make_shared<const typed_block<T>>(std::move(records))};
              });
        },
        site);
  }

  /// The same records in every batch.
  template <class T>
  dstream<T> constant_stream(batch<T> records, here site = here::current()) {
    return pulled<T>("constant_stream", std::make_shared<constant_source>(to_blocks(records)),
                     site);
  }

  /// Numbers from 0 on, so many a second, evenly over the batches and in as many partitions as the
  /// default parallelism: for tests and benchmarks. At most 1,000,000,000 a second.
  dstream<std::int64_t> rate_stream(std::uint64_t per_second, here site = here::current());

  /// A custom receiver R, derived from `receiver<T>`; `make()` returns a std::shared_ptr to it.
  template <class Make>
  auto receiver_stream(Make make, here site = here::current()) {
    using T = typename std::remove_reference_t<decltype(*make())>::value_type;
    receiver_source source;
    source.make_receiver = [make]() -> std::shared_ptr<receiver_base> { return make(); };
    source.make_intake = [](intake_options o) -> std::shared_ptr<intake> {
      return std::make_shared<intake_for<T>>(o);
    };
    return add_source<T>("receiver_stream", std::move(source), site);
  }

  /// The records of all streams, which must be of this context.
  template <class T>
  dstream<T> union_of(const std::vector<dstream<T>>& streams, here site = here::current()) {
    return dstream<T>::unite(builder_, streams, site);
  }

  /// f(batches, time) -> a batch, given the batch of every stream; all must be of this context.
  template <class T, class F>
  auto transform(const std::vector<dstream<T>>& streams, F f, here site = here::current()) {
    auto info = builder_->describe_new("transform", site);
    if (streams.empty())
      throw stream_error{errc::invalid_argument,
                         describe(*info) + ": no streams; at least 1 is needed"};
    std::vector<exchange_parent> parents;
    std::vector<checked_stream> checked;
    for (auto& s : streams) {
      parents.push_back(detail::gathered(s));
      checked.push_back({stream_access::builder(s), stream_access::node(s)});
    }
    check_together(*info, checked, *builder_);
    return detail::transformed(builder_, info, std::move(parents),
                               [f, n = streams.size()](const transform_inputs& in) mutable {
                                 std::vector<batch<owned_t<T>>> batches;
                                 for (std::size_t i = 0; i < n; ++i)
                                   batches.push_back(in.template of<owned_t<T>>(i));
                                 return std::invoke(f, batches, in.time());
                               });
  }

  // -- life cycle ---

  void add_listener(std::shared_ptr<listener> l);
  void remove_listener(const std::shared_ptr<listener>& l);
  /// Where log lines and metrics go; before start. Default: spdlog to standard error, and nowhere.
  void set_log(std::shared_ptr<log_observer> log);
  void set_metrics(std::shared_ptr<metric_observer> metrics);
  /// Streams that are kept (`dstream::remember`, `persist`) remember their batches at least so
  /// long. Once only; before start.
  void remember(duration d);
  /// The disk that file streams and file outputs made from now on use. Default: the machine's.
  void set_file_system(std::shared_ptr<file_system> files);

  /// Validates the graph and starts. Already active: a warning. Stopped:
  /// stream_error(illegal_state). When starting fails, nothing is left running, the context is
  /// stopped and the error is rethrown. When the option app.explain asks for the plan (`--explain`
  /// does), that is printed to standard output and nothing runs: the context has stopped, and
  /// `await_termination` returns at once.
  void start();

  /// Stops and waits until stopped, except on a thread of the job itself (listener, output,
  /// receiver), where it returns at once and the stop goes on. Idempotent.
  void stop(stop_mode mode = stop_mode::immediate);
  /// As `stop`, without waiting, from anywhere.
  void request_stop(stop_mode mode);

  /// Waits until the job has stopped; throws the first error that was reported. Returns 0, for
  /// `main`.
  int await_termination();
  /// True: stopped within `limit` (at most 1,000 days); throws a reported error; false: still
  /// running.
  bool await_termination_for(duration limit);

private:
  struct shared_state;

  template <class T>
  dstream<T> add_source(std::string operation, source_spec spec, here site) {
    auto info = builder_->describe_new(std::move(operation), site);
    auto made =
        std::make_shared<typed_source_node<T>>(builder_->graph().next_id(), std::move(info),
                                               builder_->graph().next_stream(), std::move(spec));
    builder_->graph().add(made);
    return {builder_, made};
  }

  template <class T>
  dstream<T> files_of(std::string operation, std::string directory, file_stream_options options,
                      file_reader reader, here site) {
    auto info = builder_->describe_new(operation, site);
    if (!options.min_remember)
      options.min_remember = conf_.get_duration("files.min_remember");
    try {
      return pulled<T>(std::move(operation),
                       std::make_shared<file_source>(std::move(directory), options,
                                                     batch_interval(), builder_->files(),
                                                     std::move(reader)),
                       site);
    } catch (const stream_error& e) {
      throw stream_error{e.code(), describe(*info) + ": " + e.what()};
    }
  }

  template <class T>
  dstream<T> pulled(std::string operation, std::shared_ptr<pull_source> source, here site) {
    return add_source<T>(std::move(operation), source_spec{std::move(source)}, site);
  }

  static socket_source framed_blocks(std::string host, std::uint16_t port);
  job make_job();
  void print_plan(explain_format format) const;

  configuration conf_;
  std::shared_ptr<graph_builder> builder_;
  std::unique_ptr<runtime> engine_;
  std::shared_ptr<shared_state> shared_;
  std::mutex starting_;
  /// Set when the engine has been started, and so can tell whether the job has stopped.
  std::atomic<bool> running_{false};
};

} // namespace millrace
