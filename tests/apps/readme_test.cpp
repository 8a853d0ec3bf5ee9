#include "support/places.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace {

std::string read_source(const std::string& path) {
  std::ifstream file{millrace::test::source_directory() + '/' + path};
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("the program in README.md is the one that is built") {
  const auto readme = read_source("README.md");
  const std::string opening = "```cpp\n";
  const auto begin = readme.find(opening);
  REQUIRE(begin != std::string::npos);
  const auto end = readme.find("```\n", begin + opening.size());
  REQUIRE(end != std::string::npos);
  CHECK(readme.substr(begin + opening.size(), end - begin - opening.size()) ==
        read_source("apps/examples/readme_word_count.cpp"));
}

TEST_CASE("every path that README.md names is there") {
  const auto readme = read_source("README.md");
  std::size_t named = 0;
  for (const char* folder : {"`libstream/", "`actors/", "`apps/", "`tests/", "`tools/"}) {
    for (auto at = readme.find(folder); at != std::string::npos; at = readme.find(folder, at + 1)) {
      const auto path = readme.substr(at + 1, readme.find_first_of("` ", at + 1) - at - 1);
      CAPTURE(path);
      CHECK(std::filesystem::exists(std::filesystem::path{millrace::test::source_directory()} /
                                    path));
      ++named;
    }
  }
  CHECK(named > 20);
}

} // namespace
