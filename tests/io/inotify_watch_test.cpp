#include "millrace/io/inotify_watch.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

const std::vector<unsigned char> text{'x', '\n'};

struct scratch {
  scratch() {
    REQUIRE(files.make_directories(root + "a"));
    REQUIRE(files.make_directories(root + "b"));
    watch.cover({root + "a"});
  }

  posix_file_system files;
  test::scratch_directory place;
  std::string root = place.name() + "/";
  inotify_watch watch;
};

TEST_CASE_FIXTURE(scratch, "a directory is news when it is covered, and then when it changes") {
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  REQUIRE(files.write_file_atomic(root + "a/f", text));
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  REQUIRE(files.open_append(root + "a/f").value()->append(text));
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  REQUIRE(files.write_file_atomic(root + "b/f", text));
  CHECK_FALSE(watch.changed());
  REQUIRE(files.rename(root + "b/f", root + "a/g"));
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
}

TEST_CASE_FIXTURE(scratch, "covering the same again is no news, covering more is") {
  CHECK(watch.changed());
  watch.cover({root + "a"});
  CHECK_FALSE(watch.changed());
  watch.cover({root + "a", root + "b"});
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
  REQUIRE(files.write_file_atomic(root + "b/f", text));
  CHECK(watch.changed());
  watch.cover({root + "b"});
  CHECK(watch.changed()); // the end of the watch is an event itself
  REQUIRE(files.write_file_atomic(root + "a/f", text));
  CHECK_FALSE(watch.changed());
}

TEST_CASE_FIXTURE(scratch, "what cannot be watched counts as changed") {
  watch.cover({root + "a", root + "none"});
  CHECK(watch.changed());
  CHECK(watch.changed());
  watch.cover({root + "a"});
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
}

TEST_CASE_FIXTURE(scratch, "a directory that is replaced is watched anew") {
  CHECK(watch.changed());
  REQUIRE(files.rename(root + "a", root + "old"));
  CHECK(watch.changed());
  REQUIRE(files.make_directories(root + "a"));
  watch.cover({root + "a"});
  CHECK(watch.changed());
  (void)watch.changed();
  REQUIRE(files.write_file_atomic(root + "a/f", text));
  CHECK(watch.changed());
}

TEST_CASE("the plain watch always says yes") {
  directory_watch watch;
  watch.cover({"anything"});
  CHECK(watch.changed());
  CHECK(watch.changed());
}

} // namespace
