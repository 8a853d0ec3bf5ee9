#include "millrace/base/clock.hpp"
#include "millrace/files/file_discovery.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "support/faulty_file_system.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;

/// Answers what a test says, and counts what it is told.
struct scripted_watch final : directory_watch {
  bool changed() override { return answer; }
  void cover(const std::vector<std::string>& directories) override { covered = directories; }

  bool answer = true;
  strings covered;
};

/// A directory /in that a stream with batches of one second looks into; time starts at 1000 s.
struct fixture {
  fixture() { REQUIRE(memory->make_directories("/in")); }

  /// A file with the given modification time.
  void put(const std::string& name, std::int64_t at_s, std::size_t bytes = 1) {
    const auto path = "/in/" + name;
    times->now = batch_time{at_s * 1000};
    REQUIRE(memory->write_file_atomic(path, std::vector<unsigned char>(bytes, 'x')));
  }

  file_discovery& stream(batch_time start = batch_time{1'000'000}) {
    if (!made) {
      auto own_watch = std::make_unique<scripted_watch>();
      watch = own_watch.get();
      made = std::make_unique<file_discovery>(options, files, logger{log, "files"},
                                              std::move(own_watch));
      made->start(start);
    }
    return *made;
  }

  /// Names of the files of the batch at that second.
  strings batch(std::int64_t second) {
    strings out;
    for (const auto& file : stream().select(batch_time{second * 1000}))
      out.push_back(file.path.substr(4));
    return out;
  }

  /// Goes on with a new object, through the exported state.
  void restart() {
    auto state = made->state();
    made.reset();
    auto own_watch = std::make_unique<scripted_watch>();
    watch = own_watch.get();
    made = std::make_unique<file_discovery>(options, files, logger{log, "files"},
                                            std::move(own_watch));
    made->restore(std::move(state));
  }

  struct settable_clock final : clock {
    [[nodiscard]] batch_time wall_now() const override { return now; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override { return {}; }
    batch_time now;
  };

  std::shared_ptr<settable_clock> times = std::make_shared<settable_clock>();
  std::shared_ptr<memory_file_system> memory = std::make_shared<memory_file_system>(times);
  std::shared_ptr<test::faulty_file_system> files =
      std::make_shared<test::faulty_file_system>(memory);
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  file_discovery_options options{.directory = "/in", .wait_until_stable = false};
  scripted_watch* watch = nullptr;
  std::unique_ptr<file_discovery> made;
};

TEST_CASE_FIXTURE(fixture, "Spark's rule: new files, in the batch in which they were modified") {
  put("old", 999);
  put("at_start", 1000);
  stream();
  put("a", 1001);
  put("b", 1002);
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1002) == strings{"b"});
  CHECK(batch(1003).empty());
}

TEST_CASE_FIXTURE(fixture, "a file from the future of the start is read in its batch") {
  put("later", 1005);
  CHECK(batch(1004).empty());
  CHECK(stream().waiting() == 1);
  CHECK(batch(1005) == strings{"later"});
  CHECK(batch(1006).empty());
}

TEST_CASE_FIXTURE(fixture, "without new_files_only old files are read too, oldest first, once") {
  options.new_files_only = false;
  put("b", 10);
  put("c", 10);
  put("a", 20);
  put(".hidden", 20);
  put("_SUCCESS", 20);
  CHECK(batch(1001) == strings{"b", "c", "a"});
  for (int second = 1002; second < 1200; second += 7)
    CHECK(batch(second).empty());
}

TEST_CASE_FIXTURE(fixture,
                  "a file that turns up late is read once, inside and outside the window") {
  stream();
  put("late", 500);
  CHECK(batch(1001) == strings{"late"});
  for (int second = 1002; second < 1300; second += 13)
    CHECK(batch(second).empty());
  put("very_late", 1);
  CHECK(batch(1400) == strings{"very_late"});
  CHECK(batch(1401).empty());
}

TEST_CASE_FIXTURE(fixture, "a file that is written anew is read again") {
  put("a", 900);
  stream();
  CHECK(batch(1001).empty());
  put("a", 1002);
  CHECK(batch(1002) == strings{"a"});
  put("a", 1002, 2);
  CHECK(batch(1003) == strings{"a"});
  put("a", 800);
  CHECK(batch(1004) == strings{"a"});
  CHECK(batch(1005).empty());
  CHECK(batch(1500).empty());
}

TEST_CASE_FIXTURE(fixture, "a file that is still written to is left until it is stable") {
  options.wait_until_stable = true;
  stream();
  put("moved_in", 700);
  put("growing", 1001);
  CHECK(batch(1001).empty());
  put("growing", 1002, 2);
  CHECK(batch(1002) == strings{"moved_in"});
  put("growing", 1003, 3);
  CHECK(batch(1003).empty());
  CHECK(stream().waiting() == 1);
  const auto found = stream().select(batch_time{1'004'000});
  REQUIRE(found.size() == 1);
  CHECK(found.front() == found_file{"/in/growing", 3, 1'003'000});
  CHECK(batch(1005).empty());
}

TEST_CASE_FIXTURE(fixture, "a file that is still written to under a clock that is behind") {
  options.wait_until_stable = true;
  stream();
  for (std::int64_t second = 1001; second < 1005; ++second) {
    put("late_clock", second - 500, static_cast<std::size_t>(second - 1000));
    put("stopped_clock", 500, static_cast<std::size_t>(second - 1000));
    CHECK(batch(second).empty());
    CHECK(stream().waiting() == 2);
  }
  CHECK(batch(1005) == strings{"stopped_clock", "late_clock"});
  CHECK(batch(1006).empty());
}

TEST_CASE_FIXTURE(fixture, "batches made up for in quick succession do not make a file stable") {
  options.wait_until_stable = true;
  stream();
  put("growing", 1010);
  for (int second = 1001; second <= 1010; ++second)
    CHECK(batch(second).empty());
  CHECK(batch(1011) == strings{"growing"});
}

TEST_CASE_FIXTURE(fixture, "asking again for a batch gives the same files") {
  stream();
  put("a", 1001);
  CHECK(batch(1001) == strings{"a"});
  put("b", 1001);
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1002) == strings{"b"});
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1000).empty());
  CHECK(stream().remember_span() == seconds(60));
  CHECK(batch(1061).empty());
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1062).empty());
  CHECK(batch(1001).empty());
}

TEST_CASE("whole batches are remembered, at least the minimum") {
  const auto span = [](duration batch, duration least) {
    return file_discovery{{.directory = "/in", .batch = batch, .min_remember = least},
                          std::make_shared<memory_file_system>()}
        .remember_span();
  };
  CHECK(span(seconds(7), seconds(60)) == seconds(63));
  CHECK(span(seconds(90), seconds(60)) == seconds(90));
  CHECK(span(seconds(1), seconds(0)) == seconds(1));
  CHECK(span(seconds(5), seconds(60)) == seconds(60));
}

TEST_CASE_FIXTURE(fixture, "more files than a batch may have wait, oldest first, none is lost") {
  options.max_files_per_batch = 3;
  stream();
  for (int i = 0; i < 8; ++i)
    put("f" + std::to_string(i), 1008 - i);
  CHECK(batch(1010) == strings{"f7", "f6", "f5"});
  CHECK(stream().waiting() == 5);
  put("older", 1);
  CHECK(batch(1011) == strings{"older", "f4", "f3"});
  REQUIRE(memory->remove("/in/f1"));
  CHECK(batch(1012) == strings{"f2", "f0"});
  CHECK(stream().waiting() == 0);
  CHECK(stream().remembered() == 8);
}

TEST_CASE_FIXTURE(fixture,
                  "more bytes than a batch may have wait; a file that is larger comes alone") {
  options.max_bytes_per_batch = 10;
  stream();
  put("a", 1001, 4);
  put("b", 1002, 6);
  put("c", 1003, 1);
  put("large", 1004, 50);
  put("empty", 1005, 0);
  CHECK(batch(1010) == strings{"a", "b"});
  CHECK(batch(1011) == strings{"c"});
  CHECK(batch(1012) == strings{"large"});
  CHECK(batch(1013) == strings{"empty"});
  put("d", 1014, 4);
  put("e", 1014, 4);
  CHECK(stream().select(batch_time{1'015'000}, 5).size() == 1);
  CHECK(batch(1016) == strings{"e"});
  CHECK(stream().waiting() == 0);
}

TEST_CASE_FIXTURE(fixture,
                  "files that were not read for their batch are due again, also after a restart") {
  stream();
  put("a", 1001);
  put("b", 1001);
  put("c", 1001);
  auto files = stream().select(batch_time{1'002'000});
  REQUIRE(files.size() == 3);
  put("c", 1002, 2);
  stream().give_back({files[0], files[2]});
  CHECK(stream().waiting() == 2);
  CHECK(batch(1002) == strings{"b"});
  watch->answer = false;
  CHECK(batch(1003) == strings{"a", "c"});
  CHECK(batch(1004).empty());
  put("d", 1005);
  files = stream().select(batch_time{1'005'000});
  stream().give_back(files);
  restart();
  CHECK(batch(1006) == strings{"d"});
}

TEST_CASE_FIXTURE(fixture, "a file that was away is not read again, however long it was") {
  stream();
  put("a", 1001);
  CHECK(batch(1001) == strings{"a"});
  for (std::int64_t away : {1, 48, 61, 100'000}) {
    const std::int64_t now = 1002 + 200'000 * away;
    REQUIRE(memory->remove("/in/a"));
    CHECK(batch(now).empty());
    CHECK(batch(now + away).empty());
    CHECK(stream().remembered() == 1);
    put("a", 1001);
    CHECK(batch(now + away + 1).empty());
  }
  put("a", 1002);
  CHECK(batch(1002 + std::int64_t{200'002} * 100'000) == strings{"a"});
}

TEST_CASE_FIXTURE(fixture, "a missing directory is one warning, and forgets nothing") {
  options.new_files_only = false;
  put("a", 1001);
  CHECK(batch(1001) == strings{"a"});
  REQUIRE(memory->rename("/in", "/away"));
  for (int second = 1002; second < 1200; second += 10)
    CHECK(batch(second).empty());
  CHECK(log->count(log_level::warning, "cannot list '/in': No such file or directory") == 1);
  REQUIRE(memory->rename("/away", "/in"));
  CHECK(batch(1200).empty());
  CHECK(log->count(log_level::info, "'/in' can be read again") == 1);
  REQUIRE(memory->rename("/in", "/away"));
  CHECK(batch(1201).empty());
  CHECK(log->count(log_level::warning, "cannot list '/in'") == 2);
}

TEST_CASE_FIXTURE(fixture, "files of a directory that was missing at the start are new") {
  REQUIRE(memory->remove("/in"));
  stream();
  CHECK(batch(1001).empty());
  REQUIRE(memory->make_directories("/in"));
  put("a", 900);
  CHECK(batch(1002) == strings{"a"});
}

TEST_CASE_FIXTURE(fixture, "when the start cannot be listed, modification times decide") {
  put("old", 1000);
  put("new", 1001);
  files->fail_when([](std::string_view what, const std::string&) { return what == "list"; });
  stream();
  CHECK(batch(1001).empty());
  files->heal();
  CHECK(batch(1002) == strings{"new"});
  put("late", 999);
  CHECK(batch(1003).empty());
  CHECK(log->count(log_level::warning, "taken for old") == 1);
}

TEST_CASE_FIXTURE(fixture, "a directory that cannot be read for a while loses nothing") {
  stream();
  put("a", 1001);
  files->fail_when([](std::string_view what, const std::string&) { return what == "list"; });
  CHECK(batch(1001).empty());
  CHECK(batch(1002).empty());
  CHECK(log->count(log_level::warning, "error finding new files: cannot list '/in'") == 1);
  put("b", 1003);
  files->heal();
  CHECK(batch(1003) == strings{"a", "b"});
}

TEST_CASE_FIXTURE(fixture,
                  "at the bound the oldest become a threshold: none twice, and a warning") {
  options.max_remembered = 16;
  options.max_files_per_batch = 5;
  stream();
  for (int i = 10; i < 50; ++i)
    put("f" + std::to_string(i), 1000 + i);
  strings all;
  for (int second = 1100; second < 1120; ++second)
    for (const auto& name : batch(second)) {
      all.push_back(name);
      CHECK(stream().remembered() <= 16);
    }
  std::ranges::sort(all);
  CHECK(all.size() == 40);
  CHECK(std::ranges::adjacent_find(all) == all.end());
  CHECK(log->count(log_level::warning, "more than 16 files") == 1);
  put("late_but_newer", 1049);
  CHECK(batch(1120) == strings{"late_but_newer"});
  put("late_and_older", 1001);
  CHECK(batch(1121).empty());
}

TEST_CASE_FIXTURE(fixture, "the watch spares listings, but not more than so many in a row") {
  options.list_every = 4;
  stream();
  watch->answer = false;
  put("a", 1001);
  strings seen;
  for (int second = 1001; second <= 1004; ++second)
    seen.push_back(batch(second).empty() ? "-" : "a");
  CHECK(seen == strings{"-", "-", "-", "a"});
  CHECK(watch->covered == strings{"/in"});
  put("b", 1005);
  watch->answer = true;
  CHECK(batch(1005) == strings{"b"});
  // A file that waits is looked at whatever the watch says.
  put("c", 1007);
  CHECK(batch(1006).empty());
  watch->answer = false;
  CHECK(batch(1007) == strings{"c"});
}

TEST_CASE_FIXTURE(fixture, "the watch is not believed while the directory cannot be read") {
  stream();
  watch->answer = false;
  files->fail_when([](std::string_view what, const std::string&) { return what == "list"; });
  for (int second = 1001; second < 1020; ++second)
    CHECK(batch(second).empty());
  files->heal();
  put("a", 1020);
  CHECK(batch(1020) == strings{"a"});
}

TEST_CASE_FIXTURE(fixture, "a restart goes on where the state was taken") {
  put("old", 999);
  stream();
  put("a", 1001);
  put("b", 1009);
  CHECK(batch(1001) == strings{"a"});
  restart();
  stream().start(batch_time{1'005'000});
  put("c", 1005);
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1006) == strings{"c"});
  restart();
  CHECK(batch(1001) == strings{"a"});
  CHECK(batch(1006) == strings{"c"});
  CHECK(batch(1010) == strings{"b"});
  for (int second = 1011; second < 1200; second += 9)
    CHECK(batch(second).empty());
}

TEST_CASE_FIXTURE(fixture, "the threshold outlives a restart") {
  options.max_remembered = 1;
  stream();
  for (int i = 0; i < 5; ++i)
    put("f" + std::to_string(i), 1001 + i);
  CHECK(batch(1010).size() == 5);
  restart();
  put("f9", 1003);
  CHECK(batch(1011).empty());
}

TEST_CASE_FIXTURE(fixture,
                  "an own filter replaces the default, but temporary files are never read") {
  options.filter = [](const std::string& path) { return path.find("skip") == std::string::npos; };
  stream();
  put(".hidden", 1001);
  put("skip", 1001);
  put(".tmp-1-1", 1001);
  CHECK(batch(1001) == strings{".hidden"});
}

TEST_CASE_FIXTURE(fixture,
                  "many batches with files coming, going and changing: each version once") {
  options.new_files_only = false;
  options.max_files_per_batch = 4;
  std::vector<std::pair<std::string, std::uint64_t>> written;
  std::vector<std::pair<std::string, std::uint64_t>> read;
  std::uint64_t size = 0;
  for (int second = 1001; second < 1400; ++second) {
    if (second < 1300 && second % 3 != 0) {
      const auto name = "f" + std::to_string(second % 40);
      const auto waits = std::ranges::any_of(written, [&](const auto& w) {
        return w.first == "/in/" + name && std::ranges::find(read, w) == read.end();
      });
      if (!waits) {
        put(name, second % 5 == 0 ? second - 500 : second, ++size);
        written.emplace_back("/in/" + name, size);
      }
    }
    for (const auto& file : stream().select(batch_time{second * 1000}))
      read.emplace_back(file.path, file.size);
    if (second % 50 == 0)
      restart();
  }
  CHECK(written.size() > 150);
  std::ranges::sort(written);
  std::ranges::sort(read);
  CHECK((written == read));
}

TEST_CASE("options that make no sense are refused in words") {
  const auto message = [](file_discovery_options options) {
    const auto checked = validate(options);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == errc::invalid_argument);
    CHECK_THROWS_AS(file_discovery(options, std::make_shared<memory_file_system>()), stream_error);
    return checked.error().message;
  };
  CHECK(message({}) == "file stream: the directory is empty: name one");
  CHECK(message({.directory = "d", .filter = nullptr}).find("filter") != std::string::npos);
  CHECK(message({.directory = "d", .batch = duration{0}}).find("0 ms") != std::string::npos);
  CHECK(message({.directory = "d", .min_remember = duration{-1}}).find("-1 ms") !=
        std::string::npos);
  CHECK(message({.directory = "d", .max_files_per_batch = 0}).find("max_files_per_batch") !=
        std::string::npos);
  CHECK(message({.directory = "d", .max_remembered = 0}).find("max_remembered") !=
        std::string::npos);
  CHECK(message({.directory = "d", .list_every = 0}).find("list_every") != std::string::npos);
}

} // namespace
