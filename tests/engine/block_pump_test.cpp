#include "millrace/engine/block_pump.hpp"
#include "millrace/intake/typed_intake.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

using steps = std::vector<std::string>;
using time_point = block_pump::time_point;

/// A pump over an intake of numbers and a store that has room for `blocks` blocks.
struct fixture : pump_effects {
  explicit fixture(std::size_t blocks = 100, block_id id = {stream_id{2}, 0})
      : store{{std::size_t{1} << 20, blocks}}, first{id} {
    into.connect({[](std::size_t wanted) { return wanted; }, {}});
  }

  void stored(const block_meta& block) override {
    said.push_back("stored " + to_string(block.id) + " " + std::to_string(block.records) +
                   (block.position.empty() ? "" : " at " + block.position));
  }
  void store_full(stream_id stream) override { said.push_back("full " + to_string(stream)); }
  void blocks_finished() override { said.push_back("finished"); }

  void store_one(int x) {
    CHECK(into.store(x));
    into.cut();
  }

  /// Stores two records at once, with a callback.
  std::shared_ptr<store_receipt> store_at(const std::string& position) {
    auto receipt = std::make_shared<store_receipt>();
    receipt->position = position;
    receipt->on_stored = [this](const source_position& p) { said.push_back("called " + p); };
    CHECK(into.store(std::vector<int>{1, 2}, receipt));
    return receipt;
  }

  static time_point at(int ms) { return time_point{std::chrono::milliseconds{ms}}; }
  steps taken() { return std::exchange(said, {}); }

  typed_intake<int> into{intake_options{}};
  block_store store;
  block_id first;
  steps said;
  block_pump pump{first,    into, [this] { return into.pop(); }, store, milliseconds(100),
                  at(1000), *this};
};

} // namespace

TEST_CASE("a block is cut, numbered, stored and told of at each block interval") {
  fixture f;
  CHECK(f.pump.deadline() == fixture::at(1100));
  CHECK(f.into.store(1));
  CHECK(f.into.store(2));
  f.pump.tick(fixture::at(1099));
  CHECK(f.taken().empty());
  f.pump.tick(fixture::at(1100));
  CHECK(f.taken() == steps{"stored input-2-0 2"});
  CHECK(f.pump.deadline() == fixture::at(1200));
  f.pump.tick(fixture::at(1200));
  CHECK(f.taken().empty());
  CHECK(f.into.store(3));
  f.pump.cut_now();
  CHECK(f.taken() == steps{"stored input-2-1 1"});
  CHECK(f.store.get({stream_id{2}, 1})->records() == 1);
}

TEST_CASE("blocks are counted from the first name on, in its incarnation") {
  fixture f{100, {stream_id{2}, 7, 3}};
  f.store_one(1);
  f.store_one(2);
  f.pump.move_blocks();
  CHECK(f.taken() == steps{"stored input-2-7.3 1", "stored input-2-8.3 1"});
}

TEST_CASE("at a full store blocks wait in order, the driver is asked once, and no number is left "
          "out") {
  fixture f{2};
  for (int x = 0; x < 4; ++x)
    f.store_one(x);
  f.pump.move_blocks();
  CHECK(f.taken() == steps{"stored input-2-0 1", "stored input-2-1 1", "full 2"});
  f.pump.move_blocks();
  f.pump.tick(fixture::at(5000));
  CHECK(f.taken().empty());
  std::vector<block_id> first{{stream_id{2}, 0}};
  CHECK(f.store.release(first) == 1);
  f.pump.room_available();
  CHECK(f.taken() == steps{"stored input-2-2 1", "full 2"});
  std::vector<block_id> rest{{stream_id{2}, 1}, {stream_id{2}, 2}};
  CHECK(f.store.release(rest) == 2);
  f.pump.room_available();
  CHECK(f.taken() == steps{"stored input-2-3 1"});
}

TEST_CASE("finishing ends when the last block has found room") {
  fixture f{1};
  f.store_one(1);
  CHECK(f.into.store(2));
  f.into.stop();
  f.pump.finish();
  CHECK(f.taken() == steps{"stored input-2-0 1", "full 2"});
  std::vector<block_id> first{{stream_id{2}, 0}};
  f.store.release(first);
  f.pump.room_available();
  CHECK(f.taken() == steps{"stored input-2-1 1", "finished"});
  f.pump.move_blocks();
  CHECK(f.taken().empty());
  f.pump.finish();
  CHECK(f.taken() == steps{"finished"});
}

TEST_CASE("a position comes to the driver with its block, and who stored is called back after the "
          "driver") {
  fixture f{2};
  f.store_at("offset 2");
  f.store_one(3);
  f.store_at("offset 4");
  f.pump.move_blocks();
  CHECK(f.taken() ==
        steps{"stored input-2-0 2 at offset 2", "called offset 2", "stored input-2-1 1", "full 2"});
  std::vector<block_id> first{{stream_id{2}, 0}};
  CHECK(f.store.release(first) == 1);
  f.pump.room_available();
  CHECK(f.taken() == steps{"stored input-2-2 2 at offset 4", "called offset 4"});
}

TEST_CASE("a block that is withdrawn while it waits for room is not stored and takes no number") {
  fixture f{1};
  f.store_one(1);
  auto receipt = std::make_shared<store_receipt>();
  CHECK(f.into.store(std::vector<int>{2, 3}, receipt));
  f.store_one(4);
  f.pump.move_blocks();
  CHECK(f.taken() == steps{"stored input-2-0 1", "full 2"});
  f.into.end_waits();
  CHECK_FALSE(f.into.wait_until_stored(*receipt));
  std::vector<block_id> first{{stream_id{2}, 0}};
  CHECK(f.store.release(first) == 1);
  f.pump.room_available();
  CHECK(f.taken() == steps{"stored input-2-1 1"});
}

TEST_CASE("a pump that goes away lets go of who waits for it") {
  typed_intake<int> into{intake_options{}};
  block_store store;
  fixture driver;
  std::atomic<bool> accepted = false;
  std::jthread storing{[&] {
    auto receipt = std::make_shared<store_receipt>();
    CHECK(into.store(std::vector<int>{1}, receipt));
    accepted = true;
    CHECK_FALSE(into.wait_until_stored(*receipt));
  }};
  {
    block_pump pump{
        block_id{stream_id{2}, 0}, into,  [] { return std::nullopt; }, store, milliseconds(100),
        fixture::at(1000),         driver};
    while (!accepted)
      std::this_thread::yield();
  }
}
