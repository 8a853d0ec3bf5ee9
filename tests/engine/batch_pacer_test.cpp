#include "millrace/base/anchored_clock.hpp"
#include "millrace/base/random.hpp"
#include "millrace/engine/batch_pacer.hpp"
#include "support/scripted_clock.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;

namespace {

using ticks = std::vector<std::int64_t>;
using span = std::chrono::nanoseconds;

/// A batch clock on a machine whose clocks are scripted.
struct paced {
  explicit paced(duration period, batch_time start = batch_time{1'700'000'000'300},
                 missed_batches policy = missed_batches::one)
      : machine{std::make_shared<scripted_clock>(start)},
        time{machine},
        pacer{batch_schedule{period, time.wall_now()}, policy} {}

  std::shared_ptr<scripted_clock> machine;
  anchored_clock time;
  batch_pacer pacer;
  ticks labels;
  std::uint64_t missed = 0;
  std::vector<std::string> lines;
  std::optional<batch_time> next;

  /// One look, whatever the time; how many ticks it announced.
  std::size_t look() {
    auto pace = pacer.look(time.wall_now(), machine->wall_now());
    for (auto t : pace.due.begin.until(pace.due.end, pace.due.period))
      labels.push_back(t.ms());
    missed += pace.missed;
    for (auto& line : pace.lines)
      lines.push_back(line.text);
    next = pace.next;
    return static_cast<std::size_t>(pace.due.count());
  }

  /// Waits for the timer, and looks.
  std::size_t wait() {
    if (!next)
      look();
    const auto left = time.steady_at(next.value()) - machine->steady_now();
    CHECK(left > span{0});
    machine->pass(left);
    return look();
  }

  std::size_t lines_with(const std::string& part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [&](auto& line) { return line.find(part) != std::string::npos; }));
  }
};

/// n labels from `first` on, `step` apart.
ticks row_of(std::int64_t first, std::int64_t step, std::size_t n) {
  ticks out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(first + step * static_cast<std::int64_t>(i));
  return out;
}

constexpr std::int64_t first_second = 1'700'000'001'000;

const std::string set_line = "the wall clock has been set";
const std::string over_line = "agrees with the times of batches again";
const std::string gap_line = "suspended or held up";

} // namespace

TEST_CASE("ticks come at their times on the grid, one timer each") {
  paced clock{seconds(1)};
  CHECK(clock.look() == 0);
  CHECK(clock.next == batch_time{first_second});
  for (int i = 0; i < 5; ++i) {
    CHECK(clock.wait() == 1);
    CHECK(clock.machine->wall_now() == batch_time{clock.labels.back()});
  }
  CHECK(clock.labels == row_of(first_second, 1'000, 5));
  CHECK(clock.pacer.upcoming() == batch_time{first_second + 5'000});
  CHECK(clock.missed == 0);
  CHECK(clock.lines.empty());
}

TEST_CASE("a look between two ticks announces nothing and leaves the timer where it is") {
  paced clock{seconds(1)};
  CHECK(clock.wait() == 1);
  clock.machine->pass(400ms);
  CHECK(clock.look() == 0);
  CHECK(clock.next == batch_time{first_second + 1'000});
}

TEST_CASE("a wall clock that jumps neither stops nor floods, in whichever interval") {
  for (auto by : {span{300ms}, span{1h}, span{24h}})
    for (auto sign : {1, -1})
      for (int before : {0, 1, 5}) {
        CAPTURE(by.count());
        CAPTURE(sign);
        CAPTURE(before);
        paced clock{milliseconds(200), batch_time{first_second - 50}};
        for (int i = 0; i < before; ++i)
          CHECK(clock.wait() == 1);
        const auto began = clock.machine->steady_now();
        clock.machine->jump(sign * by);
        for (int i = before; i < 20; ++i)
          CHECK(clock.wait() == 1);
        CHECK(clock.labels == row_of(first_second, 200, 20));
        CHECK(clock.machine->steady_now() - began <= 200ms * (20 - before));
        CHECK(clock.missed == 0);
        CHECK(clock.lines_with(set_line) == (by > 1s ? 1 : 0));
        CHECK(clock.lines.size() == clock.lines_with(set_line));
      }
}

TEST_CASE("an hour back for 0.3 s and then right: every batch, and two lines") {
  paced clock{milliseconds(200)};
  for (int i = 0; i < 3; ++i)
    clock.wait();
  clock.machine->jump(-1h);
  clock.wait();
  clock.machine->pass(100ms);
  clock.machine->jump(1h);
  for (int i = 0; i < 3; ++i)
    clock.wait();
  CHECK(clock.labels == row_of(1'700'000'000'400, 200, 7));
  CHECK(clock.lines_with("1.00 h behind") == 1);
  CHECK(clock.lines_with(over_line) == 1);
  CHECK(clock.lines.size() == 2);
}

TEST_CASE("a step that lasts is told of once, with its figure") {
  paced clock{seconds(1)};
  clock.wait();
  clock.machine->jump(24h);
  for (int i = 0; i < 3'600; ++i)
    clock.wait();
  CHECK(clock.labels == row_of(first_second, 1'000, 3'601));
  CHECK(clock.lines_with("24.00 h ahead of") == 1);
  CHECK(clock.lines.size() == 1);
}

TEST_CASE("steps too small to be told of add up to one that is told of") {
  paced clock{seconds(1)};
  for (int i = 0; i < 10; ++i) {
    clock.machine->jump(-300ms);
    CHECK(clock.wait() == 1);
  }
  CHECK(clock.labels == row_of(first_second, 1'000, 10));
  CHECK(clock.lines_with("1.2 s behind") == 1);
  CHECK(clock.lines.size() == 1);
}

TEST_CASE("a process that was suspended makes one batch for the gap") {
  paced clock{seconds(1)};
  clock.wait();
  clock.machine->pass(10s + 500ms);
  CHECK(clock.look() == 1);
  CHECK(clock.labels == ticks{first_second, first_second + 10'000});
  CHECK(clock.missed == 9);
  CHECK(clock.next == batch_time{first_second + 11'000});
  REQUIRE(clock.lines.size() == 1);
  CHECK(clock.lines[0] == "the process was suspended or held up for 9.5 s: 9 batches were missed; "
                          "what came in meanwhile is in batch 1700000011000 ms (option "
                          "stream.missed_batches)");
  CHECK(clock.wait() == 1);
  CHECK(clock.wait() == 1);
  CHECK(clock.missed == 9);
  CHECK(clock.lines.size() == 1);
}

TEST_CASE("a gap before the first tick is one batch too") {
  paced clock{milliseconds(200)};
  clock.look();
  clock.machine->pass(24h);
  CHECK(clock.look() == 1);
  CHECK(clock.missed == 24 * 3'600 * 5 - 1);
}

TEST_CASE("with all, a suspended process makes every batch that it missed, as Spark") {
  paced clock{seconds(1), batch_time{first_second - 1}, missed_batches::all};
  clock.wait();
  clock.machine->pass(10s + 500ms);
  CHECK(clock.look() == 10);
  CHECK(clock.wait() == 1);
  CHECK(clock.labels == row_of(first_second, 1'000, 12));
  CHECK(clock.missed == 0);
  CHECK(clock.lines.empty());
  // Its wall clock may jump as it likes all the same.
  clock.machine->jump(24h);
  CHECK(clock.wait() == 1);
}

TEST_CASE("what counts as a gap: more than three ticks, and the oldest a second late") {
  struct row {
    duration period;
    span late; ///< The look, after the tick that it was for.
    std::size_t announced;
  };
  for (auto [period, late, announced] : {
           row{milliseconds(100), 950ms, 10},
           row{milliseconds(100), 999ms, 10},
           row{milliseconds(100), 1'000ms, 1},
           row{milliseconds(20), 999ms, 50},
           row{milliseconds(20), 1'000ms, 1},
           row{milliseconds(400), 1'000ms, 3},
           row{milliseconds(400), 1'200ms, 1},
           row{seconds(1), 2'999ms, 3},
           row{seconds(1), 3'000ms, 1},
           row{minutes(1), 179s, 3},
           row{minutes(1), 180s, 1},
       }) {
    CAPTURE(period.ms());
    CAPTURE(late.count());
    paced clock{period, batch_time{1'700'000'000'000}};
    clock.look();
    clock.machine->pass((clock.next.value() - clock.time.wall_now()).chrono() + late);
    CHECK(clock.look() == announced);
    CHECK((clock.missed == 0) == (announced > 1));
    CHECK(clock.lines_with(gap_line) == (announced == 1 ? 1 : 0));
  }
}

TEST_CASE("gaps that follow each other are told of once a minute, with their sum") {
  paced clock{milliseconds(100), batch_time{first_second - 100}};
  clock.wait();
  for (int i = 0; i < 31; ++i) {
    clock.machine->pass(2s);
    CHECK(clock.look() == 1);
  }
  REQUIRE(clock.lines.size() == 2);
  CHECK(clock.lines[0].find("held up for 1.9 s: 19 batches were missed") != std::string::npos);
  CHECK(clock.lines[1].find("held up 30 times, for up to 1.9 s: 570 batches were missed; what came "
                            "in meanwhile is in the batch after each, the last of them") !=
        std::string::npos);
  // What is not told of yet is told of later, without a gap.
  clock.machine->pass(3s);
  clock.look();
  for (int i = 0; i < 700; ++i)
    clock.wait();
  CHECK(clock.lines.size() == 3);
  CHECK(clock.lines[2].find("held up for 2.9 s: 29 batches were missed") != std::string::npos);
  CHECK(clock.missed == 31 * 19 + 29);
}

TEST_CASE("gaps that no line has told of when the clock stops are its last words") {
  paced clock{milliseconds(100), batch_time{first_second - 100}};
  clock.wait();
  CHECK_FALSE(clock.pacer.last_words());
  clock.machine->pass(2s);
  clock.look();
  REQUIRE(clock.lines.size() == 1);
  CHECK_FALSE(clock.pacer.last_words());
  for (int i = 0; i < 2; ++i) {
    clock.machine->pass(3s);
    clock.look();
  }
  CHECK(clock.lines.size() == 1);
  const auto line = clock.pacer.last_words();
  REQUIRE(line);
  CHECK(line->level == log_level::warning);
  CHECK(line->text.find("2 times, for up to 2.9 s: 58 batches were missed") != std::string::npos);
  CHECK_FALSE(clock.pacer.last_words());
}

TEST_CASE("suspended while the wall clock is set: one batch, and both are told of") {
  paced clock{seconds(1)};
  clock.wait();
  clock.machine->jump(-24h);
  clock.machine->pass(1h);
  CHECK(clock.look() == 1);
  CHECK(clock.labels.back() == first_second + 3'600'000);
  CHECK(clock.missed == 3'599);
  CHECK(clock.lines_with(gap_line) == 1);
  CHECK(clock.lines_with(set_line) == 1);
}

TEST_CASE("a machine that slept, whose steady clock stood, goes on where it was") {
  paced clock{seconds(1)};
  clock.wait();
  clock.machine->jump(8h);
  CHECK(clock.wait() == 1);
  CHECK(clock.labels == row_of(first_second, 1'000, 2));
  CHECK(clock.missed == 0);
  CHECK(clock.lines_with("8.00 h ahead of") == 1);
}

TEST_CASE("a restart goes on at once though the wall clock is behind what was made before") {
  auto machine = std::make_shared<scripted_clock>(batch_time{50'000});
  const batch_time last{3'600'300};
  const anchored_clock time{machine, time_anchor::of(*machine).not_before(last)};
  batch_pacer pacer{batch_schedule::resumed(seconds(1), batch_time{300}, last, time.wall_now()),
                    missed_batches::one};
  auto pace = pacer.look(time.wall_now(), machine->wall_now());
  CHECK(pace.due.empty());
  CHECK(pace.next == batch_time{3'601'300});
  CHECK(pace.lines.size() == 1);
  CHECK(time.steady_at(*pace.next) == machine->steady_now() + 1s);
  machine->pass(1s);
  pace = pacer.look(time.wall_now(), machine->wall_now());
  CHECK(pace.due == tick_range{batch_time{3'601'300}, batch_time{3'602'300}, seconds(1)});
}

TEST_CASE("at the end of time no timer is set any more") {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  for (auto policy : {missed_batches::one, missed_batches::all}) {
    const auto end = batch_time{largest}.floor(milliseconds(500));
    batch_pacer pacer{batch_schedule{milliseconds(500), end - milliseconds(1'700)}, policy};
    auto pace = pacer.look(end - milliseconds(1'200), batch_time{0});
    CHECK(pace.next == end - milliseconds(1'000));
    pace = pacer.look(batch_time{largest}, batch_time{0});
    CHECK(pace.due.end == end);
    CHECK_FALSE(pace.next);
    pace = pacer.look(batch_time{largest}, batch_time{0});
    CHECK(pace.due.empty());
    CHECK_FALSE(pace.next);
    CHECK(pacer.upcoming() == end);
  }
}

TEST_CASE("whatever the wall clock does, labels ascend on the grid, one for an interval of time") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 200; ++round) {
    const auto policy = round % 4 == 0 ? missed_batches::all : missed_batches::one;
    const auto period = duration{1 + static_cast<std::int64_t>(random.below(3'000))};
    const auto start = batch_time{static_cast<std::int64_t>(random.below(1ULL << 41U))};
    paced clock{period, start, policy};
    const auto began = clock.machine->steady_now();
    const auto zero = start.floor(period);
    clock.look();
    for (int step = 0; step < 200; ++step) {
      const auto up_to = [&](span limit) { return span{random.below(limit.count())}; };
      const auto made = clock.labels.size();
      switch (random.below(8)) {
      case 0:
        clock.machine->jump(up_to(48h) - 24h);
        break;
      case 1:
        clock.machine->jump(up_to(2s) - 1s);
        break;
      case 2:
        clock.machine->pass(up_to(4 * period.chrono()));
        break;
      case 3:
        clock.machine->pass(up_to(50 * period.chrono() + 5s));
        break;
      default:
        CHECK(clock.wait() == 1);
        continue;
      }
      clock.look();
      const auto announced = clock.labels.size() - made;
      if (policy == missed_batches::one)
        CHECK(announced <= std::max<std::uint64_t>(3, 1'000 / period.ms() + 1));
    }
    // One for each interval since the start, less those that were missed: none is lost or made up.
    const auto passed =
        std::chrono::floor<std::chrono::milliseconds>(clock.machine->steady_now() - began);
    const auto now = start + duration{passed};
    CHECK(clock.labels.size() + clock.missed ==
          static_cast<std::uint64_t>((now.floor(period) - zero).ms() / period.ms()));
    if (policy == missed_batches::all)
      CHECK(clock.missed == 0);
    auto before = zero.ms();
    for (auto label : clock.labels) {
      REQUIRE(label > before);
      REQUIRE((label - zero.ms()) % period.ms() == 0);
      before = label;
    }
    CHECK(before <= now.ms());
    CHECK(clock.next > now);
    CHECK((clock.missed == 0 || clock.lines_with(gap_line) > 0));
  }
}

TEST_CASE("the policy is parsed with a helpful error") {
  CHECK(parse_missed_batches("one").value() == missed_batches::one);
  CHECK(parse_missed_batches("all").value() == missed_batches::all);
  CHECK(parse_missed_batches("none").error().message ==
        "stream.missed_batches is \"none\"; allowed are one and all");
}
