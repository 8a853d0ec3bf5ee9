#include "millrace/config/configuration.hpp"
#include "millrace/engine/job_settings.hpp"

#include <algorithm>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("each option of a job is in its settings") {
  auto conf = configuration::defaults()
                  .master("local[3]")
                  .set("stream.missed_batches", "all")
                  .set("stream.batches_in_flight", 4)
                  .set("stream.batches_waiting", 5)
                  .set("stream.task_max_failures", 6)
                  .set("stream.on_batch_failure", "skip")
                  .set("stream.delay_warning", 2.5)
                  .set("stream.block_interval", "7ms")
                  .set("stream.max_block_bytes", 8)
                  .set("stream.max_record_bytes", 9)
                  .set("stream.block_store_bytes", 10)
                  .set("stream.receiver_max_rate", 11)
                  .set("receiver.reconnect", false)
                  .set("receiver.restart_intensity", 12)
                  .set("receiver.restart_period", "13ms")
                  .set("receiver.restart_delay", "14ms")
                  .set("receiver.restart_delay_max", "15ms")
                  .set("stop.handle_signals", false)
                  .set("stop.gracefully_on_signal", false)
                  .set("stop.graceful_timeout", "16ms")
                  .set("stop.phase_timeout", "17ms")
                  .set("listener.queue_size", 18)
                  .set("scheduler.policy", "stealing")
                  .set("scheduler.threads", 19)
                  .set("scheduler.max_throughput", 20);
  job_settings s{conf, seconds(21)};
  CHECK(s.batch_interval == seconds(21));
  CHECK(s.workers == 3);
  CHECK(s.parallelism == 3);
  CHECK(s.on_missed_batches == missed_batches::all);
  CHECK(s.batches.max_in_flight == 4);
  CHECK(s.batches.max_waiting == 5);
  CHECK(s.max_batches() == 9);
  CHECK(s.task_max_failures == 6);
  CHECK(s.on_batch_failure == failure_policy::skip);
  CHECK(s.delay_warning == 2.5);
  CHECK(s.block_interval == milliseconds(7));
  CHECK(s.max_block_bytes == 8);
  CHECK(s.max_record_bytes == 9);
  CHECK(s.block_store_bytes == 10);
  CHECK(s.receiver_max_rate == 11);
  CHECK_FALSE(s.reconnect);
  CHECK(s.receiver_restarts.max_restarts == 12);
  CHECK(s.receiver_restarts.period == milliseconds(13));
  CHECK(s.receiver_restarts.initial_delay == milliseconds(14));
  CHECK(s.receiver_restarts.max_delay == milliseconds(15));
  CHECK_FALSE(s.handle_signals);
  CHECK_FALSE(s.stop_gracefully_on_signal);
  CHECK(s.graceful_timeout == std::chrono::milliseconds{16});
  CHECK(s.receivers_timeout.count() == 17);
  CHECK(s.phase_timeout.count() == 17);
  CHECK(s.listener_queue_size == 18);
  CHECK(s.scheduler_policy == "stealing");
  CHECK(s.scheduler_threads == 19);
  CHECK(s.scheduler_max_throughput == 20);
}

TEST_CASE("what is not given follows from what is") {
  auto conf = configuration::defaults().set("stop.phase_timeout", "1s");
  job_settings s{conf, seconds(2)};
  CHECK(s.workers == std::max(1U, std::thread::hardware_concurrency()));
  CHECK(s.parallelism == s.workers);
  CHECK_FALSE(s.graceful_timeout);
  CHECK(s.receivers_timeout == std::chrono::seconds{20});
  CHECK(job_settings{conf, milliseconds(5)}.receivers_timeout == std::chrono::seconds{1});
  conf.set("stream.default_parallelism", 7).set("receiver.restart_delay", "1m");
  CHECK(default_parallelism(conf) == 7);
  CHECK(job_settings{conf, seconds(1)}.receiver_restarts.max_delay == seconds(60));
}
