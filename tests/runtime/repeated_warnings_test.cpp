#include "runtime/files/file_job.hpp"
#include "runtime/receivers/receiver_job.hpp"

#include <algorithm>
#include <stdexcept>

using namespace millrace;
using namespace millrace::test;

namespace {

/// The lines of the log that have this part, in order.
std::vector<std::string> lines_with(const memory_log& log, std::string_view part) {
  std::vector<std::string> out;
  for (auto& e : log.entries())
    if (has(e.text, part))
      out.push_back(e.text);
  return out;
}

/// The number in front of `word`, in a line of figures.
std::uint64_t number_before(const std::string& line, const std::string& word) {
  const auto end = line.find(word);
  REQUIRE(end != std::string::npos);
  const auto begin = line.rfind(' ', end - 1) + 1;
  return std::stoull(line.substr(begin, end - begin));
}

/// One line when it began, one a minute, and the rest at the end: together they tell of `total`.
void check_told(const std::vector<std::string>& lines, std::uint64_t total) {
  CAPTURE(lines);
  REQUIRE(lines.size() >= 1);
  std::uint64_t told = 1;
  for (auto line = lines.begin() + 1; line != lines.end(); ++line)
    told += number_before(*line, " more ");
  CHECK(told == total);
}

} // namespace

TEST_CASE("a listener that throws at each batch is told of once a minute, and counted") {
  struct thrower final : listener {
    void on_batch_completed(const batch_info&) override {
      ++thrown;
      throw std::runtime_error("no");
    }
    std::atomic<std::uint64_t> thrown = 0;
  };
  on_all_engines([](engine& on) {
    file_job job{on};
    auto metrics = std::make_shared<memory_metrics>();
    auto bad = std::make_shared<thrower>();
    job.context->set_metrics(metrics);
    job.context->add_listener(bad);
    test_input<int>(*job.context, {}).for_each_batch([](const batch<int>&) {});
    job.context->start();
    for (int second = 1; second <= 150; ++second)
      job.run();
    job.context->stop();
    CHECK(bad->thrown >= 150);
    CHECK(metrics->counter("listener_exceptions_total") == bad->thrown);
    const auto lines = lines_with(*job.log, "a listener threw: no");
    CHECK(lines.size() >= 3);
    CHECK(lines.size() <= 4);
    check_told(lines, bad->thrown);
  });
}

TEST_CASE("restarts and reported errors of a receiver are told of once a minute, and counted") {
  on_all_engines([](engine& on) {
    constexpr int rounds = 40;
    probe p;
    receiver_job job{on, p,
                     test_configuration()
                         .set("receiver.restart_delay", "10ms")
                         .set("receiver.restart_delay_max", "10ms")};
    // Small steps: between two events no minute must pass, or they are told of anew.
    const auto until = [&](const std::function<bool()>& done) {
      REQUIRE(on.advance_until(milliseconds(10), done));
    };
    const auto errors = [&] { return job.events->events("receiver error").size(); };
    for (int round = 1; round <= rounds; ++round) {
      until([&] { return p.starts == round && p.live.load()->is_started(); });
      p.live.load()->report_error("an odd record");
      until([&] { return errors() == 2 * static_cast<std::size_t>(round) - 1; });
      p.live.load()->restart("the wind has turned");
    }
    until([&] { return p.starts == rounds + 1; });
    job.context().stop();
    CHECK(job.metrics->counter("receiver_restarts_total", "0") == rounds);
    const auto minutes = job.out().size() == 0
                             ? 0
                             : static_cast<std::size_t>(job.out().times().back().ms() / 60'000);
    for (auto* text : {"the wind has turned; restart in ", "receiver numbers: an odd record"}) {
      const auto lines = lines_with(*job.log, text);
      CHECK(lines.size() <= minutes + 2);
      check_told(lines, rounds);
    }
  });
}

TEST_CASE("lines of files that are too long are told of once, and counted") {
  on_all_engines([](engine& on) {
    file_job job{on, test_configuration().set("stream.max_record_bytes", "16B")};
    collector<std::string> out;
    job.put("in/old", "");
    job.context->text_file_stream("in").collect_into(out);
    job.context->start();
    std::string text = "short\n";
    for (int i = 0; i < 100; ++i)
      text += "a line of more than sixteen bytes\n";
    for (int file = 1; file <= 3; ++file) {
      job.put("in/" + std::to_string(file), text);
      job.run();
    }
    job.run(seconds(3));
    job.context->stop();
    std::size_t records = 0;
    for (auto& b : out.batches())
      records += b.size();
    CHECK(records == 3);
    const auto lines = lines_with(*job.log, "was skipped");
    REQUIRE(lines.size() == 2);
    CHECK(has(lines[0], "'in/1': a line of 33 bytes at offset 6 was skipped"));
    CHECK(has(lines[1], "lines of files that are too long: 299 more until the end of the job, 300 "
                        "in "));
  });
}

TEST_CASE("a receiver that waits for room in the block store is told of once a minute") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration().set("stream.block_store_bytes", 1)};
    const auto until = [&](const std::function<bool()>& done) {
      REQUIRE(on.advance_until(milliseconds(10), done));
    };
    until([&] { return p.starts == 1 && p.live.load()->is_started(); });
    // Two blocks before each batch: the second one waits for the end of the first.
    const auto full = [&] { return job.metrics->counter("block_store_full_total", "0"); };
    for (std::uint64_t round = 1; round <= 10; ++round) {
      REQUIRE(p.live.load()->store(1));
      until([&] { return job.metrics->counter("records_received_total", "0") >= 2 * round - 1; });
      REQUIRE(p.live.load()->store(2));
      until([&] { return job.received().size() == 2 * round; });
    }
    job.context().stop();
    CHECK(full() > 0);
    const auto lines =
        lines_with(*job.log, "the block store is full: what stream 0 receives waits");
    CHECK(lines.size() <= full());
    check_told(lines, full());
  });
}
