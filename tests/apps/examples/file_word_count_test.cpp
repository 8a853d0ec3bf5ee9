#include "apps/programs.hpp"
#include "support/places.hpp"
#include "support/scratch_directory.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

/// A directory to be read, and one beside it in which files are written; both go in the end.
class directories {
public:
  directories() { std::filesystem::create_directory(root_ / "making"); }

  std::string in() const { return (root_ / "in").string(); }
  void make() const { std::filesystem::create_directory(root_ / "in"); }

  /// Moves a file with this text into the directory.
  void add(const std::string& name, const std::string& text) const {
    std::ofstream{root_ / "making" / name, std::ios::binary} << text;
    std::filesystem::rename(root_ / "making" / name, root_ / "in" / name);
  }

  void add_copy(const std::string& of) const {
    const auto name = std::filesystem::path{of}.filename();
    std::filesystem::copy_file(of, root_ / "making" / name);
    std::filesystem::rename(root_ / "making" / name, root_ / "in" / name);
  }

private:
  scratch_directory place_;
  std::filesystem::path root_ = place_.path();
};

std::vector<std::string> command(const directories& from, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("file_word_count"), from.in()});
  arguments.insert(arguments.end(), {"--batch", "100ms", "--print", "1000000"});
  return arguments;
}

/// Counts what was printed by the end of a job that is ended now.
word_counts end(process& job) {
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  CAPTURE(job.err());
  return sum_of_printed(job.out());
}

TEST_CASE("the words of every file that appears are counted once") {
  for (const char* master : {"local[1]", "local[3]"}) {
    CAPTURE(master);
    directories files;
    files.make();
    files.add("old.txt", "old words\n");
    process job{command(files, {"--master", master})};
    // Once it prints it has looked at what was there before.
    REQUIRE(job.wait_for_out("Time: "));
    std::string all;
    for (int i = 0; i < 12; ++i) {
      const auto text = dump_text({"--records", "200", "--seed", std::to_string(i)});
      files.add("words-" + std::to_string(i) + ".txt", text);
      all += text;
    }
    files.add(".hidden", "not these\n");
    files.add("empty.txt", "");
    files.add("unterminated.txt", "the end");
    const auto expected = count_words(all + "the end");
    CHECK(eventually([&] { return sum_of_printed(job.out()) == expected; }));
    CHECK((end(job) == expected));
  }
}

TEST_CASE("packed files are unpacked") {
  directories files;
  files.make();
  process job{command(files, {})};
  REQUIRE(job.wait_for_out("Time: "));
  const std::string packed = data_directory() + "/packed_text/";
  word_counts expected{{"line", 2 * 20'000}};
  for (int i = 0; i < 20'000; ++i)
    expected[std::to_string(i)] = 2;
  files.add_copy(packed + "lines.gz");
  files.add_copy(packed + "lines.zst");
  CHECK(eventually([&] { return sum_of_printed(job.out()) == expected; }));
  CHECK((end(job) == expected));
}

TEST_CASE("--existing counts what was there before") {
  directories files;
  files.make();
  files.add("old.txt", "old words and old files\n");
  process job{command(files, {"--existing"})};
  const auto expected = count_words("old words and old files");
  CHECK(eventually([&] { return sum_of_printed(job.out()) == expected; }));
  CHECK((end(job) == expected));
}

TEST_CASE("a directory that is missing is waited for, and said") {
  directories files;
  process job{command(files, {})};
  CHECK(job.wait_for_err(files.in()));
  REQUIRE(job.wait_for_out("Time: "));
  files.make();
  files.add("first.txt", "here at last\n");
  const auto expected = count_words("here at last");
  CHECK(eventually([&] { return sum_of_printed(job.out()) == expected; }));
  CHECK((end(job) == expected));
}

TEST_CASE("--run-for ends it, and no directory at all is refused") {
  directories files;
  files.make();
  const auto job = run_process(command(files, {"--run-for", "300ms"}));
  CHECK(job.status == 0);
  const auto refused = run_process({program("file_word_count")});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("DIR is required") != std::string::npos);
}

} // namespace
