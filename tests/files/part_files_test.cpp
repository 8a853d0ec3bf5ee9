#include "millrace/files/part_files.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/faulty_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;
/// Names in a directory with the text of the files.
using contents = std::map<std::string, std::string>;

const batch_time time_1{1'000};
const auto as_text = [](std::string& to, const std::string& record) { to += record; };

contents contents_of(const file_system& files, const std::string& directory) {
  contents out;
  const auto entries = files.list(directory);
  if (!entries)
    return {{"error", entries.error().message}};
  for (const auto& entry : *entries) {
    const auto data = files.read_file(directory + "/" + entry.name);
    out[entry.name] = data ? std::string{data->begin(), data->end()} : "?";
  }
  return out;
}

strings names_in(const file_system& files, const std::string& directory) {
  strings out;
  const auto entries = files.list(directory).value();
  for (const auto& entry : entries)
    out.push_back(entry.name);
  return out;
}

batch<std::string> two_parts(const std::string& mark) {
  return batch<std::string>{{{mark + "a", mark + "b"}, {mark + "c"}}};
}

contents written(const std::string& mark) {
  return {
      {"_SUCCESS", ""}, {"part-00000", mark + "a\n" + mark + "b\n"}, {"part-00001", mark + "c\n"}};
}

/// A disk that cannot exchange two names.
class no_exchange final : public file_system {
public:
  explicit no_exchange(file_system& files) : files_{files} {}

  [[nodiscard]] result<std::vector<unsigned char>>
  read_file(const std::string& path, std::uint64_t max_bytes) const override {
    return files_.read_file(path, max_bytes);
  }
  result<void> write_file_atomic(const std::string& path,
                                 std::span<const unsigned char> data) override {
    return files_.write_file_atomic(path, data);
  }
  [[nodiscard]] result<std::unique_ptr<read_file_handle>>
  open_read(const std::string& path) const override {
    return files_.open_read(path);
  }
  result<std::unique_ptr<append_file>> open_append(const std::string& path) override {
    return files_.open_append(path);
  }
  result<std::unique_ptr<file_lock>> try_lock(const std::string& path) override {
    return files_.try_lock(path);
  }
  [[nodiscard]] result<std::vector<directory_entry>> list(const std::string& path) const override {
    return files_.list(path);
  }
  [[nodiscard]] result<file_info> stat(const std::string& path) const override {
    return files_.stat(path);
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  result<void> exchange(const std::string&, const std::string&) override {
    return fail(errc::unsupported, "no exchange here");
  }
  result<void> remove(const std::string& path) override { return files_.remove(path); }
  result<void> make_directories(const std::string& path) override {
    return files_.make_directories(path);
  }
  result<void> sync_directory(const std::string& path) override {
    return files_.sync_directory(path);
  }

private:
  file_system& files_;
};

struct fixture {
  fixture() { REQUIRE(memory->make_directories("/out")); }

  result<saved_batch> save(const std::string& mark) {
    return save_text_files(*files, options, time_1, two_parts(mark), as_text);
  }

  std::shared_ptr<memory_file_system> memory = std::make_shared<memory_file_system>();
  std::shared_ptr<test::faulty_file_system> files =
      std::make_shared<test::faulty_file_system>(memory);
  part_files_options options{.prefix = "/out/words", .suffix = "txt"};
};

TEST_CASE("names are Spark's") {
  CHECK(batch_file_name("p", time_1, "s") == "p-1000.s");
  CHECK(batch_file_name("p", time_1) == "p-1000");
  CHECK(batch_file_name("", time_1, "s") == "1000.s");
  CHECK(batch_file_name("", time_1) == "1000");
  CHECK(batch_file_name("/a/b", batch_time{0}, "") == "/a/b-0");
}

TEST_CASE_FIXTURE(fixture, "a batch is a directory of a part file for each partition") {
  const auto saved = save("x");
  REQUIRE(saved);
  CHECK(saved->path == "/out/words-1000.txt");
  CHECK(saved->parts == 2);
  CHECK(saved->bytes == 9);
  CHECK(contents_of(*memory, "/out/words-1000.txt") == written("x"));
  CHECK(names_in(*memory, "/out") == strings{"words-1000.txt"});
}

TEST_CASE_FIXTURE(fixture, "directories above are made, and paths may be relative") {
  options = {.prefix = "deep/er/p"};
  REQUIRE(save("x"));
  CHECK(contents_of(*memory, "deep/er/p-1000") == written("x"));
  options = {.prefix = ""};
  REQUIRE(save("x"));
  CHECK(contents_of(*memory, "1000") == written("x"));
}

TEST_CASE_FIXTURE(fixture, "another attempt at a batch replaces the whole directory") {
  REQUIRE(save("first "));
  REQUIRE(save_text_files(*files, options, time_1, batch<std::string>{"only"}, as_text));
  CHECK(contents_of(*memory, "/out/words-1000.txt") ==
        contents{{"_SUCCESS", ""}, {"part-00000", "only\n"}});
  CHECK(names_in(*memory, "/out") == strings{"words-1000.txt"});
  no_exchange plain{*memory};
  REQUIRE(save_text_files(plain, options, time_1, two_parts("x"), as_text));
  CHECK(contents_of(*memory, "/out/words-1000.txt") == written("x"));
  CHECK(names_in(*memory, "/out") == strings{"words-1000.txt"});
}

TEST_CASE_FIXTURE(fixture, "an empty batch has empty parts, or is skipped if that is asked for") {
  const batch<std::string> empty{std::vector<std::string>{}, 2};
  auto saved = save_text_files(*files, options, time_1, empty, as_text);
  REQUIRE(saved);
  CHECK(contents_of(*memory, "/out/words-1000.txt") ==
        contents{{"_SUCCESS", ""}, {"part-00000", ""}, {"part-00001", ""}});
  REQUIRE(save("x"));
  options.skip_empty = true;
  saved = save_text_files(*files, options, time_1, empty, as_text);
  REQUIRE(saved);
  CHECK(saved->parts == 0);
  CHECK(names_in(*memory, "/out").empty());
  REQUIRE(save_text_files(*files, options, time_1, empty, as_text));
  REQUIRE(save("x"));
  CHECK(contents_of(*memory, "/out/words-1000.txt") == written("x"));
}

TEST_CASE_FIXTURE(fixture, "whatever fails, nothing half is visible, and it can be tried again") {
  for (const bool had_before : {false, true})
    for (const bool for_good : {false, true})
      for (std::uint64_t n = 1;; ++n) {
        CAPTURE(had_before);
        CAPTURE(for_good);
        CAPTURE(n);
        static_cast<void>(batch_directory::remove(*memory, "/out/words-1000.txt"));
        if (had_before)
          REQUIRE(save("old "));
        const auto failures = files->failures();
        for_good ? files->fail_changes_from(n) : files->fail_change(n);
        const auto saved = save("new ");
        const bool failed_at_all = files->failures() != failures;
        files->heal();
        const auto seen = contents_of(*memory, "/out/words-1000.txt");
        const bool is_old = had_before
                                ? seen == written("old ")
                                : seen.contains("error") && names_in(*memory, "/out").size() <= 1;
        CHECK((seen == written("new ") || (!saved && is_old)));
        if (!saved) {
          CHECK(saved.error().code == errc::io_error);
          CHECK(saved.error().message.find("No space left on device") != std::string::npos);
          CHECK(saved.error().message.find("/out") != std::string::npos);
        }
        for (const auto& name : names_in(*memory, "/out"))
          CHECK((name == "words-1000.txt" || name.starts_with(".tmp-")));
        REQUIRE(save("again "));
        CHECK(contents_of(*memory, "/out/words-1000.txt") == written("again "));
        CHECK(names_in(*memory, "/out") == strings{"words-1000.txt"});
        if (!failed_at_all)
          break;
        REQUIRE(n < 100);
      }
}

TEST_CASE_FIXTURE(fixture, "a full disk names the part, and what was written is removed") {
  files->fail_when([](std::string_view what, const std::string& path) {
    return what == "write" && path.ends_with("part-00001");
  });
  const auto saved = save("x");
  REQUIRE_FALSE(saved);
  CHECK(saved.error().message ==
        "cannot write '/out/.tmp-saving-words-1000.txt/part-00001': No space left on device");
  CHECK(names_in(*memory, "/out").empty());
}

TEST_CASE_FIXTURE(fixture, "what the user's function throws leaves nothing behind") {
  const auto throwing = [](std::string&, const std::string& record) {
    if (record == "xc")
      throw std::runtime_error{"cannot show this"};
  };
  CHECK_THROWS_WITH((void)save_text_files(*files, options, time_1, two_parts("x"), throwing),
                    "cannot show this");
  CHECK(names_in(*memory, "/out").empty());
}

TEST_CASE_FIXTURE(fixture, "a file of that name is not touched") {
  REQUIRE(memory->write_file_atomic("/out/words-1000.txt", std::vector<unsigned char>{'x'}));
  const auto saved = save("x");
  REQUIRE_FALSE(saved);
  CHECK(saved.error() == error{errc::already_exists,
                               "cannot save a batch as '/out/words-1000.txt': that is a file"});
  CHECK(memory->read_file("/out/words-1000.txt")->size() == 1);
  options.prefix = "/out/";
  options.suffix = "";
  REQUIRE(save("x"));
  CHECK(contents_of(*memory, "/out/-1000") == written("x"));
}

TEST_CASE_FIXTURE(fixture, "leftovers of a crash are cleared away") {
  REQUIRE(memory->make_directories("/out/.tmp-saving-words-1000.txt/below"));
  REQUIRE(memory->write_file_atomic("/out/.tmp-saving-words-1000.txt/part-00007", {}));
  REQUIRE(save("x"));
  CHECK(contents_of(*memory, "/out/words-1000.txt") == written("x"));
}

TEST_CASE_FIXTURE(fixture, "objects are read back, partition by partition") {
  const batch<std::pair<std::string, int>> counts{{{{"a", 1}, {"b", 2}}, {}, {{"c", 3}}}};
  const auto saved = save_object_files(*files, options, time_1, counts);
  REQUIRE(saved);
  CHECK(saved->parts == 3);
  std::size_t records = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto blocks = read_object_file<std::pair<std::string, int>>(
        *files, saved->path + "/part-0000" + std::to_string(i));
    REQUIRE(blocks);
    for (const auto& b : *blocks)
      records += b->records();
  }
  CHECK(records == 3);
}

TEST_CASE("on a real disk, links inside an old directory are not followed") {
  const test::scratch_directory place;
  const auto root = place.name();
  posix_file_system files;
  REQUIRE(files.make_directories(root + "/precious"));
  REQUIRE(files.write_file_atomic(root + "/precious/file", {}));
  const part_files_options options{.prefix = root + "/words"};
  REQUIRE(save_text_files(files, options, time_1, two_parts("old "), as_text));
  std::filesystem::create_directory_symlink(root + "/precious", root + "/words-1000/link");
  REQUIRE(save_text_files(files, options, time_1, two_parts("new "), as_text));
  CHECK(contents_of(files, root + "/words-1000") == written("new "));
  CHECK(names_in(files, root) == strings{"precious", "words-1000"});
  CHECK(names_in(files, root + "/precious") == strings{"file"});
  no_exchange plain{files};
  REQUIRE(save_text_files(plain, options, time_1, two_parts("x"), as_text));
  CHECK(contents_of(files, root + "/words-1000") == written("x"));
  CHECK(names_in(files, root) == strings{"precious", "words-1000"});
}

} // namespace
