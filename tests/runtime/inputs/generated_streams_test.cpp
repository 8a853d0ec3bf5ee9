#include "runtime/engines.hpp"

#include <numeric>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using longs = std::vector<std::int64_t>;

/// How many numbers `rate_stream(per_second)` gives in each of n batches; checks that they are
/// those from 0 on.
std::vector<std::size_t> counts_of(engine& on, std::uint64_t per_second, duration batch,
                                   std::size_t n) {
  auto context = on.make_context(test_configuration(), batch);
  collector<std::int64_t> out;
  context->rate_stream(per_second).collect_into(out);
  context->start();
  on.advance(duration{batch.ms() * static_cast<std::int64_t>(n)});
  CHECK(wait_until([&] { return out.size() == n; }));
  context->stop();
  std::vector<std::size_t> counts;
  longs all;
  for (auto& records : out.batches()) {
    counts.push_back(records.size());
    all.insert(all.end(), records.begin(), records.end());
  }
  longs expected(all.size());
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(all == expected);
  return counts;
}

} // namespace

TEST_CASE("constant_stream: the same records in every batch, in their partitions") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return context.constant_stream(batch<int>{ints{1, 2, 3}, 2}).map([](int x) { return x; });
    });
    CHECK(out.batches == std::vector<ints>(3, {1, 2, 3}));
    CHECK(out.partitions == std::vector<std::vector<ints>>(3, {{1}, {2, 3}}));
  });
}

TEST_CASE("constant_stream: operations that change records do not change the next batch's") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return context.constant_stream(batch<std::string>{"a", "b"}).map([](std::string s) {
        s += "!";
        return s;
      });
    });
    CHECK(out.batches == std::vector<std::vector<std::string>>(3, {"a!", "b!"}));
  });
}

TEST_CASE("constant_stream: text whose bytes are gone after the start") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 2, [](basic_stream_context& context) {
      std::string text = "a text that is longer than the short form";
      return context.constant_stream(batch<std::string_view>{std::string_view{text}, "b"});
    });
    CHECK(out.batches == std::vector<std::vector<std::string>>(
                             2, {"a text that is longer than the short form", "b"}));
  });
}

TEST_CASE("constant_stream: without records the stream has empty batches") {
  on_all_engines([](engine& on) {
    auto out = run_job(
        on, 2, [](basic_stream_context& context) { return context.constant_stream(batch<int>{}); });
    CHECK(out.batches == std::vector<ints>{{}, {}});
  });
}

TEST_CASE("rate_stream: numbers from 0 on, evenly over the batches and partitions") {
  on_all_engines([](engine& on) {
    CHECK(counts_of(on, 10, seconds(1), 3) == std::vector<std::size_t>{10, 10, 10});
    auto other =
        std::string_view{on.name()} == "inline" ? make_inline_engine() : make_actor_engine();
    auto out =
        run_job(*other, 2, [](basic_stream_context& context) { return context.rate_stream(4); });
    CHECK(out.partitions == std::vector<std::vector<longs>>{{{0, 1}, {2, 3}}, {{4, 5}, {6, 7}}});
  });
}

TEST_CASE("rate_stream: a rate that no machine keeps up with is refused") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    context->rate_stream(1'000'000'000);
    CHECK_THROWS_WITH_AS(
        context->rate_stream(static_cast<std::uint64_t>(-1)),
        doctest::Contains("18446744073709551615 numbers a second; allowed are 0 to "
                          "1000000000"),
        stream_error);
    CHECK_THROWS_WITH_AS(context->rate_stream(1'000'000'001),
                         doctest::Contains("rate_stream at generated_streams_test.cpp:"),
                         stream_error);
  });
}

TEST_CASE("rate_stream: a rate that does not divide is exact over time") {
  struct given {
    std::uint64_t per_second;
    duration batch;
    std::vector<std::size_t> counts;
  };
  for (auto& g : {given{10, milliseconds(250), {2, 3, 2, 3, 2, 3, 2, 3}},
                  given{1, milliseconds(300), {0, 0, 0, 1, 0, 0, 1, 0, 0, 1}},
                  given{7, milliseconds(500), {3, 4, 3, 4}},
                  given{3, milliseconds(700), {2, 2, 2, 2, 2, 2, 2, 2, 2, 3}},
                  given{1, seconds(3), {3, 3}}, given{0, seconds(1), {0, 0}}})
    on_all_engines([&](engine& on) {
      CAPTURE(g.per_second);
      CHECK(counts_of(on, g.per_second, g.batch, g.counts.size()) == g.counts);
    });
}
