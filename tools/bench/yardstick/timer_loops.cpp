#include "yardstick/timer_loops.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace millrace::bench {

namespace {

using steady = std::chrono::steady_clock;

double us_since(steady::time_point begin) {
  return std::chrono::duration<double, std::micro>(steady::now() - begin).count();
}

} // namespace

timer_loop_result run_timer_worker(std::chrono::microseconds interval, std::size_t batches) {
  std::mutex mutex;
  std::condition_variable wake, back;
  std::size_t due = 0, done = 0;
  steady::time_point deadline;
  timer_loop_result out;
  out.start_us.reserve(batches);
  std::thread worker{[&] {
    std::unique_lock lock{mutex};
    while (done < batches) {
      wake.wait(lock, [&] { return due > done; });
      out.start_us.push_back(us_since(deadline));
      ++done;
      back.notify_one();
    }
  }};
  std::thread timer{[&] {
    const auto begin = steady::now();
    for (std::size_t i = 1; i <= batches; ++i) {
      const auto at = begin + interval * i;
      std::this_thread::sleep_until(at);
      std::unique_lock lock{mutex};
      deadline = at;
      ++due;
      wake.notify_one();
      back.wait(lock, [&] { return done == due; });
    }
  }};
  timer.join();
  worker.join();
  return out;
}

std::vector<double> run_fan_out(std::chrono::microseconds interval, std::size_t rounds,
                                std::size_t workers) {
  std::mutex mutex;
  std::condition_variable wake, back;
  std::size_t round = 0, started = 0;
  steady::time_point deadline;
  double last_start = 0;
  std::vector<double> skews;
  std::vector<std::thread> threads;
  for (std::size_t w = 0; w < workers; ++w) {
    threads.emplace_back([&] {
      std::unique_lock lock{mutex};
      for (std::size_t seen = 0; seen < rounds; ++seen) {
        wake.wait(lock, [&] { return round > seen; });
        last_start = us_since(deadline);
        if (++started == workers)
          back.notify_one();
      }
    });
  }
  const auto begin = steady::now();
  for (std::size_t i = 1; i <= rounds; ++i) {
    const auto at = begin + interval * i;
    std::this_thread::sleep_until(at);
    std::unique_lock lock{mutex};
    deadline = at;
    started = 0;
    ++round;
    wake.notify_all();
    back.wait(lock, [&] { return started == workers; });
    skews.push_back(last_start);
  }
  for (auto& t : threads)
    t.join();
  return skews;
}

} // namespace millrace::bench
