#include "millrace/intake/text_intake.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

std::vector<texts> drain(intake& from) {
  std::vector<texts> out;
  while (auto b = from.pop()) {
    auto& text = static_cast<const text_block&>(*b->block);
    auto& to = out.emplace_back();
    for (std::size_t i = 0; i < text.records(); ++i)
      to.emplace_back(text.record(i));
  }
  return out;
}

/// A piece as a text_assembler makes it: the records lie in one arena.
text_piece piece(const texts& records) {
  std::vector<std::string_view> views{records.begin(), records.end()};
  auto block = make_text_block(views);
  return {block->storage(),
          {block->slices().begin(), block->slices().end()},
          span_bytes(block->slices())};
}

} // namespace

TEST_CASE("single records are copied and come out in order, empty ones too") {
  text_intake in{{}};
  std::string record = "a record that is longer than the short form";
  CHECK(in.store(record));
  record.assign(record.size(), 'x');
  CHECK(in.store(""));
  CHECK(in.store(std::string_view{"\0nul", 4}));
  CHECK(drain(in).empty());
  in.cut();
  CHECK(drain(in) == std::vector<texts>{{"a record that is longer than the short form", "",
                                         std::string{"\0nul", 4}}});
  in.cut();
  CHECK(drain(in).empty());
}

TEST_CASE("singles, pieces and many at once keep their order; many at once are one block") {
  text_intake in{{}};
  CHECK(in.store("a"));
  CHECK(in.add(piece({"b", "c"})));
  CHECK(in.store("d"));
  CHECK(in.store(std::vector<std::string_view>{"e", "f"}));
  CHECK(in.store(std::vector<std::string_view>{}));
  CHECK(in.store("g"));
  in.cut();
  auto blocks = drain(in);
  texts all;
  for (auto& b : blocks)
    all.insert(all.end(), b.begin(), b.end());
  CHECK(all == texts{"a", "b", "c", "d", "e", "f", "g"});
  CHECK(std::ranges::count(blocks, texts{"e", "f"}) == 1);
}

TEST_CASE("blocks are cut at the byte bound, for long, short and empty records") {
  for (std::size_t size : {0U, 1U, 100U}) {
    text_intake in{{.max_block_bytes = 1000, .max_ready_blocks = 100'000}};
    for (int i = 0; i < 5000; ++i)
      CHECK(in.store(std::string(size, 'x')));
    std::size_t records = 0;
    while (auto b = in.pop()) {
      CHECK(b->block->bytes() <= 1000);
      records += b->block->records();
    }
    CHECK(records >= 4500);
    in.cut();
    while (auto b = in.pop())
      records += b->block->records();
    CHECK(records == 5000);
  }
}

TEST_CASE("a record larger than the intake's own arenas is one block") {
  text_intake in{{}};
  std::string large(std::size_t{3} << 20, 'x');
  CHECK(in.store("small"));
  CHECK(in.store(large));
  CHECK(in.store("small"));
  in.cut();
  texts all;
  for (auto& b : drain(in))
    all.insert(all.end(), b.begin(), b.end());
  CHECK(all == texts{"small", large, "small"});
}

TEST_CASE("after stop nothing is accepted, and what was accepted still comes out") {
  text_intake in{{}};
  CHECK(in.store("a"));
  in.stop();
  CHECK_FALSE(in.store("b"));
  CHECK_FALSE(in.add(piece({"c"})));
  CHECK_FALSE(in.store(std::vector<std::string_view>{"d"}));
  in.cut();
  CHECK(drain(in) == std::vector<texts>{{"a"}});
}

TEST_CASE("producers, a cutting consumer and a stop: no record lost, none twice, order kept") {
  for (int round = 0; round < 20; ++round) {
    text_intake in{{.max_block_bytes = 256, .max_ready_blocks = 3}};
    std::vector<int> accepted(2, 0);
    std::vector<std::jthread> producers;
    for (int p = 0; p < 2; ++p)
      producers.emplace_back([&, p] {
        for (int i = 0;; ++i) {
          auto record = std::to_string(p) + " " + std::to_string(i);
          if (!(p == 1 && i % 5 == 0 ? in.add(piece({record})) : in.store(record)))
            return;
          accepted[static_cast<std::size_t>(p)] = i + 1;
        }
      });
    texts got;
    auto take = [&] {
      for (auto& b : drain(in))
        got.insert(got.end(), b.begin(), b.end());
    };
    for (int i = 0; i < 200 || got.size() < 2000; ++i) {
      in.cut();
      take();
    }
    in.stop();
    in.cut();
    take();
    producers.clear();
    take();
    std::vector<int> next(2, 0);
    for (auto& r : got) {
      auto p = static_cast<std::size_t>(r[0] - '0');
      CHECK_MESSAGE(r == std::to_string(p) + " " + std::to_string(next[p]++), r);
    }
    CHECK(next == accepted);
  }
}

TEST_CASE("a wait for permits keeps nobody from cutting what was stored before") {
  text_intake in{{}};
  in.connect({[&](std::size_t) {
                in.cut();
                return std::size_t{1};
              },
              {}});
  CHECK(in.store("a"));
  CHECK(in.store("b"));
  CHECK(in.add(piece({"c", "d"})));
  CHECK(in.store(std::vector<std::string_view>{"e"}));
  CHECK(drain(in) == std::vector<texts>{{"a"}, {"b"}, {"c", "d"}, {"e"}});
}

TEST_CASE(
    "who waits for many permits keeps those it has got, however much others store meanwhile") {
  text_intake in{{}};
  std::size_t granted = 0;
  bool nested = false;
  in.connect({[&](std::size_t) {
                granted += 10;
                // Between two grants of the long store another one comes.
                if (!std::exchange(nested, true)) {
                  CHECK(in.store("b"));
                  nested = false;
                }
                return std::size_t{10};
              },
              {}});
  CHECK(in.store(std::vector<std::string_view>(100, "a")));
  CHECK(granted <= 100 + 20);
  std::size_t long_ones = 0;
  for (auto& block : drain(in))
    long_ones += block.size() == 100 ? 1 : 0;
  CHECK(long_ones == 1);
}
