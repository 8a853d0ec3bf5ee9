#include "millrace/persist/storage_level.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;
namespace levels = storage_levels;

TEST_CASE("the flags are Spark's, and names come back") {
  struct expected {
    std::string name;
    storage_level level;
    bool disk, memory, off_heap, deserialized;
    int replication;
  };
  const std::vector<expected> all{
      {"NONE", levels::none, false, false, false, false, 1},
      {"DISK_ONLY", levels::disk_only, true, false, false, false, 1},
      {"DISK_ONLY_2", levels::disk_only_2, true, false, false, false, 2},
      {"DISK_ONLY_3", levels::disk_only_3, true, false, false, false, 3},
      {"MEMORY_ONLY", levels::memory_only, false, true, false, true, 1},
      {"MEMORY_ONLY_2", levels::memory_only_2, false, true, false, true, 2},
      {"MEMORY_ONLY_SER", levels::memory_only_ser, false, true, false, false, 1},
      {"MEMORY_ONLY_SER_2", levels::memory_only_ser_2, false, true, false, false, 2},
      {"MEMORY_AND_DISK", levels::memory_and_disk, true, true, false, true, 1},
      {"MEMORY_AND_DISK_2", levels::memory_and_disk_2, true, true, false, true, 2},
      {"MEMORY_AND_DISK_SER", levels::memory_and_disk_ser, true, true, false, false, 1},
      {"MEMORY_AND_DISK_SER_2", levels::memory_and_disk_ser_2, true, true, false, false, 2},
      {"OFF_HEAP", levels::off_heap, true, true, true, false, 1}};
  for (const auto& e : all) {
    CAPTURE(e.name);
    CHECK(e.level.use_disk == e.disk);
    CHECK(e.level.use_memory == e.memory);
    CHECK(e.level.use_off_heap == e.off_heap);
    CHECK(e.level.deserialized == e.deserialized);
    CHECK(e.level.replication == e.replication);
    CHECK(to_string(e.level) == e.name);
    CHECK(parse_storage_level(e.name) == e.level);
    CHECK(validate(e.level));
    CHECK(e.level.is_kept() == (e.name != "NONE"));
    CHECK(e.level.needs_codec() == (e.disk || (e.memory && !e.deserialized)));
  }
  CHECK(parse_storage_level("memory_and_disk") == levels::memory_and_disk);
}

TEST_CASE("other combinations print their flags") {
  CHECK(to_string({true, true, false, true, 3}) ==
        "StorageLevel(disk, memory, deserialized, 3 replicas)");
  CHECK(to_string({false, true, true, false, 1}) == "StorageLevel(memory, offheap, 1 replicas)");
}

TEST_CASE("what makes no sense is refused in words") {
  CHECK(parse_storage_level("MEMORY").error().message.starts_with(
      "Invalid StorageLevel: MEMORY; it must be one of NONE, DISK_ONLY, "));
  CHECK(validate({false, true, false, true, 0}).error().message ==
        "a storage level has replication 0: it must be from 1 to 39");
  CHECK_FALSE(validate({false, true, false, true, 40}));
  CHECK(validate({false, true, true, true, 1}).error().message ==
        "Off-heap storage level does not support deserialized storage");
}

} // namespace
