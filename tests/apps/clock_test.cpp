#include "apps/programs.hpp"
#include "support/scratch_directory.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // A sanitizer has to be loaded before libfaketime, and is not.
#else
constexpr bool sanitized = false;
#endif

constexpr std::int64_t interval_ms = 50;

std::vector<std::string> endless_job(const std::string& missed_batches) {
  return {program("queue_stream"),
          "--batches",
          "1000000",
          "--batch",
          std::to_string(interval_ms) + "ms",
          "--print",
          "1",
          "--master",
          "local[2]",
          "--set",
          "stream.missed_batches=" + missed_batches};
}

/// The library of Debian's package of that name; empty when it is not installed.
std::string libfaketime() {
  for (const auto& folder : std::filesystem::directory_iterator{"/usr/lib"})
    if (const auto library = folder.path() / "faketime" / "libfaketimeMT.so.1"; exists(library))
      return library.string();
  return {};
}

/// A file that tells libfaketime how far the wall clock is off, such as "+3600". Read anew at each
/// look at the clock, so it is always there as a whole.
class wall_clock_setting {
public:
  wall_clock_setting() { set("+0"); }

  void set(const std::string& offset_s) const {
    const auto fresh = scratch_.path() / "fresh";
    std::ofstream{fresh} << offset_s << '\n';
    std::filesystem::rename(fresh, file());
  }

  std::map<std::string, std::string> environment() const {
    return {{"LD_PRELOAD", libfaketime()},
            {"FAKETIME_TIMESTAMP_FILE", file().string()},
            {"FAKETIME_NO_CACHE", "1"},
            {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
  }

private:
  std::filesystem::path file() const { return scratch_.path() / "offset"; }

  scratch_directory scratch_;
};

std::vector<std::int64_t> labels_of(const process& job) {
  std::vector<std::int64_t> out;
  for (auto& batch : batches_of(job.out()))
    out.push_back(batch.time_ms);
  return out;
}

bool more_batches(const process& job, std::size_t n) {
  const auto wanted = printed_batches(job.out()) + n;
  return eventually([&] { return printed_batches(job.out()) >= wanted; });
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

/// The most that two labels in a row are apart.
std::int64_t widest_step(const std::vector<std::int64_t>& labels) {
  std::int64_t widest = 0;
  for (std::size_t i = 1; i < labels.size(); ++i)
    widest = std::max(widest, labels[i] - labels[i - 1]);
  return widest;
}

void check_ascending_on_grid(const std::vector<std::int64_t>& labels) {
  CHECK(std::ranges::adjacent_find(labels, std::ranges::greater_equal{}) == labels.end());
  for (auto label : labels)
    CHECK(label % interval_ms == 0);
}

/// What it does: stopped for two seconds, then on, and in the end asked to stop.
void suspend(process& job) {
  REQUIRE(more_batches(job, 3));
  job.send_signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds{2});
  job.send_signal(SIGCONT);
  REQUIRE(more_batches(job, 3));
  job.send_signal(SIGINT);
  REQUIRE(job.wait() == 0);
}

TEST_CASE("the machine's clock is set under way: batches go on, one interval after the other" *
          doctest::skip(sanitized)) {
  if (libfaketime().empty())
    FAIL("libfaketime is missing: tools/install-deps.sh installs it");
  for (const char* offset : {"-3600", "+3600", "+86400", "-86400", "-0.3"}) {
    CAPTURE(offset);
    const wall_clock_setting wall_clock;
    const auto began = std::chrono::steady_clock::now();
    process job{endless_job("all"), wall_clock.environment()};
    REQUIRE(more_batches(job, 3));
    wall_clock.set(offset);
    REQUIRE(more_batches(job, 15));
    wall_clock.set("+0");
    REQUIRE(more_batches(job, 10));
    job.send_signal(SIGINT);
    REQUIRE(job.wait() == 0);
    CAPTURE(job.err());

    const auto labels = labels_of(job);
    check_ascending_on_grid(labels);
    CHECK(widest_step(labels) == interval_ms);
    const auto passed =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    // The last one, of the graceful stop, may come before its time.
    CHECK(labels.size() <= static_cast<std::size_t>(passed.count() / interval_ms + 2));
    const bool told = std::string{offset} != "-0.3";
    CHECK(count_of(job.err(), "the wall clock has been set") == (told ? 1 : 0));
    CHECK(count_of(job.err(), "agrees with the times of batches again") == (told ? 1 : 0));
  }
}

TEST_CASE("a process that was stopped for two seconds makes one batch for them") {
  process job{endless_job("one")};
  suspend(job);
  CAPTURE(job.err());
  const auto labels = labels_of(job);
  check_ascending_on_grid(labels);
  CHECK(widest_step(labels) >= 1'000);
  CHECK(count_of(job.err(), "suspended or held up") == 1);
}

TEST_CASE("with stream.missed_batches=all it makes every one of them") {
  process job{endless_job("all")};
  suspend(job);
  CAPTURE(job.err());
  const auto labels = labels_of(job);
  check_ascending_on_grid(labels);
  CHECK(widest_step(labels) == interval_ms);
  CHECK(labels.back() - labels.front() >= 2'000);
  CHECK(count_of(job.err(), "suspended or held up") == 0);
}

} // namespace
