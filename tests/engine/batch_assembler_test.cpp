#include "millrace/engine/batch_assembler.hpp"
#include "plan/plan_harness.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

struct test_receiver final : receiver<int> {
  void on_start() override {}
  void on_stop() override {}
};

/// Stream 0 is a receiver's; stream 1 is pulled by `pull(time)`.
std::shared_ptr<const job_graph>
two_inputs(std::function<std::optional<batch<int>>(batch_time)> pull) {
  return graph_of([&](auto& c) {
    static collector<int> out;
    c.receiver_stream([] { return std::make_shared<test_receiver>(); }).collect_into(out);
    c.template input_stream<int>(pull).collect_into(out);
  });
}

block_meta put(block_store& store, std::uint64_t number, std::vector<int> records,
               source_position at = {}) {
  auto made = make_typed_block(std::move(records));
  block_id id{stream_id{0}, number};
  CHECK(store.try_put(id, made));
  return {id, made->records(), made->bytes(), std::move(at)};
}

/// An assembler, and the pull sources as its driver asks them.
struct assembly {
  assembly(const job_graph& graph, block_store& store, std::size_t max_batches)
      : assembler{graph, store, max_batches}, pulls{graph} {}

  /// The next batch if one is due, or the error of a source.
  std::optional<result<allocated_batch_ptr>> next() {
    auto time = assembler.take_due();
    if (!time)
      return std::nullopt;
    auto pulled = pulls.pull(*time, {});
    if (!pulled)
      return tl::unexpected{std::move(pulled).error()};
    return assembler.allocate(*time, std::move(*pulled));
  }

  batch_assembler* operator->() { return &assembler; }

  batch_assembler assembler;
  pull_inputs pulls;
};

allocated_batch_ptr taken(std::optional<result<allocated_batch_ptr>> next) {
  REQUIRE(next);
  REQUIRE(*next);
  return **next;
}

} // namespace

TEST_CASE("a batch has everything received before it, and what was pulled for it") {
  auto graph = two_inputs([](batch_time t) { return batch<int>{static_cast<int>(t.ms()), 7}; });
  block_store store;
  assembly job{*graph, store, 4};
  CHECK_FALSE(job.next());
  CHECK(job->stored(put(store, 0, {1, 2})));
  CHECK(job->stored(put(store, 1, {3}, "offset 7")));
  job->due(batch_time{1000}, batch_time{1000}, seconds(1));
  CHECK(job->stored(put(store, 2, {4})));
  job->due(batch_time{2000}, batch_time{2000}, seconds(1));
  CHECK(job->held_ticks() == 2);
  auto one = taken(job.next());
  CHECK(one->time == batch_time{1000});
  CHECK(one->blocks.at(stream_id{0}).size() == 2);
  CHECK(one->blocks.at(stream_id{0})[1].index == 1);
  CHECK(one->blocks.at(stream_id{0})[0].position.empty());
  CHECK(one->blocks.at(stream_id{0})[1].position == "offset 7");
  CHECK(one->blocks.at(stream_id{1}).size() == 1);
  CHECK(one->inputs.at(0).records == 3);
  CHECK(one->inputs.at(1).records == 2);
  CHECK(one->inputs.at(1).description.find("input_stream at batch_assembler_test.cpp:") == 0);
  auto two = taken(job.next());
  CHECK(two->blocks.at(stream_id{0}).size() == 1);
  CHECK_FALSE(job.next());
  job->done(batch_time{1000});
  CHECK(store.blocks() == 1);
  job->done(batch_time{2000});
  CHECK(store.blocks() == 0);
  CHECK(job->batches() == 0);
}

TEST_CASE("at the bound ticks are held, none is lost or merged, and blocks stay unallocated") {
  auto graph = two_inputs([](batch_time) { return batch<int>{}; });
  block_store store;
  assembly job{*graph, store, 2};
  job->due(batch_time{1000}, batch_time{3000}, seconds(1));
  CHECK(job.next());
  CHECK(job.next());
  CHECK_FALSE(job.next());
  CHECK(job->stored(put(store, 0, {1})));
  job->due(batch_time{4000}, batch_time{5000}, seconds(1));
  CHECK(job->held_ticks() == 3);
  CHECK(job->has_unallocated());
  std::vector<std::int64_t> times;
  for (std::int64_t done = 1000; job->batches() != 0; done += 1000) {
    job->done(batch_time{done});
    while (auto next = job.next())
      times.push_back(taken(std::move(next))->time.ms());
  }
  CHECK(times == std::vector<std::int64_t>{3000, 4000, 5000});
  CHECK_FALSE(job->has_unallocated());
  CHECK(store.blocks() == 0);
}

TEST_CASE("no batch is made while those before it hold more pulled bytes than the store has room") {
  auto graph = two_inputs([](batch_time) { return batch<int>{1, 2, 3}; });
  block_store store{{.max_bytes = 20}};
  assembly job{*graph, store, 10};
  job->due(batch_time{1000}, batch_time{4000}, seconds(1));
  CHECK(taken(job.next())->inputs.at(1).bytes == 12);
  CHECK(taken(job.next())->time == batch_time{2000});
  CHECK_FALSE(job.next());
  job->done(batch_time{1000});
  CHECK(taken(job.next())->time == batch_time{3000});
  CHECK_FALSE(job.next());
  CHECK(job->held_ticks() == 1);
}

TEST_CASE("ticks that are missed are not made up for, however long others are held") {
  auto graph = two_inputs([](batch_time) { return batch<int>{}; });
  block_store store;
  assembly job{*graph, store, 1};
  job->due(batch_time{1000}, batch_time{2000}, seconds(1));
  job->due(batch_time{9000}, batch_time{9000}, seconds(1));
  job->due(batch_time{10'000}, batch_time{11'000}, seconds(1));
  job->due(batch_time{20'000}, batch_time{20'000}, seconds(1));
  CHECK(job->held_ticks() == 6);
  std::vector<std::int64_t> times;
  while (auto next = job.next()) {
    times.push_back(taken(std::move(next))->time.ms());
    job->done(batch_time{times.back()});
  }
  CHECK(times == std::vector<std::int64_t>{1000, 2000, 9000, 10'000, 11'000, 20'000});
  CHECK(job->held_ticks() == 0);
}

TEST_CASE("beyond 1,000 gaps that are held, ticks are made up for") {
  auto graph = two_inputs([](batch_time) { return batch<int>{}; });
  block_store store;
  assembly job{*graph, store, 1};
  for (std::int64_t t = 10; t <= 10'010; t += 10)
    job->due(batch_time{t}, batch_time{t}, milliseconds(1));
  CHECK(job->held_ticks() == 1'001);
  job->due(batch_time{10'020}, batch_time{10'020}, milliseconds(1));
  CHECK(job->held_ticks() == 1'011);
}

TEST_CASE("a source without a batch makes its stream absent, not empty") {
  auto graph = two_inputs([](batch_time t) {
    return t == batch_time{1000} ? std::optional<batch<int>>{} : std::optional{batch<int>{}};
  });
  block_store store;
  assembly job{*graph, store, 4};
  job->due(batch_time{1000}, batch_time{2000}, seconds(1));
  CHECK(taken(job.next())->absent == std::vector{stream_id{1}});
  CHECK(taken(job.next())->absent.empty());
}

TEST_CASE("what a source throws is that batch's error; the next batch is asked for again") {
  auto graph = two_inputs([](batch_time t) -> std::optional<batch<int>> {
    if (t == batch_time{1000})
      throw std::runtime_error("no source today");
    if (t == batch_time{2000})
      throw 42;
    return batch<int>{1};
  });
  block_store store;
  assembly job{*graph, store, 4};
  job->due(batch_time{1000}, batch_time{3000}, seconds(1));
  auto one = job.next();
  REQUIRE(one);
  REQUIRE_FALSE(*one);
  CHECK(one->error().code == errc::user_function_failed);
  CHECK(one->error().message.find("no source today") != std::string::npos);
  CHECK(one->error().message.find("1000 ms") != std::string::npos);
  CHECK(job->last() == batch_time{1000});
  auto two = job.next();
  REQUIRE(two);
  REQUIRE_FALSE(*two);
  CHECK(two->error().message.find("not a std::exception") != std::string::npos);
  CHECK(taken(job.next())->inputs.at(1).records == 1);
}

TEST_CASE("a source that fails takes nothing along of those beside it, and is asked first then") {
  for (bool bad_first : {true, false}) {
    CAPTURE(bad_first);
    std::vector<std::int64_t> asked;
    auto good = [&](batch_time t) {
      asked.push_back(t.ms());
      return batch<int>{static_cast<int>(t.ms())};
    };
    auto bad = [](batch_time t) {
      if (t < batch_time{3000})
        throw std::runtime_error("no source today");
      return batch<int>{};
    };
    collector<int> out;
    auto graph = graph_of([&](auto& c) {
      if (bad_first)
        c.template input_stream<int>(bad).collect_into(out);
      c.template input_stream<int>(good).collect_into(out);
      if (!bad_first)
        c.template input_stream<int>(bad).collect_into(out);
    });
    block_store store;
    assembly job{*graph, store, 4};
    job->due(batch_time{1000}, batch_time{4000}, seconds(1));
    CHECK_FALSE(*job.next());
    CHECK_FALSE(*job.next());
    const auto third = taken(job.next());
    const auto fourth = taken(job.next());
    CHECK(asked == (bad_first ? std::vector<std::int64_t>{3000, 4000}
                              : std::vector<std::int64_t>{1000, 3000, 4000}));
    const std::size_t its = bad_first ? 1 : 0;
    CHECK(third->inputs.at(its).records == (bad_first ? 1 : 2));
    CHECK(fourth->inputs.at(its).records == 1);
  }
}

TEST_CASE("a block of an unknown stream, or one known already, is refused") {
  auto graph = two_inputs([](batch_time) { return batch<int>{}; });
  block_store store;
  assembly job{*graph, store, 4};
  auto meta = put(store, 0, {1});
  CHECK(job->stored(meta));
  CHECK_FALSE(job->stored(meta));
  CHECK_FALSE(job->stored({{stream_id{9}, 0}, 1, 1}));
}

TEST_CASE("blocks go to the partition with the fewest bytes, in order, none lost") {
  std::vector<block_ref> blocks;
  for (std::uint32_t i = 0; i < 20; ++i)
    blocks.push_back({i, make_typed_block(std::vector<int>(i == 0 ? 1000 : 10))});
  auto parts = divide_blocks(blocks, 3);
  std::size_t total = 0;
  for (auto& p : parts) {
    total += p.size();
    CHECK(std::ranges::is_sorted(p, {}, &block_ref::index));
  }
  CHECK(total == 20);
  CHECK(parts[0].size() == 1);
  for (auto& p : divide_blocks({}, 2))
    CHECK(p.empty());
}
