#include "millrace/persist/storage_level.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace {

namespace {

namespace levels = storage_levels;

constexpr std::array<std::pair<std::string_view, storage_level>, 13> named{{
    {"NONE", levels::none},
    {"DISK_ONLY", levels::disk_only},
    {"DISK_ONLY_2", levels::disk_only_2},
    {"DISK_ONLY_3", levels::disk_only_3},
    {"MEMORY_ONLY", levels::memory_only},
    {"MEMORY_ONLY_2", levels::memory_only_2},
    {"MEMORY_ONLY_SER", levels::memory_only_ser},
    {"MEMORY_ONLY_SER_2", levels::memory_only_ser_2},
    {"MEMORY_AND_DISK", levels::memory_and_disk},
    {"MEMORY_AND_DISK_2", levels::memory_and_disk_2},
    {"MEMORY_AND_DISK_SER", levels::memory_and_disk_ser},
    {"MEMORY_AND_DISK_SER_2", levels::memory_and_disk_ser_2},
    {"OFF_HEAP", levels::off_heap},
}};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

result<void> validate(const storage_level& level) {
  constexpr int most_replicas = 39;
  if (level.replication < 1 || level.replication > most_replicas)
    return fail(errc::invalid_argument,
                "a storage level has replication " + std::to_string(level.replication) +
                    ": it must be from 1 to " + std::to_string(most_replicas));
  if (level.use_off_heap && level.deserialized)
    return fail(errc::invalid_argument,
                "Off-heap storage level does not support deserialized storage");
  return {};
}

std::string to_string(const storage_level& level) {
  for (const auto& [name, value] : named)
    if (value == level)
      return std::string{name};
  std::string flags;
  for (const auto& [set, name] :
       {std::pair{level.use_disk, "disk, "}, std::pair{level.use_memory, "memory, "},
        std::pair{level.use_off_heap, "offheap, "},
        std::pair{level.deserialized, "deserialized, "}})
    flags += set ? name : "";
  return "StorageLevel(" + flags + std::to_string(level.replication) + " replicas)";
}

result<storage_level> parse_storage_level(std::string_view name) {
  std::string names;
  for (const auto& [known, level] : named) {
    if (std::ranges::equal(known, name, {}, {}, upper))
      return level;
    names.append(names.empty() ? "" : ", ").append(known);
  }
  return fail(errc::invalid_argument,
              "Invalid StorageLevel: " + std::string{name} + "; it must be one of " + names);
}

} // namespace millrace
