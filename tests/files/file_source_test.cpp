#include "millrace/base/clock.hpp"
#include "millrace/base/random.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/files/file_source.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;

constexpr std::size_t most_files = 12;

/// A stream of a directory in memory whose files come, change and go by chance.
struct fixture {
  explicit fixture(std::uint64_t seed, file_stream_options o = {})
      : random{seed}, options{std::move(o)} {
    REQUIRE(files->make_directories("/in"));
  }

  std::unique_ptr<file_source> make() {
    return std::make_unique<file_source>("/in", options, seconds(1), files,
                                         [](const file_system&, const found_file&, const logger&) {
                                           return result<std::vector<block_ptr>>{
                                               std::vector<block_ptr>{}};
                                         });
  }

  /// A file or two appear, change, or go.
  void change() {
    for (auto n = random.below(3); n > 0; --n) {
      const auto path = "/in/" + std::to_string(random.below(most_files));
      if (random.below(4) == 0)
        (void)files->remove(path);
      else
        REQUIRE(files->write_file_atomic(path, std::vector<unsigned char>(random.below(40), 'x')));
    }
  }

  seeded_random random;
  file_stream_options options;
  std::shared_ptr<manual_clock> now = std::make_shared<manual_clock>(batch_time{1'000'000});
  std::shared_ptr<memory_file_system> files = std::make_shared<memory_file_system>(now);
};

strings paths_of(const std::vector<input_split>& splits) {
  strings out;
  for (auto& split : splits)
    out.push_back(split.description + " " + std::to_string(split.size));
  return out;
}

/// Some of them, in their order.
std::vector<input_split> some_of(const std::vector<input_split>& all, random_source& random) {
  std::vector<input_split> out;
  for (auto& split : all)
    if (random.below(2) == 0)
      out.push_back(split);
  return out;
}

} // namespace

TEST_CASE("a stream that goes on from a position plans what an uninterrupted one does") {
  for (bool stable : {false, true})
    for (bool new_only : {false, true})
      for (std::uint64_t round = 0; round < 50; ++round) {
        file_stream_options options;
        options.wait_until_stable = stable;
        options.new_files_only = new_only;
        options.max_files_per_batch = 3;
        options.min_remember = seconds(5);
        fixture f{test::seed() + round, options};
        CAPTURE(round);
        f.change();
        auto steady = f.make();
        auto restarted = f.make();
        steady->start(f.now->wall_now(), {});
        restarted->start(f.now->wall_now(), {});
        for (int step = 0; step < 60; ++step) {
          f.now->advance(milliseconds(500));
          f.change();
          f.now->advance(milliseconds(500));
          const input_limits limits{.bytes = f.random.below(100)};
          const auto expected = steady->plan(f.now->wall_now(), limits).value();
          const auto found = restarted->plan(f.now->wall_now(), limits).value();
          REQUIRE(paths_of(found) == paths_of(expected));
          if (f.random.below(4) == 0) {
            const auto back = some_of(expected, f.random);
            CHECK(steady->take_back(back));
            CHECK(restarted->take_back(back));
          }
          if (f.random.below(4) == 0) {
            const auto position = restarted->position();
            restarted = f.make();
            REQUIRE(restarted->resume(position));
            restarted->start(f.now->wall_now(), {});
          }
        }
      }
}

TEST_CASE("a position that is cut, damaged or of another version is refused") {
  fixture f{1, {.new_files_only = false, .wait_until_stable = false}};
  auto source = f.make();
  source->start(f.now->wall_now(), {});
  REQUIRE(f.files->write_file_atomic("/in/a", std::vector<unsigned char>(5, 'x')));
  REQUIRE(source->plan(f.now->wall_now(), {})->size() == 1);
  const auto position = source->position();
  for (std::size_t n = 0; n < position.size(); ++n)
    CHECK_FALSE(
        f.make()->resume({position.begin(), position.begin() + static_cast<std::ptrdiff_t>(n)}));
  auto longer = position;
  longer.push_back(0);
  CHECK_FALSE(f.make()->resume(longer));
  auto later = position;
  REQUIRE(later.at(1) == 1); // The version, behind the head of the array.
  later[1] = 2;
  const auto refused = f.make()->resume(later);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().message.find("version 2") != std::string::npos);
}

TEST_CASE("a split tells the file as it was found, and is read again whenever it is asked") {
  fixture f{1, {.new_files_only = false, .wait_until_stable = false}};
  int reads = 0;
  file_source source{"/in", f.options, seconds(1), f.files,
                     [&](const file_system&, const found_file& file, const logger&) {
                       ++reads;
                       CHECK(file.path == "/in/a");
                       CHECK(file.size == 5);
                       return result<std::vector<block_ptr>>{std::vector<block_ptr>{}};
                     }};
  source.start(f.now->wall_now(), {});
  REQUIRE(f.files->write_file_atomic("/in/a", std::vector<unsigned char>(5, 'x')));
  const auto splits = source.plan(f.now->wall_now(), {}).value();
  REQUIRE(splits.size() == 1);
  CHECK(reads == 0);
  CHECK(source.read(splits[0]));
  CHECK(source.read(splits[0]));
  CHECK(reads == 2);
  CHECK_FALSE(source.read({}));
  CHECK(reads == 2);
}
