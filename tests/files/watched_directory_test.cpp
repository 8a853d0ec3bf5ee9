// A file stream on the machine's disk asks inotify whether listing is worth while.
#include "millrace/files/file_source.hpp"
#include "millrace/io/inotify_watch.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

namespace fs = std::filesystem;

struct scratch {
  scratch() {
    fs::create_directory(root / "in");
    fs::create_directory(root / "elsewhere");
  }

  [[nodiscard]] bool machine_watches() const {
    inotify_watch watch;
    watch.cover({(root / "in").string()});
    watch.changed();
    return !watch.changed();
  }

  static void write(const fs::path& to, const char* text) {
    std::ofstream{to, std::ios::app} << text;
  }

  test::scratch_directory place;
  fs::path root = place.path();
};

/// The paths that a batch of the stream has.
class stream {
public:
  explicit stream(const fs::path& directory)
      : source_{directory.string(),
                {.new_files_only = false, .wait_until_stable = false},
                seconds(1),
                std::make_shared<posix_file_system>(),
                [](const file_system&, const found_file&, const logger&) {
                  return result<std::vector<block_ptr>>{std::vector<block_ptr>{}};
                }} {
    source_.start(batch_time{0}, {});
  }

  std::vector<std::string> next_batch() {
    std::vector<std::string> names;
    // Later than the times of all files.
    const auto time = batch_time{4'000'000'000'000} + seconds(batches_++);
    const auto splits = source_.plan(time, {});
    for (auto& split : *splits)
      names.push_back(fs::path{split.description}.filename().string());
    return names;
  }

private:
  file_source source_;
  int batches_ = 0;
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(scratch, "a directory in which nothing happens is listed in every tenth batch") {
  if (!machine_watches()) {
    MESSAGE("this machine has no inotify watch to give");
    return;
  }
  write(root / "elsewhere/text", "a");
  fs::create_hard_link(root / "elsewhere/text", root / "in/text");
  stream s{root / "in"};
  CHECK(s.next_batch() == names{"text"});
  CHECK(s.next_batch().empty());       // the last listing that the watch itself brought about
  write(root / "elsewhere/text", "b"); // by a name that is not watched
  int skipped = 0;
  while (s.next_batch().empty())
    REQUIRE(++skipped < 10);
  CHECK(skipped == 9);
}

TEST_CASE_FIXTURE(scratch, "what happens in the directory is seen in the next batch") {
  stream s{root / "in"};
  for (int i = 0; i < 5; ++i) {
    CHECK(s.next_batch().empty());
    const auto name = "text" + std::to_string(i);
    write(root / "in" / name, "a");
    CHECK(s.next_batch() == names{name});
    write(root / "in" / name, "b");
    CHECK(s.next_batch() == names{name});
  }
}
