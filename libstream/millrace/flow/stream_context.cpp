#include "millrace/flow/stream_context.hpp"

#include "millrace/engine/job.hpp"
#include "millrace/intake/length_framer.hpp"
#include "millrace/intake/line_framer.hpp"
#include "millrace/persist/spill_home.hpp"

#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <random>

namespace millrace {

namespace {

std::shared_ptr<spill_home> spills_of(const configuration& conf) {
  std::random_device random;
  auto number = (std::uint64_t{random()} << 32U) | random();
  return std::make_shared<spill_home>(conf.text("storage.spill_directory"), number);
}

std::unique_ptr<record_framer> make_line_framer(std::size_t max_record_bytes) {
  return std::make_unique<line_framer>(max_record_bytes);
}

std::unique_ptr<record_framer> make_length_framer(std::size_t max_record_bytes) {
  return std::make_unique<length_framer>(max_record_bytes);
}

} // namespace

/// Shared with the runtime's callbacks, which may come while the context is being destroyed.
struct basic_stream_context::shared_state {
  std::mutex mutex;
  std::shared_ptr<listener_list> listeners = std::make_shared<listener_list>();
  std::optional<error> first_error;
  std::shared_ptr<log_observer> log;
  std::shared_ptr<metric_observer> metrics = null_metrics();

  std::optional<error> reported() {
    std::lock_guard guard{mutex};
    return first_error;
  }
};

basic_stream_context::basic_stream_context(configuration conf, duration batch_interval,
                                           std::unique_ptr<runtime> engine)
    : conf_{std::move(conf)},
      engine_{std::move(engine)},
      shared_{std::make_shared<shared_state>()} {
  check_batch_interval(batch_interval);
  builder_ = std::make_shared<graph_builder>(batch_interval, default_parallelism(conf_));
  builder_->set_keeping({conf_.bytes("storage.memory_bytes"), spills_of(conf_)});
}

void basic_stream_context::check_batch_interval(duration interval) {
  if (interval.ms() <= 0 || interval > longest_batch_interval)
    throw stream_error{errc::invalid_argument, "the batch interval is " + to_string(interval) +
                                                   "; it must be at least 1 ms and at most 1000 "
                                                   "days"};
}

context_state basic_stream_context::state() const {
  auto said = builder_->state();
  if (said == context_state::active && running_.load() &&
      engine_->wait_stopped(std::chrono::milliseconds{0}))
    return context_state::stopped;
  return said;
}

basic_stream_context::~basic_stream_context() {
  request_stop(stop_mode::immediate);
  engine_->wait_stopped(std::nullopt);
}

dstream<std::string_view> basic_stream_context::socket_text_stream(std::string host,
                                                                   std::uint16_t port, here site) {
  return add_source<std::string_view>("socket_text_stream",
                                      socket_source{std::move(host), port, make_line_framer}, site);
}

dstream<std::string_view> basic_stream_context::socket_stream(
    std::string host, std::uint16_t port,
    std::function<std::unique_ptr<record_framer>(std::size_t)> make_framer, here site) {
  return add_source<std::string_view>(
      "socket_stream", socket_source{std::move(host), port, std::move(make_framer)}, site);
}

dstream<std::string_view> basic_stream_context::text_file_stream(std::string directory,
                                                                 file_stream_options options,
                                                                 here site) {
  read_options read;
  read.max_record_bytes = conf_.bytes("stream.max_record_bytes");
  read.block_bytes = conf_.bytes("stream.max_block_bytes");
  return files_of<std::string_view>(
      "text_file_stream", std::move(directory), options,
      [read](const file_system& files, const found_file& file, const logger& log) {
        auto of_this = read;
        of_this.expected_bytes = file.size;
        of_this.log = log;
        return read_text_file(files, file.path, of_this);
      },
      site);
}

dstream<std::string_view> basic_stream_context::binary_records_stream(std::string directory,
                                                                      std::size_t record_bytes,
                                                                      file_stream_options options,
                                                                      here site) {
  if (record_bytes == 0)
    throw stream_error{errc::invalid_argument, "binary_records_stream at " +
                                                   to_string(source_site{site}) +
                                                   ": a record has 0 bytes; at least 1 is needed"};
  return files_of<std::string_view>(
      "binary_records_stream", std::move(directory), options,
      [record_bytes](const file_system& files, const found_file& file, const logger&) {
        read_options read;
        read.expected_bytes = file.size;
        return read_fixed_records(files, file.path, record_bytes, read);
      },
      site);
}

dstream<std::int64_t> basic_stream_context::rate_stream(std::uint64_t per_second, here site) {
  constexpr std::uint64_t most = 1'000'000'000;
  if (per_second > most)
    throw stream_error{errc::invalid_argument, "rate_stream at " + to_string(source_site{site}) +
                                                   ": " + std::to_string(per_second) +
                                                   " numbers a second; allowed are 0 to " +
                                                   std::to_string(most)};
  return pulled<std::int64_t>(
      "rate_stream",
      std::make_shared<rate_source>(per_second, batch_interval(), builder_->parallelism()), site);
}

void basic_stream_context::remember(duration d) { builder_->set_remember(d); }

void basic_stream_context::set_file_system(std::shared_ptr<file_system> files) {
  builder_->set_files(std::move(files));
}

socket_source basic_stream_context::framed_blocks(std::string host, std::uint16_t port) {
  return {std::move(host), port, make_length_framer};
}

void basic_stream_context::add_listener(std::shared_ptr<listener> l) {
  shared_->listeners->add(std::move(l));
}

void basic_stream_context::remove_listener(const std::shared_ptr<listener>& l) {
  shared_->listeners->remove(l);
}

void basic_stream_context::set_log(std::shared_ptr<log_observer> log) {
  shared_->log = std::move(log);
}

void basic_stream_context::set_metrics(std::shared_ptr<metric_observer> metrics) {
  shared_->metrics = std::move(metrics);
}

job basic_stream_context::make_job() {
  if (!shared_->log) {
    auto level = parse_log_level(conf_.text("log.level"));
    shared_->log = make_spdlog_observer(level ? *level : log_level::info);
  }
  job what{job_settings{conf_, batch_interval()},
           builder_->frozen(),
           shared_->log,
           std::make_shared<repeated_lines>(),
           shared_->metrics,
           hash_seed{static_cast<std::uint64_t>(conf_.integer("state.hash_seed"))},
           shared_->listeners,
           {}};
  what.report_error = [shared = shared_](const error& e) {
    std::lock_guard guard{shared->mutex};
    if (!shared->first_error)
      shared->first_error = e;
  };
  return what;
}

void basic_stream_context::print_plan(explain_format format) const {
  const auto plan = make_plan(builder_->frozen(), builder_->parallelism());
  explained_job what{plan, conf_.app_name(), batch_interval(), compute_threads(conf_),
                     conf_.integer("stream.batches_in_flight")};
  std::cout << explain(what, format) << std::flush;
}

void basic_stream_context::start() {
  std::lock_guard guard{starting_};
  auto what = make_job();
  switch (state()) {
  case context_state::active:
    builder_->log().named("context").repeated(
        log_level::warning, "starts of a context that runs",
        "start: the context has already been started; nothing is done");
    return;
  case context_state::stopped:
    throw stream_error{errc::illegal_state,
                       "the context has already been stopped and cannot be started again: "
                       "make a new one"};
  case context_state::initialised:
    break;
  }
  try {
    builder_->set_log(what.logger_of("stream"));
    graph_builder::complete(builder_);
    if (auto form = parse_explain_format(conf_.text("app.explain")).value()) {
      print_plan(*form);
      builder_->set_state(context_state::stopped);
      return;
    }
    builder_->set_state(context_state::active);
    engine_->start(std::move(what));
    running_.store(true);
  } catch (...) {
    builder_->set_state(context_state::stopped);
    throw;
  }
}

void basic_stream_context::request_stop(stop_mode mode) {
  builder_->set_state(context_state::stopped);
  engine_->request_stop(mode);
}

void basic_stream_context::stop(stop_mode mode) {
  request_stop(mode);
  if (!engine_->on_own_thread())
    engine_->wait_stopped(std::nullopt);
}

int basic_stream_context::await_termination() {
  if (state() == context_state::initialised)
    throw stream_error{errc::illegal_state, "await_termination: the context has not been started"};
  if (engine_->on_own_thread() || !engine_->wait_stopped(std::nullopt))
    throw stream_error{errc::illegal_state,
                       "await_termination: called on a thread of the job itself, which would wait "
                       "for its own end; call stop() there and wait elsewhere"};
  builder_->set_state(context_state::stopped);
  if (auto e = shared_->reported())
    throw stream_error{*e};
  return 0;
}

bool basic_stream_context::await_termination_for(duration limit) {
  if (auto e = shared_->reported())
    throw stream_error{*e};
  bool stopped = engine_->wait_stopped(limit.chrono()) && state() != context_state::initialised;
  if (auto e = shared_->reported())
    throw stream_error{*e};
  if (stopped)
    builder_->set_state(context_state::stopped);
  return stopped;
}

} // namespace millrace
