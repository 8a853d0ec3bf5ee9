#include "millrace/intake/text_intake.hpp"
#include "millrace/intake/typed_intake.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using texts = std::vector<std::string>;

std::shared_ptr<store_receipt> receipt(source_position at = {}, stored_callback call = nullptr) {
  auto made = std::make_shared<store_receipt>();
  made->position = std::move(at);
  made->on_stored = std::move(call);
  return made;
}

/// Stores one block on a thread of its own, and waits until it is stored.
struct waiting_store {
  explicit waiting_store(typed_intake<int>& in) : into{in} {}

  std::shared_ptr<store_receipt> mine = receipt();
  typed_intake<int>& into;
  std::atomic<bool> accepted = false;
  std::atomic<bool> returned = false;
  bool stored = false;
  std::thread thread{[this] {
    CHECK(into.store(ints{1, 2}, mine));
    accepted = true;
    stored = into.wait_until_stored(*mine);
    returned = true;
  }};

  bool result() {
    thread.join();
    return stored;
  }
};

/// As a block pump whose store takes everything.
void put(intake& from) {
  while (auto b = from.pop())
    if (from.begin_put(*b))
      from.end_put(*b, true);
}

struct tested_intake {
  explicit tested_intake(std::size_t most = 10, intake_link link = {})
      : in{{.max_block_bytes = 1000, .max_ready_blocks = most}} {
    in.connect(std::move(link));
  }

  bool store(const std::string& position, ints records = {7}) {
    return in.wait_for_callbacks() &&
           in.store(std::move(records),
                    receipt(position, [this](const source_position& p) { called.push_back(p); }));
  }

  typed_intake<int> in;
  texts called;
};

} // namespace

TEST_CASE("who waits for a block goes on when it has been put, and not before") {
  for (bool refused_at_first : {false, true}) {
    typed_intake<int> in{{}};
    std::atomic<bool> was_put = false;
    std::atomic<bool> seen_put = false;
    std::jthread storing{[&] {
      auto mine = receipt();
      CHECK(in.store(ints{1, 2}, mine));
      CHECK(in.wait_until_stored(*mine));
      seen_put = was_put.load();
    }};
    std::optional<ready_block> block;
    REQUIRE(wait_until([&] { return (block = in.pop()).has_value(); }));
    if (refused_at_first) {
      CHECK(in.begin_put(*block));
      in.end_put(*block, false);
    }
    CHECK(in.begin_put(*block));
    was_put = true;
    in.end_put(*block, true);
    storing.join();
    CHECK(seen_put);
  }
}

TEST_CASE(
    "a block whose wait is cut short is withdrawn, wherever it is, and what was stored beside "
    "it is not") {
  for (bool popped : {false, true})
    for (bool stopped : {false, true}) {
      CAPTURE(popped);
      CAPTURE(stopped);
      typed_intake<int> in{{}};
      CHECK(in.store(ints{0}));
      waiting_store waiting{in};
      REQUIRE(wait_until([&] { return waiting.accepted.load(); }));
      CHECK(in.pop()->block->records() == 1);
      std::optional<ready_block> block;
      if (popped)
        block = in.pop();
      if (stopped)
        in.stop();
      else
        in.end_waits();
      CHECK_FALSE(waiting.result());
      if (popped)
        CHECK_FALSE(in.begin_put(*block));
      CHECK_FALSE(in.pop());
    }
}

TEST_CASE("a stop while the store is asked waits for its answer") {
  for (bool taken : {false, true}) {
    typed_intake<int> in{{}};
    waiting_store waiting{in};
    std::optional<ready_block> block;
    REQUIRE(wait_until([&] { return (block = in.pop()).has_value(); }));
    CHECK(in.begin_put(*block));
    in.stop();
    in.end_put(*block, taken);
    CHECK(waiting.result() == taken);
    CHECK(in.begin_put(*block) == taken);
  }
}

TEST_CASE("while waits are over nobody waits, and afterwards everybody does again") {
  typed_intake<int> in{{.max_block_bytes = 1000, .max_ready_blocks = 1}};
  in.end_waits();
  waiting_store first{in};
  CHECK_FALSE(first.result());
  CHECK(in.store(ints{1}));
  CHECK(in.store(ints{2}));
  in.allow_waits();
  put(in);
  waiting_store second{in};
  CHECK(wait_until([&] {
    put(in);
    return second.returned.load();
  }));
  CHECK(second.result());
}

TEST_CASE("a thread that may not wait is told that the records were accepted") {
  intake_link link;
  link.may_wait = [] { return false; };
  tested_intake f{1, link};
  auto mine = receipt();
  CHECK(f.in.store(ints{1}, mine));
  CHECK(f.in.wait_until_stored(*mine));
  CHECK(f.in.pop()->block->records() == 1);
  CHECK(f.store("a"));
  CHECK_THROWS_WITH_AS(f.store("b"), doctest::Contains("1 stores wait for their callbacks"),
                       stream_error);
  f.in.end_waits();
  put(f.in);
  CHECK(f.store("c"));
  put(f.in);
  CHECK(f.called == texts{"a", "c"});
}

TEST_CASE("callbacks come in the order of the stores, for no records too, with their positions") {
  tested_intake f;
  CHECK(f.store("a"));
  CHECK(f.store("b", {}));
  CHECK(f.store("c"));
  auto first = f.in.pop();
  auto second = f.in.pop();
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(f.in.pop());
  CHECK(first->position() == "a");
  CHECK(second->position() == "c");
  CHECK(f.in.begin_put(*second));
  f.in.end_put(*second, true);
  CHECK(f.called.empty());
  CHECK(f.in.begin_put(*first));
  f.in.end_put(*first, true);
  CHECK(f.called == texts{"a", "b", "c"});
  CHECK(f.store("d", {}));
  CHECK(f.called.size() == 3);
  f.in.run_callbacks();
  CHECK(f.called == texts{"a", "b", "c", "d"});
}

TEST_CASE("a runtime may have the callbacks run elsewhere, and hears of them before the first") {
  int announced = 0;
  int asked = 0;
  intake_link link;
  link.before_callbacks = [&] { ++announced; };
  link.call_back = [&] { ++asked; };
  tested_intake f{10, link};
  CHECK(f.in.store(ints{1}, receipt()));
  put(f.in);
  CHECK(announced == 0);
  CHECK(f.store("a"));
  CHECK(announced == 1);
  CHECK(asked == 0);
  put(f.in);
  CHECK(f.store("b", {}));
  CHECK(asked == 2);
  CHECK(f.called.empty());
  f.in.run_callbacks();
  CHECK(f.called == texts{"a", "b"});
}

TEST_CASE("stores wait while the bound of callbacks have not returned") {
  tested_intake f{2};
  std::atomic<int> stored = 0;
  std::jthread source{[&] {
    for (int i = 0; i < 20; ++i) {
      CHECK(f.store(std::to_string(i)));
      ++stored;
    }
  }};
  REQUIRE(wait_until([&] { return stored == 2; }));
  for (std::size_t called = 0; called < 20; ++called) {
    std::optional<ready_block> block;
    REQUIRE(wait_until([&] { return (block = f.in.pop()).has_value(); }));
    CHECK(f.in.begin_put(*block));
    CHECK(stored <= static_cast<int>(called) + 2);
    f.in.end_put(*block, true);
    CHECK(f.called.size() == called + 1);
  }
}

TEST_CASE("a stop ends the wait for callbacks") {
  tested_intake f{1};
  CHECK(f.store("a"));
  std::jthread source{[&] { CHECK_FALSE(f.store("b")); }};
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  f.in.stop();
  source.join();
  put(f.in);
  CHECK(f.called == texts{"a"});
}

TEST_CASE("a callback may store, up to the bound, and never waits for itself") {
  typed_intake<int> in{{.max_block_bytes = 1000, .max_ready_blocks = 2}};
  std::string error;
  auto store = [&](stored_callback call) {
    return in.wait_for_callbacks() && in.store(ints{1}, receipt("", std::move(call)));
  };
  int inner = 0;
  CHECK(store([&](const source_position&) {
    CHECK(in.store(1));
    try {
      for (;;)
        inner += store([](const source_position&) {}) ? 1 : 0;
    } catch (const stream_error& e) {
      error = e.what();
    }
  }));
  put(in);
  CHECK(inner == 1);
  CHECK(error.find("store from another thread") != std::string::npos);
}

TEST_CASE("when nothing will be popped any more, who waits goes on and callbacks are dropped") {
  typed_intake<int> in{{}};
  auto held = std::make_shared<int>(1);
  CHECK(in.store(ints{1}, receipt("", [held](const source_position&) {})));
  CHECK(in.pop());
  waiting_store waiting{in};
  std::optional<ready_block> block;
  REQUIRE(wait_until([&] { return (block = in.pop()).has_value(); }));
  CHECK(in.begin_put(*block));
  in.abandon();
  CHECK_FALSE(waiting.result());
  CHECK(held.use_count() == 1);
  CHECK_FALSE(in.store(2));
}

TEST_CASE("text: the receipt is for the block of its own records, and nothing is withdrawn for no "
          "records") {
  text_intake in{{}};
  CHECK(in.store("before"));
  CHECK(in.store(std::vector<std::string_view>{"a", "b"}, receipt("2")));
  CHECK(in.store("after"));
  auto none = receipt("3");
  CHECK(in.store(std::vector<std::string_view>{}, none));
  in.end_waits();
  CHECK(in.wait_until_stored(*none));
  std::vector<std::pair<std::size_t, source_position>> blocks;
  while (auto b = in.pop())
    blocks.emplace_back(b->block->records(), b->position());
  CHECK(blocks == std::vector<std::pair<std::size_t, source_position>>{{1, ""}, {2, "2"}, {1, ""}});
}
