// What every file system must do: each case runs on the machine's and on the one in memory.
#include "millrace/io/file_system.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using byte_vector = std::vector<unsigned char>;

byte_vector bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// A file system and an empty directory on it.
struct posix_place {
  posix_file_system files;
  test::scratch_directory place;
  std::string root = place.name() + "/";
};

struct memory_place {
  memory_place() { REQUIRE(files.make_directories("/var/data")); }

  memory_file_system files;
  std::string root = "/var/data/";
};

template <class T>
errc code_of(const result<T>& r) {
  return r ? errc::ok : r.error().code;
}

TEST_CASE_TEMPLATE("a file written is read back, and replaced as a whole", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "a";
  REQUIRE(fs.write_file_atomic(path, bytes_of("hello, long content")));
  CHECK(fs.read_file(path) == bytes_of("hello, long content"));
  REQUIRE(fs.write_file_atomic(path, bytes_of("short")));
  CHECK(fs.read_file(path) == bytes_of("short"));
  REQUIRE(fs.write_file_atomic(path, {}));
  CHECK(fs.read_file(path) == byte_vector{});
  byte_vector big(3'000'000);
  for (std::size_t i = 0; i < big.size(); ++i)
    big[i] = static_cast<unsigned char>(i * 31 / 7);
  REQUIRE(fs.write_file_atomic(path, big));
  CHECK((fs.read_file(path) == big));
  REQUIRE(fs.list(place.root));
  CHECK(fs.list(place.root)->size() == 1);
}

TEST_CASE_TEMPLATE("a file larger than allowed is not read", Place, posix_place, memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "a";
  REQUIRE(fs.write_file_atomic(path, byte_vector(1'000)));
  CHECK(fs.read_file(path, 1'000));
  const auto refused = fs.read_file(path, 999);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_large);
  CHECK(refused.error().message.find(path) != std::string::npos);
}

TEST_CASE_TEMPLATE("appending, size, truncating, and opening again", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "log";
  {
    auto file = fs.open_append(path).value();
    CHECK(file->size() == 0U);
    REQUIRE(file->append(bytes_of("one,")));
    REQUIRE(file->append({}));
    REQUIRE(file->append(bytes_of("two,")));
    REQUIRE(file->sync());
    CHECK(file->size() == 8U);
    CHECK(fs.read_file(path) == bytes_of("one,two,"));
    REQUIRE(file->truncate(4));
    REQUIRE(file->append(bytes_of("three")));
    const auto longer = file->truncate(10);
    REQUIRE_FALSE(longer);
    CHECK(longer.error().code == errc::invalid_argument);
    CHECK(longer.error().message.find(path) != std::string::npos);
  }
  auto again = fs.open_append(path).value();
  CHECK(again->size() == 9U);
  REQUIRE(again->append(bytes_of("!")));
  CHECK(fs.read_file(path) == bytes_of("one,three!"));
}

TEST_CASE_TEMPLATE("a lock has one holder, until it is let go", Place, posix_place, memory_place) {
  Place at;
  const std::string path = at.root + "lock";
  CHECK(code_of(at.files.try_lock(at.root + "none/lock")) == errc::not_found);
  auto held = at.files.try_lock(path);
  REQUIRE(held);
  CHECK(at.files.stat(path)->size == 0);
  const auto refused = at.files.try_lock(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().message == "cannot lock '" + path + "': another holds its lock");
  REQUIRE(at.files.try_lock(at.root + "another"));
  held->reset();
  auto again = at.files.try_lock(path);
  REQUIRE(again);
  REQUIRE(at.files.remove(path));
  CHECK(at.files.try_lock(path)); // of another file of this name
}

TEST_CASE_TEMPLATE("an open file lives on under a new name, and without one", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  auto file = fs.open_append(place.root + "a").value();
  REQUIRE(file->append(bytes_of("1")));
  REQUIRE(fs.rename(place.root + "a", place.root + "b"));
  REQUIRE(file->append(bytes_of("2")));
  CHECK(fs.read_file(place.root + "b") == bytes_of("12"));
  REQUIRE(fs.remove(place.root + "b"));
  REQUIRE(file->append(bytes_of("3")));
  CHECK(file->size() == 3U);
  CHECK(code_of(fs.stat(place.root + "b")) == errc::not_found);
  REQUIRE(fs.write_file_atomic(place.root + "b", bytes_of("new")));
  REQUIRE(file->append(bytes_of("4")));
  CHECK(fs.read_file(place.root + "b") == bytes_of("new"));
}

TEST_CASE_TEMPLATE("a file is read in parts, to the end that it has then", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "a";
  REQUIRE(fs.write_file_atomic(path, bytes_of("0123456789")));
  auto file = fs.open_read(path).value();
  CHECK(file->size() == 10U);
  byte_vector part(4);
  CHECK(file->read(part) == 4U);
  CHECK(part == bytes_of("0123"));
  CHECK(file->read({}) == 0U);
  part.resize(100);
  CHECK(file->read(part) == 6U);
  CHECK(std::string(part.begin(), part.begin() + 6) == "456789");
  CHECK(file->read(part) == 0U);

  REQUIRE(fs.open_append(path).value()->append(bytes_of("more")));
  CHECK(file->size() == 14U);
  CHECK(file->read(part) == 4U);
  REQUIRE(fs.open_append(path).value()->truncate(3));
  CHECK(file->size() == 3U);
  CHECK(file->read(part) == 0U);
}

TEST_CASE_TEMPLATE("an open file is read on when its name is given away", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "a";
  REQUIRE(fs.write_file_atomic(path, bytes_of("old")));
  auto file = fs.open_read(path).value();
  REQUIRE(fs.write_file_atomic(path, bytes_of("new one")));
  byte_vector part(10);
  CHECK(file->read(part) == 3U);
  CHECK(file->size() == 3U);
  REQUIRE(fs.remove(path));
  CHECK(file->read(part) == 0U);
}

TEST_CASE_TEMPLATE("two names are exchanged, with all that is below them", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto& root = place.root;
  REQUIRE(fs.make_directories(root + "a/x"));
  REQUIRE(fs.write_file_atomic(root + "a/x/1", bytes_of("from a")));
  REQUIRE(fs.make_directories(root + "b"));
  REQUIRE(fs.write_file_atomic(root + "b/2", bytes_of("from b")));
  REQUIRE(fs.write_file_atomic(root + "c", bytes_of("from c")));
  auto exchanged = fs.exchange(root + "a", root + "b");
  if (code_of(exchanged) == errc::unsupported)
    return; // the disk under the directory for temporary files cannot do it
  REQUIRE(exchanged);
  CHECK(fs.read_file(root + "b/x/1") == bytes_of("from a"));
  CHECK(fs.list(root + "a") == std::vector<directory_entry>{{"2", false}});
  REQUIRE(fs.exchange(root + "a", root + "c"));
  CHECK(fs.read_file(root + "a") == bytes_of("from c"));
  CHECK(fs.read_file(root + "c/2") == bytes_of("from b"));
  REQUIRE(fs.exchange(root + "a", root + "a"));
  CHECK(fs.read_file(root + "a") == bytes_of("from c"));

  CHECK(code_of(fs.exchange(root + "a", root + "none")) == errc::not_found);
  CHECK(code_of(fs.exchange(root + "none", root + "a")) == errc::not_found);
  CHECK(code_of(fs.exchange(root + "b", root + "b/x")) == errc::unsupported);
  CHECK(fs.read_file(root + "b/x/1") == bytes_of("from a"));
  CHECK(fs.list(root)->size() == 3);
}

TEST_CASE_TEMPLATE("directories are made deep, listed by name and removed when empty", Place,
                   posix_place, memory_place) {
  Place place;
  file_system& fs = place.files;
  REQUIRE(fs.make_directories(place.root + "x/y/z"));
  REQUIRE(fs.make_directories(place.root + "x/y/z"));
  REQUIRE(fs.make_directories(place.root + "x//w/"));
  REQUIRE(fs.write_file_atomic(place.root + "x/v", bytes_of("1")));
  REQUIRE(fs.write_file_atomic(place.root + "x/a", bytes_of("1")));
  REQUIRE(fs.write_file_atomic(place.root + "xx", bytes_of("1")));
  CHECK(fs.list(place.root + "x") ==
        std::vector<directory_entry>{{"a", false}, {"v", false}, {"w", true}, {"y", true}});
  CHECK(fs.list(place.root + "x/w")->empty());
  CHECK(code_of(fs.remove(place.root + "x/y")) == errc::illegal_state);
  REQUIRE(fs.remove(place.root + "x/y/z"));
  REQUIRE(fs.remove(place.root + "x/y"));
  CHECK(code_of(fs.stat(place.root + "x/y")) == errc::not_found);
  CHECK(fs.sync_directory(place.root + "x"));
}

TEST_CASE_TEMPLATE("stat tells files from directories", Place, posix_place, memory_place) {
  Place place;
  file_system& fs = place.files;
  REQUIRE(fs.write_file_atomic(place.root + "a", bytes_of("12345")));
  CHECK_FALSE(fs.stat(place.root + "a")->is_directory);
  CHECK(fs.stat(place.root + "a")->size == 5);
  CHECK(fs.stat(place.root + "a")->is_regular);
  CHECK(fs.stat(place.root)->is_directory);
  CHECK_FALSE(fs.stat(place.root)->is_regular);
  CHECK(fs.stat(place.root)->size == 0);
}

TEST_CASE_TEMPLATE("renaming replaces a file and moves a whole directory", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto& root = place.root;
  REQUIRE(fs.write_file_atomic(root + "a", bytes_of("a")));
  REQUIRE(fs.write_file_atomic(root + "b", bytes_of("b")));
  REQUIRE(fs.rename(root + "a", root + "b"));
  CHECK(fs.read_file(root + "b") == bytes_of("a"));
  CHECK(code_of(fs.read_file(root + "a")) == errc::not_found);
  REQUIRE(fs.rename(root + "b", root + "b"));
  CHECK(fs.read_file(root + "b") == bytes_of("a"));

  REQUIRE(fs.make_directories(root + "d/e"));
  REQUIRE(fs.write_file_atomic(root + "d/e/f", bytes_of("f")));
  REQUIRE(fs.make_directories(root + "empty"));
  REQUIRE(fs.rename(root + "d", root + "empty"));
  CHECK(fs.read_file(root + "empty/e/f") == bytes_of("f"));
  CHECK(code_of(fs.stat(root + "d")) == errc::not_found);

  REQUIRE(fs.make_directories(root + "full/x"));
  CHECK(code_of(fs.rename(root + "empty", root + "full")) == errc::illegal_state);
  CHECK(code_of(fs.rename(root + "b", root + "full")) == errc::invalid_argument);
  CHECK(code_of(fs.rename(root + "full", root + "b")) == errc::invalid_argument);
  CHECK(code_of(fs.rename(root + "full", root + "full/x/y")) == errc::invalid_argument);
  CHECK(code_of(fs.rename(root + "none", root + "c")) == errc::not_found);
  CHECK(code_of(fs.rename(root + "b", root + "none/c")) == errc::not_found);
  CHECK(fs.read_file(root + "b") == bytes_of("a"));
}

TEST_CASE_TEMPLATE("every error has its code and names the path", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto& root = place.root;
  REQUIRE(fs.write_file_atomic(root + "file", bytes_of("x")));
  const auto refused = [](const auto& answer, errc code, const std::string& path) {
    CAPTURE(path);
    REQUIRE_FALSE(answer);
    CAPTURE(answer.error().message);
    CHECK(answer.error().code == code);
    CHECK(answer.error().message.find("'" + path + "'") != std::string::npos);
    CHECK(answer.error().message.find(code == errc::not_found ? "No such file or directory"
                                                              : "irectory") != std::string::npos);
  };
  const auto none = root + "none";
  refused(fs.read_file(none), errc::not_found, none);
  refused(fs.open_read(none), errc::not_found, none);
  refused(fs.list(none), errc::not_found, none);
  refused(fs.stat(none), errc::not_found, none);
  refused(fs.remove(none), errc::not_found, none);
  refused(fs.sync_directory(none), errc::not_found, none);
  refused(fs.open_append(none + "/a"), errc::not_found, none + "/a");
  refused(fs.write_file_atomic(none + "/a", {}), errc::not_found, none + "/a");

  const auto below = root + "file/a";
  refused(fs.read_file(below), errc::invalid_argument, below);
  refused(fs.stat(below), errc::invalid_argument, below);
  refused(fs.remove(below), errc::invalid_argument, below);
  refused(fs.open_read(below), errc::invalid_argument, below);
  refused(fs.open_append(below), errc::invalid_argument, below);
  refused(fs.write_file_atomic(below, {}), errc::invalid_argument, below);
  refused(fs.make_directories(below), errc::invalid_argument, below);
  refused(fs.make_directories(root + "file"), errc::invalid_argument, root + "file");
  refused(fs.list(root + "file"), errc::invalid_argument, root + "file");
  refused(fs.sync_directory(root + "file"), errc::invalid_argument, root + "file");

  REQUIRE(fs.make_directories(root + "dir"));
  refused(fs.read_file(root + "dir"), errc::invalid_argument, root + "dir");
  refused(fs.open_read(root + "dir"), errc::invalid_argument, root + "dir");
  refused(fs.open_append(root + "dir"), errc::invalid_argument, root + "dir");
  refused(fs.write_file_atomic(root + "dir", {}), errc::invalid_argument, root + "dir");
  CHECK(fs.list(root)->size() == 2);
}

TEST_CASE_TEMPLATE("several threads replace one file and no reader sees a part", Place, posix_place,
                   memory_place) {
  Place place;
  file_system& fs = place.files;
  const auto path = place.root + "a";
  REQUIRE(fs.write_file_atomic(path, byte_vector(10'000, 'a')));
  int torn = 0;
  {
    std::vector<std::jthread> writers;
    for (const unsigned char letter : {'b', 'c'})
      writers.emplace_back([&fs, &path, letter] {
        for (int i = 0; i < 50; ++i)
          (void)fs.write_file_atomic(path, byte_vector(10'000U + letter, letter));
      });
    for (int i = 0; i < 200; ++i) {
      const auto seen = fs.read_file(path).value();
      const bool whole = seen == byte_vector(seen.size(), seen.front()) &&
                         (seen.size() == 10'000 || seen.size() == 10'000U + seen.front());
      torn += whole ? 0 : 1;
    }
  }
  CHECK(torn == 0);
  CHECK(fs.list(place.root)->size() == 1);
}

TEST_CASE_TEMPLATE("several files are appended to at once", Place, posix_place, memory_place) {
  Place place;
  file_system& fs = place.files;
  {
    std::vector<std::jthread> writers;
    for (const auto* name : {"a", "b", "c"})
      writers.emplace_back([&fs, path = place.root + name, name] {
        const auto file = fs.open_append(path).value();
        for (int i = 0; i < 500; ++i)
          (void)file->append(bytes_of(name));
      });
  }
  for (const auto* name : {"a", "b", "c"})
    CHECK((fs.read_file(place.root + name) == byte_vector(500, static_cast<unsigned char>(*name))));
}

} // namespace
