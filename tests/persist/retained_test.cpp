#include "millrace/io/memory_file_system.hpp"
#include "millrace/persist/retained.hpp"
#include "support/faulty_file_system.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace app {

/// A record type without a codec.
struct opaque {
  int value = 0;
};

/// One whose codec refuses some values.
struct picky {
  int value = 0;
};

} // namespace app

template <>
struct millrace::codec<app::picky> {
  static void encode(encoder& out, const app::picky& p) {
    if (p.value < 0)
      throw std::runtime_error{"no negative values"};
    codec<int>::encode(out, p.value);
  }

  static result<app::picky> decode(decoder& in) {
    return codec<int>::decode(in).map([](int value) { return app::picky{value}; });
  }
};

namespace {

using namespace millrace;
namespace levels = storage_levels;

using strings = std::vector<std::string>;

batch_time at(std::int64_t second) { return batch_time{second * 1000}; }

/// About 1000 bytes, in two partitions, telling its second.
batch<std::string> records_of(std::int64_t second) {
  return batch<std::string>{
      {strings(10, std::string(40, 'x')), {"second " + std::to_string(second)}}};
}

struct fixture {
  retained<std::string>& stream() {
    if (!made)
      made = std::make_unique<retained<std::string>>(options, files, make_sequential_executor(),
                                                     logger{log, "storage"});
    return *made;
  }

  /// The seconds whose batches a slice gives, checked for their content.
  std::vector<std::int64_t> seconds_in(std::int64_t from, std::int64_t to) {
    const auto found = stream().timed_slice(at(from), at(to));
    REQUIRE(found);
    std::vector<std::int64_t> seconds;
    for (const auto& [time, records] : *found) {
      seconds.push_back(time.ms() / 1000);
      CHECK(records.partitions() == 2);
      CHECK(records.collect() == records_of(seconds.back()).collect());
    }
    return seconds;
  }

  std::size_t spill_files() const {
    const auto listed = memory->list("/spill");
    return listed ? listed->size() : 0;
  }

  std::shared_ptr<memory_file_system> memory = std::make_shared<memory_file_system>();
  std::shared_ptr<test::faulty_file_system> files =
      std::make_shared<test::faulty_file_system>(memory);
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  retained_options options{.stream = "words", .remember = seconds(10), .directory = "/spill"};
  std::unique_ptr<retained<std::string>> made;
};

using numbers = std::vector<std::int64_t>;

TEST_CASE_FIXTURE(fixture, "at every level batches are kept by time, and given back by slice") {
  for (const auto& level :
       {levels::none, levels::memory_only, levels::memory_only_ser, levels::memory_and_disk,
        levels::memory_and_disk_ser, levels::disk_only, levels::off_heap, levels::disk_only_3})
    for (const std::size_t bound : {std::size_t{1} << 20U, std::size_t{2'500}}) {
      if (bound < 10'000 && !level.use_disk)
        continue;
      CAPTURE(level);
      CAPTURE(bound);
      options.level = level;
      options.max_memory_bytes = bound;
      made.reset();
      for (std::int64_t second = 1; second <= 5; ++second)
        REQUIRE(stream().add(at(second), records_of(second)));
      CHECK(seconds_in(1, 5) == numbers{1, 2, 3, 4, 5});
      CHECK(seconds_in(2, 3) == numbers{2, 3});
      CHECK(seconds_in(6, 9).empty());
      CHECK(seconds_in(3, 2).empty());
      CHECK(stream().stats().batches == 5);
      CHECK(stream().stats().memory_bytes <= bound);
      CHECK(spill_files() == stream().stats().spilled_batches);
      if (!level.use_memory && level.use_disk)
        CHECK(stream().stats().spilled_batches == 5);

      stream().forget(at(12));
      CHECK(seconds_in(1, 9) == numbers{3, 4, 5});
      stream().remember(seconds(7));
      stream().forget(at(12));
      CHECK(seconds_in(1, 9).empty());
      CHECK(spill_files() == 0);
      CHECK(stream().stats().memory_bytes == 0);
    }
}

TEST_CASE_FIXTURE(fixture, "a batch added again replaces the one before") {
  for (const auto& level : {levels::memory_only, levels::disk_only}) {
    options.level = level;
    made.reset();
    REQUIRE(stream().add(at(1), records_of(7)));
    REQUIRE(stream().add(at(1), records_of(1)));
    CHECK(seconds_in(1, 1) == numbers{1});
    CHECK(stream().stats().batches == 1);
    CHECK(spill_files() == stream().stats().spilled_batches);
    stream().clear();
    CHECK(seconds_in(1, 1).empty());
    CHECK(stream().stats().memory_bytes == 0);
    CHECK(spill_files() == 0);
  }
}

TEST_CASE_FIXTURE(fixture,
                  "in memory only the oldest are dropped, and asking for them is an error") {
  options.level = levels::memory_only;
  options.max_memory_bytes = 2'500;
  for (std::int64_t second = 1; second <= 6; ++second)
    REQUIRE(stream().add(at(second), records_of(second)));
  const auto kept = static_cast<std::int64_t>(stream().stats().batches);
  CHECK(kept >= 2);
  CHECK(kept < 6);
  CHECK(stream().stats().dropped == static_cast<std::uint64_t>(6 - kept));
  CHECK(seconds_in(7 - kept, 6).size() == static_cast<std::size_t>(kept));
  const auto gone = stream().slice(at(1), at(6));
  REQUIRE_FALSE(gone);
  CHECK(gone.error() ==
        error{errc::limit_exceeded,
              "the batch of 1000 ms of stream 'words' is not there any more: MEMORY_ONLY keeps at "
              "most 2500 bytes; persist it at MEMORY_AND_DISK, raise the bound, or remember less"});
  // Outside of a job each is told.
  CHECK(log->count(log_level::warning, "is dropped before its time") == stream().stats().dropped);
  stream().forget(at(11));
  CHECK(stream().slice(at(1), at(1))->empty());
  CHECK(spill_files() == 0);
}

TEST_CASE_FIXTURE(fixture, "with a disk the oldest are spilled, and read back") {
  options.level = levels::memory_and_disk;
  options.max_memory_bytes = 2'500;
  for (std::int64_t second = 1; second <= 8; ++second)
    REQUIRE(stream().add(at(second), records_of(second)));
  const auto stats = stream().stats();
  CHECK(stats.batches == 8);
  CHECK(stats.spilled_batches >= 5);
  CHECK(stats.spilled_batches < 8);
  CHECK(stats.spilled_bytes > 400 * stats.spilled_batches);
  CHECK(seconds_in(1, 8) == numbers{1, 2, 3, 4, 5, 6, 7, 8});
  made.reset();
  CHECK(spill_files() == 0);
}

TEST_CASE_FIXTURE(fixture, "encoded batches take less memory than objects") {
  options.level = levels::memory_only;
  REQUIRE(stream().add(at(1), records_of(1)));
  const auto objects = stream().stats().memory_bytes;
  options.level = levels::memory_only_ser;
  made.reset();
  REQUIRE(stream().add(at(1), records_of(1)));
  CHECK(stream().stats().memory_bytes < objects);
  CHECK(seconds_in(1, 1) == numbers{1});
}

TEST_CASE_FIXTURE(fixture,
                  "a full disk is an error, the batch stays, and the next one tries again") {
  for (const auto& level : {levels::disk_only, levels::memory_and_disk_ser}) {
    options.level = level;
    options.max_memory_bytes = 0;
    made.reset();
    for (std::uint64_t n = 1; n <= 4; ++n) {
      CAPTURE(n);
      stream().clear();
      files->fail_changes_from(n);
      const auto full = stream().add(at(1), records_of(1));
      REQUIRE_FALSE(full);
      CHECK(full.error().code == errc::io_error);
      CHECK(full.error().message.starts_with(
          "cannot spill the batch of 1000 ms of stream 'words': cannot "));
      CHECK(full.error().message.ends_with(": No space left on device; it stays in memory"));
      CHECK_FALSE(stream().add(at(2), records_of(2)));
      CHECK(spill_files() == 0);
      CHECK(seconds_in(1, 2) == numbers{1, 2});
      files->heal();
      REQUIRE(stream().add(at(3), records_of(3)));
      CHECK(stream().stats().spilled_batches == 3);
      CHECK(stream().stats().memory_bytes == 0);
      CHECK(seconds_in(1, 3) == numbers{1, 2, 3});
    }
  }
}

TEST_CASE_FIXTURE(fixture, "a damaged or missing spill file is an error that names it") {
  options.level = levels::disk_only;
  REQUIRE(stream().add(at(1), records_of(1)));
  const auto path = "/spill/" + memory->list("/spill")->front().name;
  auto data = memory->read_file(path).value();
  data[data.size() / 2] ^= 1;
  REQUIRE(memory->write_file_atomic(path, data));
  auto seen = stream().slice(at(1), at(1));
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == errc::corrupt_data);
  CHECK(seen.error().message.find("the batch of 1000 ms of stream 'words' from '" + path + "'") !=
        std::string::npos);
  REQUIRE(memory->remove(path));
  seen = stream().slice(at(1), at(1));
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == errc::not_found);
}

TEST_CASE_FIXTURE(fixture, "what an earlier process left is removed, other files are not touched") {
  REQUIRE(memory->make_directories("/spill/below"));
  REQUIRE(memory->write_file_atomic("/spill/1-1.spill", {}));
  REQUIRE(memory->write_file_atomic("/spill/.tmp-2-2", {}));
  REQUIRE(memory->write_file_atomic("/spill/mine", {}));
  options.level = levels::disk_only;
  REQUIRE(stream().add(at(1), records_of(1)));
  CHECK(spill_files() == 3);
  stream().clear();
  CHECK(spill_files() == 2);
}

TEST_CASE_FIXTURE(fixture, "types without a codec are kept in memory, other levels are refused") {
  const auto make = [&](storage_level level) {
    options.level = level;
    return retained<app::opaque>{options, files};
  };
  auto kept = make(levels::memory_only);
  REQUIRE(kept.add(at(1), batch<app::opaque>{{7}, {8}}));
  CHECK(kept.slice(at(1), at(1))->front().collect().back().value == 8);
  for (const auto& level : {levels::disk_only, levels::memory_only_ser, levels::memory_and_disk}) {
    CAPTURE(level);
    try {
      (void)make(level);
      FAIL("made");
    } catch (const stream_error& e) {
      CHECK(e.code() == errc::unsupported);
      CHECK(std::string{e.what()} ==
            "stream 'words' cannot be persisted at " + to_string(level) +
                ": its record type 'app::opaque' has no codec; specialise millrace::codec for it, "
                "or persist at MEMORY_ONLY");
    }
  }
}

TEST_CASE_FIXTURE(fixture, "a batch that its codec refuses stays in memory and holds up no other") {
  for (const auto& level : {levels::memory_and_disk, levels::memory_and_disk_ser}) {
    CAPTURE(level);
    options.level = level;
    options.max_memory_bytes = 0;
    retained<app::picky> kept{options, files};
    const auto refused = kept.add(at(1), batch<app::picky>{{-1}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == error{errc::user_function_failed,
                                   "cannot encode the batch of 1000 ms of stream 'words': no "
                                   "negative values; it stays in memory"});
    REQUIRE(kept.add(at(2), batch<app::picky>{{2}}));
    CHECK(kept.stats().spilled_batches == 1);
    const auto both = kept.slice(at(1), at(2)).value();
    REQUIRE(both.size() == 2);
    CHECK(both[0].collect().front().value == -1);
    CHECK(both[1].collect().front().value == 2);
  }
}

TEST_CASE_FIXTURE(fixture, "options that make no sense are refused in words") {
  const auto message = [&](const retained_options& o) {
    try {
      retained<int> kept{o, files};
    } catch (const stream_error& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  CHECK(message({.stream = "s", .level = levels::disk_only}) ==
        "stream 's' cannot be persisted at DISK_ONLY: no directory for spilled batches is set");
  CHECK(message({.stream = "s", .remember = duration{-1}}) ==
        "stream 's' is to be remembered for -1 ms: that must not be negative");
  CHECK(message({.stream = "s", .level = {false, true, false, true, 0}}).find("replication 0") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "several threads add, slice and forget at once") {
  options.level = levels::memory_and_disk;
  options.max_memory_bytes = 3'000;
  auto& shared = stream();
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (std::int64_t t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        for (std::int64_t i = 0; i < 100; ++i) {
          const auto second = i * 3 + t;
          wrong += shared.add(at(second), records_of(second)) ? 0 : 1;
          if (t == 0)
            shared.forget(at(second));
          const auto seen = shared.timed_slice(at(second - 5), at(second));
          wrong += seen ? 0 : 1;
          if (!seen)
            continue;
          for (const auto& [time, records] : *seen)
            wrong += records.collect() == records_of(time.ms() / 1000).collect() ? 0 : 1;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(shared.stats().memory_bytes <= 3'000);
  CHECK(spill_files() == shared.stats().spilled_batches);
  shared.clear();
  CHECK(spill_files() == 0);
}

} // namespace
