#include "millrace/engine/pull_inputs.hpp"
#include "plan/plan_harness.hpp"

#include <functional>
#include <set>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

/// Plans the numbers it is told, each a split, as far as the limit goes.
struct scripted final : pull_source {
  recoverability recovers() const override { return recoverability::by_position; }

  std::optional<std::vector<input_split>> plan(batch_time time,
                                               const input_limits& limits) override {
    asked.push_back(time.ms());
    limit = limits;
    if (absent)
      return std::nullopt;
    std::vector<input_split> out;
    input_budget budget{limits};
    while (!numbers.empty() && budget.take(1, sizeof(int))) {
      auto& split = out.emplace_back();
      split.what = {static_cast<unsigned char>(numbers.front())};
      split.records = 1;
      split.size = sizeof(int);
      numbers.erase(numbers.begin());
    }
    return out;
  }

  result<std::vector<block_ptr>> read(const input_split& split) const override {
    const int number = split.what.at(0);
    if (unreadable.contains(number))
      return fail(errc::io_error, "number " + std::to_string(number) + " is gone");
    if (number == 99)
      throw std::runtime_error("no such number");
    return std::vector<block_ptr>{make_typed_block(ints{number})};
  }

  bool take_back(const std::vector<input_split>& splits) override {
    if (refuses_to_take)
      throw std::runtime_error("not again");
    for (auto at = splits.rbegin(); keeps && at != splits.rend(); ++at)
      numbers.insert(numbers.begin(), at->what.at(0));
    return keeps;
  }

  ints numbers;
  std::set<int> unreadable;
  bool absent = false;
  bool keeps = false;
  bool refuses_to_take = false;
  std::vector<std::int64_t> asked;
  input_limits limit;
};

/// Two sources, of streams 0 and 1.
struct fixture {
  fixture() {
    graph = graph_of([&](auto& c) {
      c.template block_stream<int>(first).collect_into(out);
      c.template block_stream<int>(second).collect_into(out);
    });
    pulls.emplace(*graph);
  }

  result<pulled_inputs> pull(std::int64_t second) {
    return pulls->pull(batch_time{second * 1000}, limits);
  }

  static ints numbers_of(const pulled_inputs& from, stream_id stream) {
    ints numbers;
    for (auto& entry : from.streams)
      if (entry.stream == stream)
        for (auto& block : entry.blocks)
          for (int n : static_cast<const typed_block<int>&>(*block).items())
            numbers.push_back(n);
    return numbers;
  }

  std::shared_ptr<scripted> first = std::make_shared<scripted>();
  std::shared_ptr<scripted> second = std::make_shared<scripted>();
  collector<int> out;
  std::shared_ptr<const job_graph> graph;
  job_input_limits limits;
  std::optional<pull_inputs> pulls;
};

constexpr stream_id one{0}, two{1};

} // namespace

TEST_CASE_FIXTURE(fixture, "what is planned is read, in order, and splits go along with blocks") {
  first->numbers = {1, 2, 3};
  second->absent = true;
  auto got = pull(1);
  REQUIRE(got);
  CHECK(numbers_of(*got, one) == ints{1, 2, 3});
  CHECK(got->streams.at(0).splits->size() == 3);
  CHECK_FALSE(got->streams.at(1).splits);
  CHECK(got->bytes() == 3 * sizeof(int));
}

TEST_CASE_FIXTURE(fixture, "each stream has its own limits") {
  first->numbers = {1, 2, 3};
  second->numbers = {4, 5, 6};
  limits.usual = {.records = 2};
  limits.of[two] = {.bytes = sizeof(int)};
  auto got = pull(1);
  REQUIRE(got);
  CHECK(numbers_of(*got, one) == ints{1, 2});
  CHECK(numbers_of(*got, two) == ints{4});
}

TEST_CASE("a split that cannot be read is left out; all others of that batch come with the next") {
  for (bool keeps : {false, true})
    for (bool bad_first : {false, true}) {
      CAPTURE(keeps);
      CAPTURE(bad_first);
      fixture f;
      auto& bad = bad_first ? f.first : f.second;
      auto& good = bad_first ? f.second : f.first;
      bad->keeps = good->keeps = keeps;
      bad->numbers = {1, 2, 3};
      bad->unreadable = {2};
      good->numbers = {7, 8};
      auto got = f.pull(1);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == errc::io_error);
      CHECK(got.error().message.find("Error generating a batch for time 1000 ms: block_stream at "
                                     "pull_inputs_test.cpp:") == 0);
      CHECK(got.error().message.ends_with(": number 2 is gone"));
      bad->numbers.push_back(4);
      good->numbers.push_back(9);
      got = f.pull(2);
      REQUIRE(got);
      CHECK(f.numbers_of(*got, bad_first ? one : two) == ints{1, 3, 4});
      CHECK(f.numbers_of(*got, bad_first ? two : one) == ints{7, 8, 9});
      CHECK(good->asked ==
            (bad_first ? std::vector<std::int64_t>{2000} : std::vector<std::int64_t>{1000, 2000}));
    }
}

TEST_CASE_FIXTURE(fixture, "what was kept counts against the limit of the batch that has it") {
  limits.usual = {.records = 3};
  first->numbers = {1, 2, 3, 4, 5};
  first->unreadable = {3};
  CHECK_FALSE(pull(1));
  auto got = pull(2);
  REQUIRE(got);
  CHECK(first->limit.records == 1);
  CHECK(numbers_of(*got, one) == ints{1, 2, 4});
  CHECK(numbers_of(*pull(3), one) == ints{5});
}

TEST_CASE_FIXTURE(fixture, "splits that a source throws at are kept for it") {
  first->refuses_to_take = true;
  first->numbers = {1, 2};
  second->numbers = {3};
  second->unreadable = {3};
  CHECK_FALSE(pull(1));
  CHECK(numbers_of(*pull(2), one) == ints{1, 2});
}

TEST_CASE_FIXTURE(fixture, "a read that throws is as one that fails") {
  first->numbers = {1, 99, 3};
  auto got = pull(1);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == errc::user_function_failed);
  CHECK(got.error().message.ends_with(" threw: no such number"));
  CHECK(numbers_of(*pull(2), one) == ints{1, 3});
}
