#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

std::shared_ptr<batch_feed<int>> feed_of(std::vector<batch<int>> batches) {
  auto feed = std::make_shared<batch_feed<int>>();
  for (auto& b : batches)
    feed->push(b);
  return feed;
}

} // namespace

TEST_CASE("queue_stream: one batch at a time, then empty batches of one partition") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 4, [](basic_stream_context& context) {
      return context.queue_stream(
          feed_of({{1, 2}, batch<int>{ints{}, 2}, batch<int>{ints{3, 4, 5}, 3}}));
    });
    CHECK(out.batches == std::vector<ints>{{1, 2}, {}, {3, 4, 5}, {}});
    CHECK(out.partitions ==
          std::vector<std::vector<ints>>{{{1, 2}}, {{}, {}}, {{3}, {4}, {5}}, {{}}});
  });
}

TEST_CASE("queue_stream: all that are queued, united in order") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 2, [](basic_stream_context& context) {
      return context.queue_stream(feed_of({{1, 2}, {3}, batch<int>{ints{4, 5}, 2}}), false);
    });
    CHECK(out.partitions == std::vector<std::vector<ints>>{{{1, 2}, {3}, {4}, {5}}, {{}}});
  });
}

TEST_CASE("queue_stream: the default batch whenever the queue is empty") {
  for (bool one_at_a_time : {true, false})
    on_all_engines([&](engine& on) {
      auto out = run_job(on, 3, [&](basic_stream_context& context) {
        return context.queue_stream(feed_of({{1}}), one_at_a_time, batch<int>{7, 8});
      });
      CHECK(out.batches == std::vector<ints>{{1}, {7, 8}, {7, 8}});
    });
}

TEST_CASE("queue_stream takes what is pushed after start") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto feed = std::make_shared<batch_feed<int>>();
    collector<int> out;
    context->queue_stream(feed).collect_into(out);
    context->start();
    for (int i = 1; i <= 3; ++i) {
      feed->push({i});
      on.advance(seconds(1));
      CHECK(wait_until([&] { return out.size() == static_cast<std::size_t>(i); }));
    }
    context->stop();
    CHECK(out.batches() == std::vector<ints>{{1}, {2}, {3}});
    CHECK(feed->size() == 0);
  });
}

TEST_CASE("text in a queue is copied, so that its bytes may go") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 1, [](basic_stream_context& context) {
      auto text = std::make_unique<std::string>("a line that is longer than the short form");
      auto feed = std::make_shared<batch_feed<std::string_view>>();
      feed->push(batch<std::string_view>{std::string_view{*text}, "b"});
      context.queue_stream(feed, true);
      return context.input_stream<std::string_view>(
          [keep = std::shared_ptr<std::string>(std::move(text))](batch_time) {
            std::string copy = *keep;
            auto blocks = to_blocks(batch<std::string_view>{std::string_view{copy}});
            CHECK(static_cast<const text_block&>(*blocks.at(0)).record(0) == *keep);
            return std::optional{batch<std::string_view>{std::string_view{*keep}, "b"}};
          });
    });
    CHECK(out.batches == std::vector<std::vector<std::string>>{
                             {"a line that is longer than the short form", "b"}});
  });
}

TEST_CASE("block_stream gives each block as one partition") {
  struct two_blocks final : pull_source {
    recoverability recovers() const override { return recoverability::by_time; }
    std::optional<std::vector<input_split>> plan(batch_time t, const input_limits&) override {
      std::vector<std::string_view> lines{"x y", "z"};
      return std::vector{split_of({make_text_block(lines), make_text_block(std::span{lines}.first(
                                                               t.ms() == 1000 ? 1 : 0))})};
    }
  };
  on_all_engines([](engine& on) {
    auto out = run_job(on, 2, [](basic_stream_context& context) {
      return context.block_stream<std::string_view>(std::make_shared<two_blocks>())
          .flat_map(words());
    });
    using texts = std::vector<std::string>;
    CHECK(out.partitions ==
          std::vector<std::vector<texts>>{{{"x", "y", "z"}, {"x", "y"}}, {{"x", "y", "z"}, {}}});
  });
}

TEST_CASE("pull sources are asked once per batch, in order, also when the clock jumps") {
  on_all_engines([](engine& on) {
    std::vector<std::int64_t> asked;
    auto out = run_job(on, 20, [&](basic_stream_context& context) {
      return context.input_stream<std::int64_t>([&](batch_time t) {
        asked.push_back(t.ms());
        return std::optional{batch<std::int64_t>{t.ms()}};
      });
    });
    std::vector<std::vector<std::int64_t>> expected;
    for (std::int64_t t = 1000; t <= 20'000; t += 1000)
      expected.push_back({t});
    CHECK(out.batches == expected);
    CHECK(asked.size() == 20);
    CHECK(std::ranges::is_sorted(asked));
  });
}

TEST_CASE("two outputs of one stream compute it once") {
  on_all_engines([](engine& on) {
    std::atomic<int> calls = 0;
    collector<int> first;
    auto out = run_job(on, 1, [&](basic_stream_context& context) {
      auto s = test_input<int>(context, {ints{1, 2, 3}}).map([&](int x) {
        ++calls;
        return x + 1;
      });
      s.collect_into(first);
      return s.filter([](int x) { return x > 2; });
    });
    CHECK(calls == 3);
    CHECK(first.batches() == std::vector<ints>{{2, 3, 4}});
    CHECK(out.batches == std::vector<ints>{{3, 4}});
  });
}

TEST_CASE(
    "batches of a batch's blocks: more partitions than records, and as many blocks as there are") {
  for (std::size_t partitions : {1U, 2U, 7U, 50U})
    on_all_engines([&](engine& on) {
      auto out = run_job(on, 1, [&](basic_stream_context& context) {
        return test_input<int>(context, {ints{1, 2, 3}}, partitions);
      });
      CHECK(out.partitions.at(0).size() == partitions);
      CHECK(out.batches == std::vector<ints>{{1, 2, 3}});
    });
}

TEST_CASE("for_each_batch gets a batch whose operations run, of an input without blocks too") {
  struct nothing final : pull_source {
    recoverability recovers() const override { return recoverability::none; }
    std::optional<std::vector<input_split>> plan(batch_time, const input_limits&) override {
      return std::vector<input_split>{};
    }
  };
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    std::atomic<int> empty = 0;
    collector<int> sorted;
    context->block_stream<int>(std::make_shared<nothing>())
        .for_each_batch([&](const batch<int>& b, batch_time) {
          empty += b.sort_by([](int x) { return x; }).empty() && b.distinct().empty() ? 1 : 0;
        });
    test_input<int>(*context, {ints{3, 1, 2, 3}}, 3)
        .for_each_batch([&](const batch<int>& b, batch_time t) {
          auto s = b.distinct().sort_by([](int x) { return x; }).map([](int x) { return x * 10; });
          sorted.add(t, {s.collect()});
        });
    context->start();
    on.advance(seconds(1));
    CHECK(wait_until([&] { return empty == 1 && sorted.size() == 1; }));
    context->stop();
    CHECK(sorted.batches() == std::vector<ints>{{10, 20, 30}});
  });
}
