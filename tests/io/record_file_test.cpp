#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/record_file.hpp"
#include "support/faulty_file_system.hpp"

#include <string>
#include <vector>
#include <xxhash.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using byte_vector = std::vector<unsigned char>;

byte_vector bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

struct content {
  std::string label;
  std::vector<std::pair<std::uint32_t, byte_vector>> blocks;

  friend bool operator==(const content&, const content&) = default;
};

const content sample{"label",
                     {{3, bytes_of("three")}, {0, {}}, {1, byte_vector(70, 'x')}, {2, {1, 2}}}};

void write(file_system& files, const std::string& path, const content& what) {
  auto writer = record_file_writer::create(files, path, what.label).value();
  for (const auto& [records, data] : what.blocks) {
    const auto half = data.size() / 2;
    REQUIRE(writer.add(records, {std::span{data}.first(half), std::span{data}.subspan(half)}));
  }
  REQUIRE(writer.finish());
}

result<content> read(const file_system& files, const std::string& path,
                     std::size_t max_block_bytes = 1'000) {
  auto reader = record_file_reader::open(files, path, max_block_bytes);
  if (!reader)
    return tl::make_unexpected(reader.error());
  content seen{reader->label(), {}};
  for (;;) {
    auto block = reader->next();
    if (!block)
      return tl::make_unexpected(block.error());
    if (!*block)
      return seen;
    seen.blocks.emplace_back((*block)->records, (*block)->content);
  }
}

TEST_CASE("what is written is read back, with its totals") {
  memory_file_system files;
  write(files, "f", sample);
  CHECK((read(files, "f") == sample));
  auto reader = record_file_reader::open(files, "f").value();
  while (*reader.next()) {
  }
  CHECK(reader.totals() == record_file_totals{4, 6, 77});

  write(files, "f", content{"", {}});
  CHECK((read(files, "f") == content{"", {}}));
}

TEST_CASE("every changed byte is an error that names the file and an offset") {
  memory_file_system files;
  write(files, "f", sample);
  const auto good = files.read_file("f").value();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      CAPTURE(i);
      auto bad = good;
      bad[i] = static_cast<unsigned char>(bad[i] ^ change);
      REQUIRE(files.write_file_atomic("f", bad));
      const auto seen = read(files, "f");
      REQUIRE_FALSE(seen);
      CHECK(seen.error().code == errc::corrupt_data);
      CHECK(seen.error().message.starts_with("'f' is damaged at offset "));
    }
}

TEST_CASE("a file cut off anywhere, or with more behind it, is an error") {
  memory_file_system files;
  write(files, "f", sample);
  const auto good = files.read_file("f").value();
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    REQUIRE(files.write_file_atomic("f", std::span{good}.first(n)));
    const auto seen = read(files, "f");
    REQUIRE_FALSE(seen);
    CHECK(seen.error().code == errc::corrupt_data);
    CHECK(seen.error().message.find("'f'") != std::string::npos);
  }
  auto more = good;
  more.push_back(0);
  REQUIRE(files.write_file_atomic("f", more));
  CHECK(read(files, "f").error().message == "'f' is damaged at offset " +
                                                std::to_string(good.size()) +
                                                ": something follows its trailer");
}

TEST_CASE("blocks that changed places, or were left out, are seen") {
  memory_file_system files;
  const content two{"", {{1, bytes_of("aaaa")}, {1, bytes_of("bbbb")}}};
  write(files, "f", two);
  const auto good = files.read_file("f").value();
  const std::size_t header = 24;
  const std::size_t block = 12 + 4 + 8;
  auto swapped = good;
  std::swap_ranges(swapped.begin() + header, swapped.begin() + header + block,
                   swapped.begin() + header + block);
  REQUIRE(files.write_file_atomic("f", swapped));
  CHECK_FALSE(read(files, "f"));
  auto shorter = good;
  shorter.erase(shorter.begin() + header + block, shorter.begin() + header + 2 * block);
  REQUIRE(files.write_file_atomic("f", shorter));
  CHECK(read(files, "f").error().message.find("tells of 2 blocks with 2 records, but 1 with 1") !=
        std::string::npos);
}

TEST_CASE("a later version and other files are refused in words") {
  memory_file_system files;
  REQUIRE(files.write_file_atomic("f", byte_vector(100, 'x')));
  CHECK(read(files, "f").error().message ==
        "'f' is damaged at offset 0: it does not begin as a record file of Millrace does");
  CHECK(read(files, "none").error().code == errc::not_found);
  write(files, "f", content{"", {}});
  auto later = files.read_file("f").value();
  later[8] = 2;
  const auto sum = XXH3_64bits_withSeed(later.data(), 16, 0);
  for (std::size_t i = 0; i < 8; ++i)
    later[16 + i] = static_cast<unsigned char>(sum >> (8 * i));
  REQUIRE(files.write_file_atomic("f", later));
  CHECK(read(files, "f").error() ==
        error{errc::unsupported, "'f' is a record file of version 2; this build reads version 1"});
}

TEST_CASE("bounds of blocks and labels") {
  memory_file_system files;
  write(files, "f", sample);
  CHECK((read(files, "f", 70) == sample));
  CHECK(read(files, "f", 69).error().message.find("has 70 bytes; at most 69") != std::string::npos);
  const std::string label(record_file_writer::max_label_bytes, 'l');
  write(files, "f", content{label, {}});
  CHECK((read(files, "f") == content{label, {}}));
  CHECK(record_file_writer::create(files, "f", label + "l").error().code == errc::too_large);
}

TEST_CASE("a failed write is told, and the next attempt begins anew") {
  const auto memory = std::make_shared<memory_file_system>();
  test::faulty_file_system files{memory};
  for (std::uint64_t n = 1; n < 100; ++n) {
    CAPTURE(n);
    files.fail_changes_from(n);
    const auto written = [&]() -> result<void> {
      auto writer = record_file_writer::create(files, "f", "label");
      if (!writer)
        return tl::make_unexpected(writer.error());
      for (int i = 0; i < 3; ++i)
        if (auto added = writer->add(1, {bytes_of("record")}); !added)
          return added;
      return writer->finish();
    }();
    if (written) {
      CHECK(n == 1 + 1 + 1 + 3 + 1 + 1);
      break;
    }
    CHECK(written.error().message.ends_with("'f': No space left on device"));
    files.heal();
    write(files, "f", sample);
    CHECK((read(files, "f") == sample));
  }
}

} // namespace
