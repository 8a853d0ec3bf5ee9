#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "millrace/persist/spill_file.hpp"
#include "millrace/persist/spill_home.hpp"
#include "support/faulty_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <csignal>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

using strings = std::vector<std::string>;

struct fixture {
  strings names(const std::string& directory) const {
    strings out;
    if (auto found = files->list(directory))
      for (auto& entry : *found)
        out.push_back(entry.name);
    return out;
  }

  /// What a job of that number left when it was killed: two spilled batches and a half written one.
  void leave(const std::string& number) {
    REQUIRE(files->make_directories("/spill/" + number + "/stream-0"));
    REQUIRE(files->make_directories("/spill/" + number + "/stream-7"));
    for (const char* name :
         {"/lock", "/stream-0/1-1.spill", "/stream-7/1-1.spill", "/stream-7/.tmp-2-2"})
      REQUIRE(files->write_file_atomic("/spill/" + number + name, {}));
  }

  std::shared_ptr<memory_file_system> files = std::make_shared<memory_file_system>();
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  logger to_log{log, "storage"};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a home is made when it is needed and goes with its job") {
  {
    spill_home home{"/spill", 12};
    CHECK(names("/spill").empty());
    CHECK(home.prepare(files) == "/spill/12-0");
    CHECK(home.prepare(files) == "/spill/12-0");
    REQUIRE(files->make_directories("/spill/12-0/stream-0"));
    CHECK(names("/spill/12-0") == strings{"lock", "stream-0"});
  }
  CHECK(names("/spill").empty());
}

TEST_CASE_FIXTURE(fixture, "what jobs left that were killed is removed, once") {
  leave("5-0");
  leave("6-0");
  REQUIRE(files->make_directories("/spill/7-0")); // one that was killed before it had its lock
  spill_home home{"/spill", 12};
  home.remove_leftovers(*files, to_log);
  CHECK(names("/spill").empty());
  CHECK(log->count(log_level::info, "removed 3 spilled batches that a job left in '/spill/5-0'") ==
        1);
  leave("5-0");
  home.remove_leftovers(*files, to_log);
  CHECK(names("/spill") == strings{"5-0"});
}

TEST_CASE_FIXTURE(fixture, "a living job keeps its directory, and nothing else below is touched") {
  spill_home living{"/spill", 5};
  REQUIRE(living.prepare(files));
  REQUIRE(files->make_directories("/spill/5-0/stream-0"));
  REQUIRE(files->write_file_atomic("/spill/5-0/stream-0/1-1.spill", {}));
  REQUIRE(files->make_directories("/spill/mine"));
  REQUIRE(files->write_file_atomic("/spill/mine/lock", {}));
  REQUIRE(files->write_file_atomic("/spill/8", {}));
  spill_home{"/spill", 12}.remove_leftovers(*files, to_log);
  CHECK(names("/spill") == strings{"5-0", "8", "mine"});
  CHECK(names("/spill/5-0/stream-0") == strings{"1-1.spill"});
  CHECK(names("/spill/mine") == strings{"lock"});
}

TEST_CASE_FIXTURE(fixture, "what cannot be removed is named and stays, and the rest goes") {
  leave("5-0");
  leave("6-0");
  REQUIRE(files->write_file_atomic("/spill/5-0/stream-0/mine", {}));
  spill_home{"/spill", 12}.remove_leftovers(*files, to_log);
  CHECK(names("/spill") == strings{"5-0"});
  CHECK(names("/spill/5-0") == strings{"lock", "stream-0", "stream-7"});
  CHECK(log->count(log_level::warning,
                   "cannot remove the spilled batches that a job left in '/spill/5-0': cannot "
                   "remove '/spill/5-0/stream-0': Directory not empty") == 1);
  REQUIRE(files->remove("/spill/5-0/stream-0/mine"));
  REQUIRE(files->write_file_atomic("/spill/5-0/a", {}));
  spill_home{"/spill", 13}.remove_leftovers(*files, to_log);
  CHECK(log->count(log_level::warning, "'/spill/5-0/a' is not a stream's directory") == 1);
  REQUIRE(files->remove("/spill/5-0/a"));
  spill_home{"/spill", 14}.remove_leftovers(*files, to_log);
  CHECK(names("/spill").empty());
}

TEST_CASE_FIXTURE(fixture, "a directory that another job removes while it is made is made anew") {
  test::faulty_file_system disk{files};
  int removed = 0;
  disk.fail_when([&](std::string_view operation, const std::string& path) {
    if (operation == "lock" && removed < 2 && files->remove(path.substr(0, path.rfind('/'))))
      ++removed;
    return false;
  });
  std::shared_ptr<file_system> slow{&disk, [](file_system*) {}};
  spill_home home{"/spill", 12};
  CHECK(home.prepare(slow) == "/spill/12-2");
  CHECK(removed == 2);
}

TEST_CASE_FIXTURE(fixture, "a root that cannot be written is an error, and the next call may do") {
  auto disk = std::make_shared<test::faulty_file_system>(files);
  spill_home home{"/spill", 12};
  for (const char* what : {"make directory", "lock"}) {
    disk->fail_when([what](std::string_view operation, auto&) { return operation == what; });
    const auto refused = home.prepare(disk);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io_error);
  }
  disk->heal();
  CHECK(home.prepare(disk));
}

TEST_CASE("the batches of a process that was killed are removed by the next one") {
  test::scratch_directory place;
  const auto files = std::make_shared<posix_file_system>();
  const auto spill = [&](spill_home& home) {
    return home.prepare(files)
        .and_then([&](const std::string& directory) {
          return files->make_directories(directory + "/stream-0").map([&] { return directory; });
        })
        .and_then([&](const std::string& directory) {
          return detail::spill_file::write(files, directory + "/stream-0", "1-1", {});
        });
  };
  spill_home living{place.name(), 1};
  const auto kept = spill(living);
  REQUIRE(kept);
  const pid_t child = ::fork();
  if (child == 0) {
    spill_home home{place.name(), 2};
    const auto lost = spill(home);
    ::raise(lost ? SIGKILL : SIGTERM);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WTERMSIG(status) == SIGKILL);
  REQUIRE(files->stat(place.name() + "/2-0/stream-0/1-1.spill"));
  spill_home next{place.name(), 3};
  next.remove_leftovers(*files, {});
  CHECK(files->stat(place.name() + "/2-0").error().code == errc::not_found);
  CHECK((*kept)->read());
}
