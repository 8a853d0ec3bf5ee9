#include "millrace/io/memory_file_system.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

TEST_CASE("files are dated by the clock") {
  const auto time = std::make_shared<manual_clock>(batch_time{1'000});
  memory_file_system files{time};
  const auto file = files.open_append("a").value();
  time->advance(milliseconds(500));
  REQUIRE(files.write_file_atomic("b", {}));
  CHECK(files.stat("a")->modified_ms == 1'000);
  CHECK(files.stat("b")->modified_ms == 1'500);
  time->advance(milliseconds(500));
  REQUIRE(file->append(std::vector<unsigned char>{1}));
  CHECK(files.stat("a")->modified_ms == 2'000);
}

TEST_CASE("all spellings of a path are one file") {
  memory_file_system files;
  REQUIRE(files.make_directories("x/y"));
  REQUIRE(files.write_file_atomic("/x/y/a", std::vector<unsigned char>{7}));
  for (const std::string path : {"x/y/a", "//x//y/./a", "./x/z/../y/a", "/../x/y/a"}) {
    CAPTURE(path);
    CHECK(files.read_file(path) == std::vector<unsigned char>{7});
  }
  CHECK(files.list("/") == files.list(""));
  CHECK_FALSE(files.remove("/"));
  CHECK_FALSE(files.rename("/", "q"));
}

TEST_CASE("an open file outlives its file system") {
  std::unique_ptr<append_file> file;
  {
    memory_file_system files;
    file = files.open_append("a").value();
  }
  REQUIRE(file->append(std::vector<unsigned char>{1, 2}));
  CHECK(file->size() == 2U);
}

} // namespace
