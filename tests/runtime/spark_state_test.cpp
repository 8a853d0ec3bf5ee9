#include "runtime/engines.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>

using namespace millrace;
using namespace millrace::test;

// Spark's updateStateByKey tests (BasicOperationsSuite) and MapWithStateSuite; a batch is 1 s.
// Without counterpart here: "type inferencing and class tags" (the compiler deduces types) and the
// checkpointed runs, which come with checkpoints. "get, exists, update, remove" is in
// state/state_test.cpp.

namespace {

using longs = std::vector<std::int64_t>;
using counted = std::pair<std::string, std::int64_t>;
using counted_sets = std::vector<std::multiset<counted>>;
using text_sets = std::vector<std::multiset<std::string>>;
using maybe = std::optional<std::int64_t>;

/// Batches of one-letter words.
test_batches<std::string> words(std::initializer_list<const char*> batches) {
  test_batches<std::string> out;
  for (std::string letters : batches) {
    std::vector<std::string> records;
    for (char c : letters)
      records.emplace_back(1, c);
    out.emplace_back(std::move(records));
  }
  return out;
}

/// "a1 b-2|c3" as sets of pairs, batch by batch.
counted_sets sets(const std::string& text) {
  counted_sets out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '|')
      out.emplace_back();
    else if (std::isalpha(static_cast<unsigned char>(text[i])))
      out.back().insert({std::string(1, text[i]), std::stol(text.substr(i + 1))});
  }
  return out;
}

auto with_one(const dstream<std::string>& s) {
  return s.map([](std::string w) { return counted{std::move(w), 1}; });
}

const auto U = words({"a", "ab", "abc", "ab", "a", ""});
const auto M = words({"", "a", "ab", "abc", "ab", "a", ""});
const auto snapshots = sets("|a1|a2 b1|a3 b2 c1|a4 b3 c1|a5 b3 c1|a5 b3 c1");

maybe sum(const longs& values, maybe state) {
  auto total = state.value_or(0);
  for (auto v : values)
    total += v;
  return total;
}

template <class Op>
auto update(engine& on, const test_batches<std::string>& input, Op op) {
  return as_sets(run_operation(on, input, [&](const auto& s) { return op(with_one(s)); }).batches);
}

/// The mapped records and the snapshots of `map_with_state(spec)`.
template <class Spec>
auto map_and_snapshots(engine& on, const test_batches<std::string>& input, Spec spec) {
  auto context = on.make_context(test_configuration(), seconds(1));
  auto stream = with_one(test_input(*context, input)).map_with_state(spec);
  collector<owned_t<typename decltype(stream)::value_type>> mapped;
  collector<counted> states;
  stream.collect_into(mapped);
  stream.state_snapshots().collect_into(states);
  context->start();
  on.advance(seconds(static_cast<std::int64_t>(input.size())));
  CHECK(wait_until([&] { return mapped.size() == input.size() && states.size() == input.size(); }));
  context->stop();
  context->await_termination_for(milliseconds(50));
  return std::pair{as_sets(mapped.batches()), as_sets(states.batches())};
}

std::int64_t running_sum(const std::string&, maybe value, state<std::int64_t>& s) {
  auto total = value.value_or(0) + s.get_option().value_or(0);
  s.update(total);
  return total;
}

} // namespace

TEST_CASE("update_state_by_key") {
  on_all_engines([](engine& on) {
    CHECK(update(on, U, [](auto s) { return s.template update_state_by_key<std::int64_t>(sum); }) ==
          sets("a1|a2 b1|a3 b2 c1|a4 b3 c1|a5 b3 c1|a5 b3 c1"));
  });
}

TEST_CASE("update_state_by_key with initial states, by key and by partition") {
  const batch<counted> initial{{"a", 1}, {"c", 2}};
  const auto expected = sets("a2 c2|a3 b1 c2|a4 b2 c3|a5 b3 c3|a6 b3 c3|a6 b3 c3");
  on_all_engines([&](engine& on) {
    CHECK(update(on, U, [&](auto s) {
            return s.template update_state_by_key<std::int64_t>(sum, 2U, initial);
          }) == expected);
  });
  using update_of = std::tuple<std::string, longs, maybe>;
  auto whole = [](std::vector<update_of> all) {
    std::vector<counted> out;
    for (auto& [key, values, old] : all)
      out.emplace_back(key, *sum(values, old));
    return out;
  };
  on_all_engines([&](engine& on) {
    CHECK(update(on, U, [&](auto s) {
            return s.template update_state_by_partition<std::int64_t>(whole, 2U, initial);
          }) == expected);
  });
}

TEST_CASE("update_state_by_partition: new keys of the same partition stay, others are refused") {
  using update_of = std::tuple<std::string, longs, maybe>;
  auto also = [](const std::string& more) {
    return [more](const std::vector<update_of>& all) {
      std::map<std::string, std::int64_t> out;
      for (auto& [key, values, old] : all) {
        out[key] += *sum(values, old);
        out.emplace(more, 0);
      }
      return std::vector<counted>{out.begin(), out.end()};
    };
  };
  on_all_engines([&](engine& on) {
    CHECK(update(on, words({"a", "az"}), [&](auto s) {
            return s.template update_state_by_partition<std::int64_t>(also("z"), 1U);
          }) == sets("a1 z0|a2 z1"));
  });
  on_all_engines([&](engine& on) {
    try {
      update(on, words({"abcdefghijklmnopqrstuvwxy"}), [&](auto s) {
        return s.template update_state_by_partition<std::int64_t>(also("z"), 2U);
      });
      FAIL("a key of another partition was taken");
    } catch (const stream_error& e) {
      std::string what = e.what();
      CAPTURE(what);
      CHECK(what.find("the function returned a key of partition ") != std::string::npos);
      CHECK(what.find("update_state_by_partition at spark_state_test.cpp") != std::string::npos);
    }
  });
}

TEST_CASE("update_state_by_key with the time of the batch") {
  const batch<counted> initial{{"a", 0}, {"c", 0}};
  auto add_time = [](batch_time t, const std::string&, const longs& values, maybe old) {
    return values.empty() ? old : maybe{old.value_or(0) + t.ms()};
  };
  on_all_engines([&](engine& on) {
    CHECK(update(on, U,
                 [&](auto s) {
                   return s.template update_state_by_key<std::int64_t>(add_time, 2U, initial);
                 }) == sets("a1000 c0|a3000 b2000 c0|a6000 b5000 c3000|a10000 b9000 c3000|"
                            "a15000 b9000 c3000|a15000 b9000 c3000"));
  });
}

TEST_CASE("update_state_by_key: a key goes when its function returns nothing") {
  struct counter {
    std::int64_t count = 0;
    int idle = 0;
  };
  auto drop_after_two = [](const longs& values, std::optional<counter> old) {
    auto next = old.value_or(counter{});
    next.count += static_cast<std::int64_t>(values.size());
    next.idle = values.empty() ? next.idle + 1 : 0;
    return next.idle == 2 ? std::nullopt : std::optional{next};
  };
  test_batches<std::string> input = words({"ab", "", "aca", "c", "", ""});
  for (std::size_t absent : {1u, 4u, 5u})
    input[absent] = std::nullopt;
  on_all_engines([&](engine& on) {
    auto out = update(on, input, [&](auto s) {
      return s.template update_state_by_key<counter>(drop_after_two)
          .map([](std::pair<std::string, counter> p) {
            return counted{p.first, p.second.count};
          });
    });
    CHECK(out == sets("a1 b1|a1 b1|a3 c1|a3 c2|c2|"));
  });
}

TEST_CASE("update_state_by_key can leave untouched keys alone") {
  std::atomic<int> calls{0};
  auto counting = [&calls](const longs& values, maybe old) {
    ++calls;
    return sum(values, old);
  };
  on_all_engines([&](engine& on) {
    calls = 0;
    CHECK(update(on, U, [&](auto s) {
            return s.template update_state_by_key<std::int64_t>(counting, 2U, {},
                                                                untouched_keys::skip);
          }) == sets("a1|a2 b1|a3 b2 c1|a4 b3|a5|"));
    CHECK(calls == 9);
  });
}

TEST_CASE("map_with_state: a running sum is returned") {
  on_all_engines([](engine& on) {
    auto [mapped, states] = map_and_snapshots(on, M, state_spec<std::int64_t>(running_sum));
    CHECK(mapped ==
          std::vector<std::multiset<std::int64_t>>{{}, {1}, {2, 1}, {3, 2, 1}, {4, 3}, {5}, {}});
    CHECK(states == snapshots);
  });
}

TEST_CASE("map_with_state: the form with the time, and states as mapped data") {
  auto doubled = [](batch_time t, const std::string& key, maybe value, state<std::int64_t>& s) {
    CHECK(t.ms() % 1000 == 0);
    running_sum(key, value, s);
    return std::optional{key + key};
  };
  on_all_engines([&](engine& on) {
    auto [mapped, states] = map_and_snapshots(on, M, state_spec<std::int64_t>(doubled));
    CHECK(mapped ==
          text_sets{{}, {"aa"}, {"aa", "bb"}, {"aa", "bb", "cc"}, {"aa", "bb"}, {"aa"}, {}});
    CHECK(states == snapshots);
  });
  auto as_data = [](const std::string& key, maybe value, state<std::int64_t>& s) {
    return counted{key, running_sum(key, value, s)};
  };
  on_all_engines([&](engine& on) {
    auto [mapped, states] = map_and_snapshots(on, M, state_spec<std::int64_t>(as_data));
    CHECK(mapped == sets("|a1|a2 b1|a3 b2 c1|a4 b3|a5|"));
    CHECK(states == snapshots);
  });
}

TEST_CASE("map_with_state: initial states, nothing returned") {
  const batch<counted> initial{{"a", 5}, {"b", 10}, {"c", -20}, {"d", 0}};
  auto nothing = [](const std::string& key, maybe value, state<std::int64_t>& s) {
    running_sum(key, value, s);
    return std::optional<int>{};
  };
  on_all_engines([&](engine& on) {
    auto [mapped, states] =
        map_and_snapshots(on, M, state_spec<std::int64_t>(nothing).initial_state(initial));
    CHECK(mapped == std::vector<std::multiset<int>>(7));
    CHECK(states == sets("a5 b10 c-20 d0|a6 b10 c-20 d0|a7 b11 c-20 d0|a8 b12 c-19 d0|"
                         "a9 b13 c-19 d0|a10 b13 c-19 d0|a10 b13 c-19 d0"));
  });
}

TEST_CASE("driver failure recovery: after 3 batches a new job goes on from the last snapshot") {
  constexpr std::ptrdiff_t done = 3;
  const test_batches<std::string> before(M.begin(), M.begin() + done);
  const test_batches<std::string> after(M.begin() + done, M.end());
  const auto sums = state_spec<std::int64_t>(running_sum);
  for (auto& make : all_engines()) {
    auto failed = make(), restarted = make();
    CAPTURE(failed->name());
    auto states = map_and_snapshots(*failed, before, sums).second;
    const batch<counted> last{std::vector<counted>(states.back().begin(), states.back().end())};
    for (auto& later : map_and_snapshots(*restarted, after, sums.initial_state(last)).second)
      states.push_back(std::move(later));
    CHECK(states == snapshots);
  }
}

TEST_CASE("map_with_state: states are removed") {
  auto toggle = [](const std::string& key, maybe, state<std::int64_t>& s) {
    if (s.exists()) {
      s.remove();
      return std::optional{key};
    }
    s.update(1);
    return std::optional<std::string>{};
  };
  on_all_engines([&](engine& on) {
    auto [mapped, states] =
        map_and_snapshots(on, words({"", "a", "ab", "abc", "abc", "ab", "a", ""}),
                          state_spec<std::int64_t>(toggle).num_partitions(1));
    CHECK(mapped == text_sets{{}, {}, {"a"}, {"b"}, {"a", "c"}, {"b"}, {"a"}, {}});
    CHECK(states == sets("|a1|b1|a1 c1|b1|a1||"));
  });
}

// Bettered: Spark calls keys that time out only in the batches in which it checkpoints their
// states, up to ten batches late. Here the call comes in the batch in which it is due: the first
// one that is more than the timeout after the last data.
TEST_CASE("map_with_state: keys time out in the batch in which that is due") {
  auto on_timeout = [](const std::string& key, maybe value, state<std::int64_t>& s) {
    CHECK(s.is_timing_out() == !value.has_value());
    if (s.is_timing_out())
      return std::optional{key};
    s.update(s.get_option().value_or(0) + 1);
    return std::optional<std::string>{};
  };
  auto input = words({"abc", "ab", "a", "", "", "a", "a"});
  for (int i = 0; i < 6; ++i)
    input.push_back(std::vector<std::string>{"a"});
  on_all_engines([&](engine& on) {
    auto [mapped, states] =
        map_and_snapshots(on, input, state_spec<std::int64_t>(on_timeout).timeout(seconds(3)));
    text_sets expected(input.size());
    expected[4] = {"c"};
    expected[5] = {"b"};
    CHECK(mapped == expected);
    CHECK(states[3] == std::multiset<counted>{{"a", 3}, {"b", 2}, {"c", 1}});
    CHECK(states[4] == std::multiset<counted>{{"a", 3}, {"b", 2}});
    CHECK(states.back() == std::multiset<counted>{{"a", 11}});
  });
}

TEST_CASE("map_with_state: state timing out") {
  auto count = [](const std::string& key, maybe value, state<std::int64_t>& s) {
    if (value)
      s.update(1);
    return s.is_timing_out() ? std::optional{key} : std::nullopt;
  };
  auto input = words({"abc", "ab", "a", "", ""});
  for (int i = 0; i < 21; ++i)
    input.push_back(std::vector<std::string>{"a"});
  on_all_engines([&](engine& on) {
    auto [mapped, states] =
        map_and_snapshots(on, input, state_spec<std::int64_t>(count).timeout(seconds(3)));
    std::multiset<std::string> all;
    for (auto& each : mapped)
      all.insert(each.begin(), each.end());
    CHECK(all == std::multiset<std::string>{"b", "c"});
    CHECK(std::ranges::count(states, std::multiset<counted>{{"a", 1}, {"b", 1}, {"c", 1}}) > 0);
    CHECK(states.back() == std::multiset<counted>{{"a", 1}});
  });
}

TEST_CASE("a batch that is tried again finds the states as they were") {
  std::atomic<int> failures{0};
  on_all_engines([&](engine& on) {
    failures = 0;
    auto out = run_operation(on, U, [&](const auto& s) {
      return with_one(s)
          .map_with_state(state_spec<std::int64_t>(
              [](const std::string& key, maybe value, state<std::int64_t>& st) {
                return counted{key, running_sum(key, value, st)};
              }))
          .map([&failures](counted c) {
            if (c == counted{"b", 2} && ++failures == 1)
              throw std::runtime_error("once");
            return c;
          })
          .template update_state_by_key<std::int64_t>([&failures](const longs& values, maybe old) {
            if (values == longs{4} && ++failures == 3)
              throw std::runtime_error("once more");
            return sum(values, old);
          });
    });
    CHECK(failures == 4);
    CHECK(as_sets(out.batches) == sets("a1|a3 b1|a6 b3 c1|a10 b6 c1|a15 b6 c1|a15 b6 c1"));
  });
}

TEST_CASE("state goes on where an input has no batch") {
  test_batches<std::string> input = words({"a", "b"});
  input.push_back(std::nullopt);
  on_all_engines([&](engine& on) {
    CHECK(update(on, input, [](auto s) {
            return s.template update_state_by_key<std::int64_t>(sum);
          }) == sets("a1|a1 b1|a1 b1"));
  });
}

TEST_CASE("checkpoint intervals: by default at least 10 s, of map_with_state 10 batches") {
  for (auto [interval, by_key, mapped, given] :
       {std::tuple{100, 10'000, 1'000, 2'000}, std::tuple{1'000, 10'000, 10'000, 2'000},
        std::tuple{10'000, 10'000, 100'000, 20'000}, std::tuple{3'000, 12'000, 30'000, 6'000}}) {
    on_all_engines(
        [=, interval = interval, by_key = by_key, mapped = mapped, given = given](engine& on) {
          auto context = on.make_context(test_configuration(), milliseconds(interval));
          auto pairs = with_one(test_input(*context, U));
          auto updated = pairs.update_state_by_key<std::int64_t>(sum);
          auto states = pairs.map_with_state(state_spec<std::int64_t>(running_sum));
          auto explicitly = pairs.map_with_state(state_spec<std::int64_t>(running_sum));
          explicitly.checkpoint(milliseconds(given));
          auto length = milliseconds(2 * interval);
          auto plus = std::plus<std::int64_t>{};
          auto minus = std::minus<std::int64_t>{};
          auto subtracted = pairs.reduce_by_key_and_window(plus, minus, length);
          auto window_count = pairs.count_by_window(length);
          auto recomputed = pairs.reduce_by_key_and_window(plus, length);
          collector<counted> out;
          updated.collect_into(out);
          context->start();
          CHECK(subtracted.checkpoint_interval() == milliseconds(by_key));
          CHECK(window_count.checkpoint_interval() == milliseconds(by_key));
          CHECK(recomputed.checkpoint_interval() == std::nullopt);
          CHECK(updated.checkpoint_interval() == milliseconds(by_key));
          CHECK(states.state_checkpoint_interval() == milliseconds(mapped));
          CHECK(states.checkpoint_interval() == std::nullopt);
          CHECK(explicitly.state_checkpoint_interval() == milliseconds(given));
          CHECK(explicitly.checkpoint_interval() == std::nullopt);
          CHECK(pairs.checkpoint_interval() == std::nullopt);
        });
  }
}

TEST_CASE("a timeout that is not positive is refused") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto pairs = with_one(test_input(*context, U));
    for (auto timeout : {seconds(0), seconds(-1)})
      CHECK_THROWS_WITH_AS(
          pairs.map_with_state(state_spec<std::int64_t>(running_sum).timeout(timeout)),
          doctest::Contains("map_with_state at spark_state_test.cpp:"), stream_error);
  });
}
