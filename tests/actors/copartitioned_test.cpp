#include "support/job_fixture.hpp"

#include <functional>
#include <map>
#include <set>

using namespace millrace;
using namespace millrace::test;

// Streams that are divided alike are combined where they are: an exchange between stages of p
// partitions takes p messages instead of p * p, and none at all where the second stage has no other
// input: then it follows the first in the same task, and saves the p messages that say that it is
// done as well. All else being equal, a stream divided by a function has the same stages and must
// be moved, so what is saved is the difference of two jobs.

namespace {

constexpr std::uint32_t p = 4;
constexpr std::int64_t batches = 40;
constexpr std::int64_t saved_for_each_parent = p * p - p;
constexpr std::int64_t saved_by_following = p * p + p;

using number = std::int64_t;
using pairs = dstream<std::pair<number, number>>;
using part_records = std::vector<std::pair<number, number>>;
using records = std::multiset<std::pair<number, number>>;

const auto plus = std::plus<number>{};
const auto by_function = partition_with(p, [](number key) { return key % p; });

/// Enough that no partition is ever empty: one without records takes fewer messages.
constexpr number keys = 100;

std::vector<number> some_numbers(number from) {
  std::vector<number> out;
  for (number i = 0; i < 3 * keys; ++i)
    out.push_back(from + i);
  return out;
}

struct counted {
  std::int64_t messages = 0;
  std::vector<records> results;
};

/// What the job sends for `batches` batches after the first, one at a time.
counted run(const std::function<pairs(pairs)>& build) {
  actor_job job{quick_configuration().set("stream.default_parallelism", 2),
                seconds(1),
                {std::make_shared<manual_clock>(), nullptr}};
  test_batches<number> input;
  for (number b = 0; b <= batches; ++b)
    input.push_back(some_numbers(b));
  auto source = test_input(*job.context, input).map([](number x) {
    return std::pair{x % keys, x};
  });
  collector<std::pair<number, number>> out;
  build(source).collect_into(out);
  job.context->start();
  std::uint64_t before = 0;
  for (std::size_t i = 0; i <= batches; ++i) {
    if (i == 1)
      before = job.runtime->messages();
    job.runtime->advance(seconds(1));
    CHECK(wait_until([&] { return job.events->completed().size() == i + 1; }));
  }
  counted result{static_cast<std::int64_t>(job.runtime->messages() - before),
                 as_sets(out.batches())};
  job.context->stop();
  return result;
}

/// `op` on a stream that is divided as it wants it, and on one that is not: how many messages less
/// the first takes in each batch.
std::int64_t saved_by(const std::function<pairs(pairs divided)>& op) {
  auto alike = run([&](pairs s) { return op(s.partition_by(p)); });
  auto moved = run([&](pairs s) { return op(s.partition_by(by_function)); });
  CHECK(alike.results == moved.results);
  CHECK(alike.results.size() == batches + 1);
  // The last message of a batch may still be on its way when the next begins.
  auto saved = moved.messages - alike.messages;
  return (saved + batches / 2) / batches;
}

part_records plus_one_each(part_records& part) {
  for (auto& record : part)
    ++record.second;
  return std::move(part);
}

number add_both(std::pair<number, number> both) { return both.first * 1000 + both.second; }

} // namespace

TEST_CASE("a join of two results of reduce_by_key sends p messages for each parent") {
  auto reduce_and_join = [](auto left, auto right) {
    return [=](pairs s) {
      auto tens = s.map_values([](number v) { return v * 10; });
      return s.reduce_by_key(plus, left)
          .join(tens.reduce_by_key(plus, right), p)
          .map_values(add_both);
    };
  };
  auto alike = run(reduce_and_join(p, p));
  auto one_moves = run(reduce_and_join(p, by_function));
  auto both_move = run(reduce_and_join(by_function, by_function));
  CHECK(alike.results == one_moves.results);
  CHECK(alike.results == both_move.results);
  auto for_each_batch = [](std::int64_t n) { return (n + batches / 2) / batches; };
  CHECK(for_each_batch(one_moves.messages - alike.messages) == saved_for_each_parent);
  CHECK(for_each_batch(both_move.messages - alike.messages) == 2 * saved_for_each_parent);
}

TEST_CASE("keyed operations do not move what is divided alike") {
  auto saved = [](const std::function<pairs(pairs)>& op) {
    CHECK(saved_by(op) == saved_by_following);
  };
  saved([](pairs s) { return s.reduce_by_key(plus, p); });
  saved([](pairs s) { return s.partition_by(p); });
  saved([](pairs s) {
    return s.group_by_key(p).map_values(
        [](const std::vector<number>& values) { return static_cast<number>(values.size()); });
  });
  saved([](pairs s) { return s.reduce_by_key_and_window(plus, seconds(2), seconds(1), p); });
  saved([](pairs s) {
    return s.group_by_key_and_window(seconds(2), seconds(1), p)
        .map_values(
            [](const std::vector<number>& values) { return static_cast<number>(values.size()); });
  });
  saved([](pairs s) {
    return s.update_state_by_key<number>(
        [](const std::vector<number>& values, std::optional<number> old) {
          return std::optional{old.value_or(0) + static_cast<number>(values.size())};
        },
        p);
  });
  saved([](pairs s) {
    auto count = [](const number& key, std::optional<number>, state<number>& n) {
      n.update(n.get_option().value_or(0) + 1);
      return std::pair{key, n.get()};
    };
    return s.map_with_state(state_spec<number>(count).num_partitions(p)).state_snapshots();
  });
}

TEST_CASE("a partitioner of the user's own is recognised when it is used again") {
  auto alike =
      run([](pairs s) { return s.partition_by(by_function).reduce_by_key(plus, by_function); });
  auto moved = run([](pairs s) { return s.partition_by(p).reduce_by_key(plus, by_function); });
  CHECK(alike.results == moved.results);
  CHECK((moved.messages - alike.messages + batches / 2) / batches == saved_by_following);
}

TEST_CASE("a join of streams whose partitioning map_partitions preserves moves nothing") {
  CHECK(saved_by([](pairs s) {
          return s.map_partitions(plus_one_each, true)
              .join(s.map_partitions(plus_one_each, true), p)
              .map_values(add_both);
        }) == 2 * saved_for_each_parent);
}

TEST_CASE("streams stay divided through windows, unions and operations on values") {
  auto one_parent = [](const std::function<pairs(pairs)>& between) {
    CHECK(saved_by([&](pairs s) { return between(s).reduce_by_key(plus, p); }) ==
          saved_by_following);
  };
  one_parent([](pairs s) { return s.map_values([](number v) { return v + 1; }); });
  one_parent([](pairs s) { return s.filter([](auto& r) { return r.second % 2 == 0; }); });
  one_parent([](pairs s) { return s.window(seconds(3)); });
  one_parent([](pairs s) {
    std::vector<std::pair<number, number>> known;
    for (number k = 0; k < keys; ++k)
      known.emplace_back(k, 10 * k);
    return s.join(batch<std::pair<number, number>>{known}).map_values(add_both);
  });
  one_parent([](pairs s) { return s.map_partitions(plus_one_each, true); });
  // A union of two streams divided alike; both are parts of the one stage.
  one_parent([](pairs s) { return s.union_with(s.map_values([](number v) { return v + 1; })); });
}

TEST_CASE("streams that are not known to be divided alike are moved") {
  auto moved = [](const std::function<pairs(pairs)>& op) { CHECK(saved_by(op) == 0); };
  moved([](pairs s) { return s.reduce_by_key(plus, p + 1); });
  moved([](pairs s) {
    return s.map([](std::pair<number, number> r) {
              return std::pair{r.first + 1, r.second};
            })
        .reduce_by_key(plus, p);
  });
  moved([](pairs s) { return s.repartition(p).reduce_by_key(plus, p); });
  moved([](pairs s) { return s.map_partitions(plus_one_each).reduce_by_key(plus, p); });
  // What is promised of keys of one type says nothing of keys of another.
  moved([](pairs s) {
    auto short_keys = [](std::vector<std::pair<number, number>>& part) {
      std::vector<std::pair<std::int32_t, number>> out;
      for (auto& [key, value] : part)
        out.emplace_back(static_cast<std::int32_t>(key), value);
      return out;
    };
    return s.map_partitions(short_keys, true).reduce_by_key(plus, p).map([](auto r) {
      return std::pair{number{r.first}, r.second};
    });
  });
}
