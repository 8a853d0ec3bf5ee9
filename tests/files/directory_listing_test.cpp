#include "millrace/files/directory_listing.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/faulty_file_system.hpp"
#include "support/scratch_directory.hpp"
#include "support/seed.hpp"

#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;

void make(file_system& files, const std::string& path) {
  REQUIRE(files.make_directories(path.substr(0, path.rfind('/'))));
  REQUIRE(files.write_file_atomic(path, std::vector<unsigned char>{'x'}));
}

strings paths(const directory_listing& listing) {
  strings out;
  for (const auto& file : listing.files)
    out.push_back(file.path);
  return out;
}

/// What a glob means, spelled out without care for speed; no classes and no escapes.
bool slow_match(std::string_view pattern, std::string_view name) {
  if (pattern.empty())
    return name.empty();
  if (pattern.front() == '*')
    return slow_match(pattern.substr(1), name) ||
           (!name.empty() && slow_match(pattern, name.substr(1)));
  return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
         slow_match(pattern.substr(1), name.substr(1));
}

TEST_CASE("wildcards") {
  CHECK(matches_glob("abc", "abc"));
  CHECK_FALSE(matches_glob("abc", "abcd"));
  CHECK_FALSE(matches_glob("abc", "ab"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*c", "ac"));
  CHECK(matches_glob("a*c", "abcbc"));
  CHECK(matches_glob("*.log*", "x.log.gz"));
  CHECK_FALSE(matches_glob("a?c", "ac"));
  CHECK(matches_glob("[a-c]x", "bx"));
  CHECK_FALSE(matches_glob("[a-c]x", "dx"));
  CHECK(matches_glob("[!a-c]x", "dx"));
  CHECK(matches_glob("[^a]", "b"));
  CHECK_FALSE(matches_glob("[^a]", "a"));
  CHECK(matches_glob("[]]", "]"));
  CHECK(matches_glob("[!]]", "x"));
  CHECK(matches_glob("[a-]", "-"));
  CHECK(matches_glob("[\\]a]", "]"));
  CHECK(matches_glob("2024-[01][0-9]*", "2024-05-01"));
  CHECK(matches_glob("[abc", "[abc"));
  CHECK_FALSE(matches_glob("[abc", "a"));
  CHECK(matches_glob("\\*", "*"));
  CHECK_FALSE(matches_glob("\\*", "a"));
  CHECK(matches_glob("a\\", "a\\"));
  CHECK(matches_glob("[\xc0-\xff]", "\xe4"));
}

TEST_CASE("hidden names are matched by a dot only") {
  CHECK_FALSE(matches_glob("*", ".a"));
  CHECK_FALSE(matches_glob("?a", ".a"));
  CHECK_FALSE(matches_glob("[.]a", ".a"));
  CHECK(matches_glob(".*", ".a"));
  CHECK(matches_glob("\\.a", ".a"));
  CHECK(matches_glob("a*", "a.b"));
}

TEST_CASE("matching agrees with what it means, and many stars cost little") {
  std::mt19937_64 random{test::seed()};
  const auto word = [&](std::string_view letters, std::size_t most) {
    std::string out;
    for (auto n = random() % (most + 1); n > 0; --n)
      out += letters[random() % letters.size()];
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto pattern = word("ab*?", 6);
    const auto name = word("ab", 8);
    CAPTURE(pattern);
    CAPTURE(name);
    REQUIRE(matches_glob(pattern, name) == slow_match(pattern, name));
  }
  std::string stars;
  for (int i = 0; i < 50; ++i)
    stars += "a*";
  CHECK_FALSE(matches_glob(stars + "b", std::string(5'000, 'a')));
}

TEST_CASE("the files of a directory, and not of those below it") {
  memory_file_system files;
  make(files, "/in/b");
  make(files, "/in/a");
  make(files, "/in/.hidden");
  make(files, "/in/_SUCCESS");
  make(files, "/in/_other");
  make(files, "/in/sub/c");
  const auto listing = list_files(files, {.directory = "/in/"}, default_file_filter);
  CHECK(paths(listing) == strings{"/in/_other", "/in/a", "/in/b"});
  CHECK(listing.files.back().size == 1);
  CHECK_FALSE(listing.problem);
  CHECK(listing.directories == strings{"/in"});
}

TEST_CASE("with recursion those below too, but no hidden ones") {
  memory_file_system files;
  for (const auto* path : {"/in/b", "/in/x/c", "/in/x/y/d", "/in/.tmp-out/part-00000"})
    make(files, path);
  CHECK(paths(list_files(files, {.directory = "/in", .recursive = true}, default_file_filter)) ==
        strings{"/in/b", "/in/x/c", "/in/x/y/d"});
}

TEST_CASE("a pattern stands for directories") {
  memory_file_system files;
  for (const auto* path : {"/data/2024-01/in/a", "/data/2024-02/in/b", "/data/2024-02/out/c",
                           "/data/2025-01/in/d", "/data/2024-03", "/data/.2024-04/in/e"})
    make(files, path);
  const auto all = [&](std::string pattern) {
    return paths(list_files(files, {.directory = std::move(pattern)}, default_file_filter));
  };
  CHECK(all("/data/2024-*/in") == strings{"/data/2024-01/in/a", "/data/2024-02/in/b"});
  CHECK(all("/data/*/*") == strings{"/data/2024-01/in/a", "/data/2024-02/in/b",
                                    "/data/2024-02/out/c", "/data/2025-01/in/d"});
  CHECK(all("/data/202[45]-01/in") == strings{"/data/2024-01/in/a", "/data/2025-01/in/d"});
  CHECK(all("data/2025*/in") == strings{"data/2025-01/in/d"});
  const auto missing = list_files(files, {.directory = "/data/3*/in"}, default_file_filter);
  CHECK(missing.files.empty());
  REQUIRE(missing.problem);
  CHECK(*missing.problem == error{errc::not_found, "no directory matches '/data/3*/in'"});
}

TEST_CASE("a directory that is missing, or is a file, or cannot be read, is said and unknown") {
  const auto memory = std::make_shared<memory_file_system>();
  test::faulty_file_system files{memory};
  make(files, "/in/a");
  make(files, "/in/sub/b");
  auto listing = list_files(files, {.directory = "/none"}, default_file_filter);
  REQUIRE(listing.problem);
  CHECK(listing.problem->code == errc::not_found);
  CHECK(listing.is_unknown("/none/x"));
  CHECK_FALSE(listing.is_unknown("/nonex"));
  listing = list_files(files, {.directory = "/in/a"}, default_file_filter);
  REQUIRE(listing.problem);
  CHECK(listing.problem->message == "cannot list '/in/a': Not a directory");

  files.fail_when([](std::string_view what, const std::string& path) {
    return what == "list" && path == "/in/sub";
  });
  listing = list_files(files, {.directory = "/in", .recursive = true}, default_file_filter);
  CHECK(paths(listing) == strings{"/in/a"});
  REQUIRE(listing.problem);
  CHECK(listing.is_unknown("/in/sub/b"));
  CHECK_FALSE(listing.is_unknown("/in/a"));

  files.fail_when([](std::string_view what, const std::string& path) {
    return what == "stat" && path == "/in/a";
  });
  listing = list_files(files, {.directory = "/in"}, default_file_filter);
  CHECK(listing.files.empty());
  CHECK(listing.is_unknown("/in/a"));
}

TEST_CASE("the number of directories is bounded") {
  memory_file_system files;
  for (char c = 'a'; c < 'k'; ++c)
    make(files, std::string{"/in/"} + c + "/f");
  const auto listing = list_files(
      files, {.directory = "/in", .recursive = true, .max_directories = 4}, default_file_filter);
  CHECK(listing.files.size() == 3);
  REQUIRE(listing.problem);
  CHECK(listing.problem->code == errc::limit_exceeded);
}

TEST_CASE("pipes are left out, links to directories are not followed down") {
  const test::scratch_directory place;
  const auto root = place.name();
  posix_file_system files;
  make(files, root + "/in/a");
  REQUIRE(::mkfifo((root + "/in/pipe").c_str(), 0600) == 0);
  REQUIRE(::symlink(".", (root + "/in/self").c_str()) == 0);
  REQUIRE(::symlink("a", (root + "/in/also_a").c_str()) == 0);
  REQUIRE(::symlink("none", (root + "/in/dangling").c_str()) == 0);
  REQUIRE(::symlink("in", (root + "/to_in").c_str()) == 0);
  const auto listing =
      list_files(files, {.directory = root + "/in", .recursive = true}, default_file_filter);
  CHECK(paths(listing) == strings{root + "/in/a", root + "/in/also_a"});
  CHECK_FALSE(listing.problem);
  CHECK(list_files(files, {.directory = root + "/to_i?"}, default_file_filter).files.size() == 2);
}

} // namespace
