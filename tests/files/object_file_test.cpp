#include "millrace/files/object_file.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/faulty_file_system.hpp"
#include "support/places.hpp"
#include "support/seed.hpp"

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace app {

struct point {
  int x = 0;
  int y = 0;

  friend bool operator==(const point&, const point&) = default;
};

} // namespace app

template <>
struct millrace::codec<app::point> {
  static void encode(encoder& out, const app::point& p) {
    if (p.x < 0)
      throw stream_error{errc::too_large, "this point is to the left of everything"};
    codec<std::pair<int, int>>::encode(out, {p.x, p.y});
  }

  static result<app::point> decode(decoder& in) {
    return codec<std::pair<int, int>>::decode(in).map([](const std::pair<int, int>& p) {
      return app::point{p.first, p.second};
    });
  }
};

namespace {

using namespace millrace;

template <class T>
result<void> try_write(file_system& files, const std::string& path, const std::vector<T>& records,
                       object_file_options options = {}) {
  auto writer = object_file_writer<T>::create(files, path, options);
  if (!writer)
    return tl::make_unexpected(writer.error());
  if (auto added = writer->add(records); !added)
    return added;
  return writer->finish();
}

template <class T>
void write(file_system& files, const std::string& path, const std::vector<T>& records,
           object_file_options options = {}) {
  REQUIRE(try_write(files, path, records, options));
}

template <class T>
result<std::vector<T>> read(const file_system& files, const std::string& path,
                            object_file_options options = {}) {
  const auto blocks = read_object_file<T>(files, path, options);
  if (!blocks)
    return tl::make_unexpected(blocks.error());
  std::vector<T> out;
  for (const auto& b : *blocks)
    for (const auto& item : dynamic_cast<const typed_block<T>&>(*b).items())
      out.push_back(item);
  return out;
}

using word_count = std::pair<std::string, std::int64_t>;

TEST_CASE_TEMPLATE("records of every kind come back", T, std::int64_t, std::string, word_count) {
  std::mt19937_64 random{test::seed()};
  memory_file_system files;
  std::vector<T> records;
  for (int i = 0; i < 5'000; ++i) {
    if constexpr (std::is_same_v<T, std::int64_t>)
      records.push_back(static_cast<std::int64_t>(random()));
    else if constexpr (std::is_same_v<T, std::string>)
      records.push_back(std::string(random() % 20, 'a'));
    else
      records.emplace_back("w" + std::to_string(random() % 100), random() % 10);
  }
  for (const std::size_t block_bytes : {1, 1'000, 1'000'000}) {
    CAPTURE(block_bytes);
    write(files, "f", records, {.block_bytes = block_bytes});
    CHECK((read<T>(files, "f") == records));
  }
  write(files, "f", std::vector<T>{});
  CHECK(read<T>(files, "f") == std::vector<T>{});
}

TEST_CASE("blocks have about the size asked for") {
  memory_file_system files;
  write(files, "f", std::vector<std::string>(1'000, std::string(98, 'x')), {.block_bytes = 10'000});
  const auto blocks = read_object_file<std::string>(files, "f").value();
  CHECK(blocks.size() == 10);
  for (const auto& b : blocks)
    CHECK(b->records() == 100);
}

TEST_CASE("views are written, and text is read into text blocks") {
  memory_file_system files;
  write<std::string_view>(files, "f", {"one", "", "three"});
  CHECK(read<std::string>(files, "f") == std::vector<std::string>{"one", "", "three"});
  const auto blocks = read_object_file<std::string_view>(files, "f").value();
  REQUIRE(blocks.size() == 1);
  const auto& text = dynamic_cast<const text_block&>(*blocks.front());
  CHECK(text.records() == 3);
  CHECK(text.record(2) == "three");
}

TEST_CASE("records of another type are refused, with both names") {
  memory_file_system files;
  write<word_count>(files, "f", {{"a", 1}});
  const auto seen = read<std::int64_t>(files, "f");
  REQUIRE_FALSE(seen);
  CHECK(
      seen.error() ==
      error{errc::invalid_argument,
            "'f' holds records of type '(text,i64)', but they are to be read as 'i64'; if that is "
            "one type under two names, specialise millrace::type_name"});
  auto other = record_file_writer::create(files, "g", "a checkpoint").value();
  REQUIRE(other.finish());
  CHECK(read<std::int64_t>(files, "g").error().message ==
        "'g' holds 'a checkpoint', not the records of an object file");
}

TEST_CASE("own types, and one that its codec refuses") {
  memory_file_system files;
  write<app::point>(files, "f", {{1, 2}, {3, 4}});
  CHECK(read<app::point>(files, "f") == std::vector<app::point>{{1, 2}, {3, 4}});
  const auto refused = try_write<app::point>(files, "f", {{1, 2}, {-1, 0}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error{errc::too_large, "cannot write record 1 to 'f': this point is to "
                                                  "the left of everything"});
  CHECK_FALSE(read<app::point>(files, "f"));
}

TEST_CASE("content that is whole but not what the decoder takes names file and offset") {
  memory_file_system files;
  const auto write_raw = [&](std::uint32_t records, const bytes& content) {
    auto file = record_file_writer::create(files, "f", "records msgpack i64").value();
    REQUIRE(file.add(records, {content}));
    REQUIRE(file.finish());
    return read<std::int64_t>(files, "f").error();
  };
  const std::vector<std::int64_t> two{1, 2};
  auto e = write_raw(3, encode_records<std::int64_t>(two));
  CHECK(e == error{errc::corrupt_data,
                   "'f': the block at offset 55 says that it has 3 records, but has 2"});
  e = write_raw(1, {0xc1});
  CHECK(e.code == errc::corrupt_data);
  CHECK(e.message.find("'f', in the block at offset 55: ") == 0);
}

TEST_CASE("every changed byte is an error, or the same records") {
  memory_file_system files;
  const std::vector<word_count> records{{"one", 1}, {"two", 2}, {"a longer one", -3}};
  write(files, "f", records, {.block_bytes = 8});
  const auto good = files.read_file("f").value();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (unsigned change = 1; change < 256; change = change * 2 + 1) {
      CAPTURE(i);
      auto bad = good;
      bad[i] = static_cast<unsigned char>(bad[i] ^ change);
      REQUIRE(files.write_file_atomic("f", bad));
      const auto seen = read<word_count>(files, "f");
      if (seen)
        CHECK((*seen == records));
      else
        CHECK(seen.error().message.find("'f' is damaged at offset ") == 0);
    }
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    REQUIRE(files.write_file_atomic("f", std::span{good}.first(n)));
    CHECK_FALSE(read<word_count>(files, "f"));
  }
}

TEST_CASE("a failure of the disk names the file, and writing can be tried again") {
  const auto memory = std::make_shared<memory_file_system>();
  test::faulty_file_system files{memory};
  const std::vector<std::int64_t> records(1'000, 1'000'000);
  for (std::uint64_t n = 1;; ++n) {
    CAPTURE(n);
    files.fail_changes_from(n);
    const auto written = try_write(files, "f", records, {.block_bytes = 1'000});
    files.heal();
    if (written)
      break;
    CHECK(written.error().message.find("'f': No space left on device") != std::string::npos);
    REQUIRE(n < 20);
  }
  write(files, "f", records);
  CHECK((read<std::int64_t>(files, "f") == records));
}

using everything = std::tuple<bool, std::int64_t, std::uint64_t, double, float, std::string,
                              std::optional<std::string>, std::vector<std::int64_t>,
                              std::map<std::string, double>>;

std::vector<everything> golden_records() {
  return {{true, 0, 0, 0.5, 1.5F, "", std::nullopt, {}, {}},
          {false, INT64_MIN, UINT64_MAX, -1e300, -0.0F, "one\ntwo", "three", {1, -1}, {{"a", 0.1}}},
          {true, INT64_MAX, 1'000, INFINITY, 3.0F, std::string(300, 'x'), "", {300}, {{"", -1.0}}}};
}

TEST_CASE("files of version 1 are read for ever") {
  const posix_file_system disk;
  const std::string folder = test::data_directory() + "/object_file/";
  CHECK((read<everything>(disk, folder + "v1_everything") == golden_records()));
  CHECK(read<word_count>(disk, folder + "v1_word_count") ==
        std::vector<word_count>{{"to", 2}, {"be", 2}, {"or", 1}, {"not", 1}});
  CHECK(read<std::string>(disk, folder + "v1_empty") == std::vector<std::string>{});
}

TEST_CASE("what is written today is what was written then") {
  memory_file_system files;
  write(files, "v1_everything", golden_records(), {.block_bytes = 100});
  write<word_count>(files, "v1_word_count", {{"to", 2}, {"be", 2}, {"or", 1}, {"not", 1}});
  write<std::string>(files, "v1_empty", {});
  for (const std::string name : {"v1_everything", "v1_word_count", "v1_empty"}) {
    CAPTURE(name);
    const auto then =
        posix_file_system{}.read_file(test::data_directory() + "/object_file/" + name);
    CHECK((files.read_file(name) == then));
  }
}

} // namespace
