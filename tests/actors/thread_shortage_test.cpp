#include "millrace/actors/compute/compute_pool.hpp"
#include "support/job_fixture.hpp"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <limits>
#include <pthread.h>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr int no_limit = std::numeric_limits<int>::max();

/// Threads made by pthread_create that have not returned, and how many there may be.
std::atomic<int> live = 0;
std::atomic<int> most = no_limit;
std::atomic<int> refused = 0;

struct thread_body {
  void* (*run)(void*);
  void* argument;
};

void* counted(void* raw) {
  auto body = *static_cast<thread_body*>(raw);
  delete static_cast<thread_body*>(raw);
  auto* result = body.run(body.argument);
  --live;
  return result;
}

/// No more threads than there are now and so many more, for as long as this lives.
class shortage {
public:
  explicit shortage(int more) {
    refused = 0;
    most = live + more;
  }
  ~shortage() { most = no_limit; }
};

/// Stores 1 from a thread of its own.
struct one_record final : receiver<int> {
  void on_start() override {
    run([this](std::stop_token) { store(1); });
  }
  void on_stop() override {}
};

} // namespace

/// Stands in front of the system's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) noexcept {
  static auto* real =
      reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (++live > most) {
    --live;
    ++refused;
    return EAGAIN;
  }
  auto* body = new thread_body{run, argument};
  int failed = real(thread, attributes, counted, body);
  if (failed != 0) {
    delete body;
    --live;
  }
  return failed;
}

TEST_CASE("compute_pool: when the system has too few threads, those made are ended and the error "
          "names the first that is missing") {
  std::thread{[] {}}.join(); // what the first thread opens for the process
  auto threads = settled_thread_count();
  for (int have : {0, 1, 5}) {
    shortage s{have};
    auto missing = "the system has no thread for compute thread " + std::to_string(have + 1) +
                   " of 6: Resource temporarily unavailable";
    CHECK_THROWS_WITH_AS(actors::compute_pool(6, nullptr), doctest::Contains(missing.c_str()),
                         stream_error);
    CHECK(back_to_threads(threads));
  }
  shortage s{6};
  actors::compute_pool pool{6, nullptr};
  std::atomic<int> calls = 0;
  pool.run_all(10, [&](std::size_t) { ++calls; });
  CHECK(calls == 10);
}

TEST_CASE("a job for which the system has too few threads fails to start and leaves nothing, or "
          "starts and goes on once there are enough") {
  auto conf = quick_configuration()
                  .master("local[3]")
                  .set("stop.handle_signals", true)
                  .set("receiver.restart_intensity", 0);
  { actor_job first{conf}; } // what the first job opens for the process
  auto threads = settled_thread_count();
  auto descriptors = descriptor_count();
  int failures = 0;
  bool enough = false;
  for (int have = 0; !enough && have < 40; ++have) {
    CAPTURE(have);
    collector<int> out;
    actor_job job{conf};
    job.context->receiver_stream([] { return std::make_shared<one_record>(); }).collect_into(out);
    auto scarce = std::make_unique<shortage>(have);
    bool started = false;
    try {
      job.context->start();
      started = true;
    } catch (const stream_error& e) {
      CHECK(contains(e.what(), "the system has no thread for "));
    }
    if (started) {
      CHECK(wait_until([&] { return refused > 0 || records_of(out).size() == 1; }));
      enough = refused == 0;
      scarce.reset();
      CHECK(wait_until([&] { return records_of(out).size() == 1; }));
      job.stop_gracefully();
    } else {
      ++failures;
      CHECK(job.context->state() == context_state::stopped);
      scarce.reset();
      CHECK(back_to_threads(threads));
      job.context->stop();
    }
  }
  CHECK(enough);
  CHECK(failures >= 8);
  CHECK(back_to_threads(threads));
  CHECK(wait_until([&] { return descriptor_count() == descriptors; }));
}
