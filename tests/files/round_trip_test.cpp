// What the outputs write, the inputs find and read: on a real disk, with inotify.
#include "millrace/block/text_block.hpp"
#include "millrace/files/file_discovery.hpp"
#include "millrace/files/file_reader.hpp"
#include "millrace/files/part_files.hpp"
#include "millrace/io/inotify_watch.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using word_count = std::pair<std::string, std::int64_t>;

struct scratch {
  /// Later than the time of every file that the test makes.
  static batch_time after_all(int batches) {
    return batch_time{4'000'000'000'000} + seconds(batches);
  }

  file_discovery stream(const std::string& directory) {
    return file_discovery{{.directory = directory, .new_files_only = false},
                          files,
                          {},
                          std::make_unique<inotify_watch>()};
  }

  std::shared_ptr<posix_file_system> files = std::make_shared<posix_file_system>();
  test::scratch_directory place;
  std::string root = place.name();
};

TEST_CASE_FIXTURE(scratch, "text that was saved is found and read, and nothing else") {
  auto in = stream(root + "/words-*");
  CHECK(in.select(after_all(0)).empty());
  const part_files_options options{.prefix = root + "/words", .suffix = "txt"};
  const auto as_text = [](std::string& to, const std::string& record) { to += record; };
  using partition = std::vector<std::string>;
  const batch<std::string> saved{{partition{"to", "be"}, partition{}, partition{"or not"}}};
  REQUIRE(save_text_files(*files, options, batch_time{1'000}, saved, as_text));
  CHECK(in.select(after_all(1)).empty()); // not stable yet
  auto found = in.select(after_all(2));
  std::ranges::sort(found, {}, &found_file::path);
  REQUIRE(found.size() == 3);
  CHECK(found[0].path == root + "/words-1000.txt/part-00000");
  std::vector<std::string> lines;
  for (const auto& file : found) {
    const auto blocks = read_text_file(*files, file.path, {.expected_bytes = file.size});
    REQUIRE(blocks);
    for (const auto& b : *blocks)
      for (std::size_t i = 0; i < b->records(); ++i)
        lines.emplace_back(dynamic_cast<const text_block&>(*b).record(i));
  }
  CHECK(lines == saved.collect());
  CHECK(in.select(after_all(3)).empty());
  REQUIRE(save_text_files(*files, options, batch_time{2'000}, saved, as_text));
  CHECK(in.select(after_all(4)).empty());
  CHECK(in.select(after_all(5)).size() == 3);
}

TEST_CASE_FIXTURE(scratch, "objects that were saved are found and read, and nothing else") {
  const batch<word_count> saved{{{{"to", 2}, {"be", 2}}, {{"or", 1}}}};
  REQUIRE(save_object_files(*files, {.prefix = root + "/counts"}, batch_time{1'000}, saved));
  std::vector<word_count> read;
  auto in = stream(root + "/counts-*");
  CHECK(in.select(after_all(0)).empty());
  const auto found = in.select(after_all(1));
  CHECK(found.size() == 2);
  for (const auto& file : found) {
    const auto blocks = read_object_file<word_count>(*files, file.path);
    REQUIRE(blocks);
    for (const auto& b : *blocks)
      for (const auto& record : dynamic_cast<const typed_block<word_count>&>(*b).items())
        read.push_back(record);
  }
  auto expected = saved.collect();
  std::ranges::sort(expected);
  std::ranges::sort(read);
  CHECK(read == expected);
}

} // namespace
