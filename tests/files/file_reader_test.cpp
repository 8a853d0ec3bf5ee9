#include "millrace/block/text_block.hpp"
#include "millrace/files/file_reader.hpp"
#include "millrace/files/fixed_framer.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "support/faulty_file_system.hpp"
#include "support/places.hpp"
#include "support/seed.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;

const std::string packed_texts = test::data_directory() + "/packed_text/";

std::vector<unsigned char> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

strings records(const std::vector<block_ptr>& blocks) {
  strings out;
  for (const auto& b : blocks) {
    const auto& text = dynamic_cast<const text_block&>(*b);
    for (std::size_t i = 0; i < text.records(); ++i)
      out.emplace_back(text.record(i));
  }
  return out;
}

template <class T>
error error_of(const result<T>& answer) {
  REQUIRE_FALSE(answer);
  CAPTURE(answer.error().message);
  return answer.error();
}

struct fixture {
  void put(const std::string& path, std::string_view text) {
    REQUIRE(memory->write_file_atomic(path, bytes_of(text)));
  }

  /// A packed text of the test data, in memory.
  std::vector<unsigned char> data(const std::string& name) {
    return posix_file_system{}.read_file(packed_texts + name).value();
  }

  strings lines(const std::string& path) {
    auto blocks = read_text_file(*files, path, options);
    REQUIRE(blocks);
    return records(*blocks);
  }

  std::shared_ptr<memory_file_system> memory = std::make_shared<memory_file_system>();
  std::shared_ptr<test::faulty_file_system> files =
      std::make_shared<test::faulty_file_system>(memory);
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::shared_ptr<memory_metrics> metrics = std::make_shared<memory_metrics>();
  read_options options{.log = logger{log, "files"}, .metrics = metrics, .metric_label = "0"};
};

TEST_CASE_FIXTURE(fixture, "lines, with all ends of lines, and the unterminated last one") {
  put("a", "one\ntwo\r\n\nthree\rx\nlast");
  CHECK(lines("a") == strings{"one", "two", "", "three\rx", "last"});
  put("a", "one\n");
  CHECK(lines("a") == strings{"one"});
  put("a", "");
  CHECK(lines("a").empty());
  CHECK(read_text_file(*files, "a", options)->empty());
}

TEST_CASE_FIXTURE(fixture, "blocks are about as large as asked for, and lose nothing") {
  std::mt19937_64 random{test::seed()};
  std::string text;
  strings expected;
  for (int i = 0; i < 60'000; ++i) {
    expected.push_back(std::string(random() % 40, 'a' + static_cast<char>(random() % 26)));
    text += expected.back() + "\n";
  }
  put("a", text);
  for (const std::size_t block_bytes :
       {std::size_t{1}, std::size_t{10'000}, std::size_t{200'000}, std::size_t{1} << 22U}) {
    CAPTURE(block_bytes);
    options.block_bytes = block_bytes;
    const auto blocks = read_text_file(*files, "a", options).value();
    CHECK((records(blocks) == expected));
    for (const auto& b : blocks)
      CHECK((b->bytes() <= block_bytes || b->records() == 1));
  }
  options.arenas = std::make_shared<arena_pool>();
  CHECK((lines("a") == expected));
}

TEST_CASE_FIXTURE(fixture, "small files do not take the memory of large ones") {
  put("a", "one\ntwo\n");
  const auto blocks = read_text_file(*files, "a", options).value();
  REQUIRE(blocks.size() == 1);
  CHECK(dynamic_cast<const text_block&>(*blocks.front()).storage()->capacity() <= 150'000);
}

TEST_CASE_FIXTURE(fixture, "a line that is too long is skipped, counted and told") {
  options.max_record_bytes = 5;
  put("a", "12345\n123456\nok\n" + std::string(300'000, 'x') + "\nend");
  CHECK(lines("a") == strings{"12345", "ok", "end"});
  CHECK(metrics->counter("records_oversize_total", "0") == 2);
  CHECK(log->count(log_level::warning, "'a': a line of 6 bytes at offset 6 was skipped; the limit "
                                       "is 5 bytes") == 1);
  CHECK(log->count(log_level::warning, "a line of 300000 bytes at offset 16 was skipped") == 1);
}

TEST_CASE_FIXTURE(fixture, "of many lines that are too long some are told, and all are counted") {
  options.max_record_bytes = 5;
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += "123456\n";
  put("a", text);
  CHECK(lines("a").empty());
  CHECK(metrics->counter("records_oversize_total", "0") == 20);
  CHECK(log->count(log_level::warning, "a line of 6 bytes at offset ") == 16);
  CHECK(log->count(log_level::warning, "at offset 105 was skipped; the limit is 5 bytes (option "
                                       "stream.max_record_bytes) (and 4 more)") == 1);
}

TEST_CASE_FIXTURE(fixture, "records of fixed length, of any bytes") {
  put("a", std::string_view{"ab\0\ncd\r\n", 8});
  CHECK(records(read_fixed_records(*files, "a", 4, options).value()) ==
        strings{std::string{"ab\0\n", 4}, "cd\r\n"});
  CHECK(records(read_fixed_records(*files, "a", 8, options).value()).size() == 1);
  CHECK(error_of(read_fixed_records(*files, "a", 3, options)) ==
        error{errc::corrupt_data, "'a' at offset 6: Byte array does not have correct length. 2 did "
                                  "not equal recordLength: 3"});
  CHECK(error_of(read_fixed_records(*files, "a", 9, options)).message.find("'a' at offset 0") == 0);
  put("a", "");
  CHECK(read_fixed_records(*files, "a", 3, options)->empty());
  CHECK_THROWS_AS((void)read_fixed_records(*files, "a", 0, options), stream_error);
  put("a", std::string(1'000'000, 'x'));
  options.block_bytes = 100'000;
  const auto many = read_fixed_records(*files, "a", 1'000, options).value();
  CHECK(records(many) == strings(1'000, std::string(1'000, 'x')));
  CHECK(many.size() > 9);
}

TEST_CASE_FIXTURE(fixture, "packed files are unpacked, all their members") {
  strings expected;
  for (int i = 0; i < 20'000; ++i)
    expected.push_back("line " + std::to_string(i));
  for (const std::string name : {"lines.gz", "lines.zst"}) {
    CAPTURE(name);
    CHECK((records(read_text_file(posix_file_system{}, packed_texts + name).value()) == expected));
    REQUIRE(memory->write_file_atomic(name, data(name)));
    options.block_bytes = 10'000;
    CHECK((lines(name) == expected));
  }
  put("empty.gz", "");
  put("empty.zst", "");
  CHECK(lines("empty.gz").empty());
  CHECK(lines("empty.zst").empty());
}

TEST_CASE_FIXTURE(fixture,
                  "a packed file that is cut off or damaged is an error, never other lines") {
  const strings expected{"one", "two", "three"};
  for (const std::string name : {"small.gz", "small.zst"}) {
    CAPTURE(name);
    const auto good = data(name);
    for (std::size_t n = 1; n < good.size(); ++n) {
      CAPTURE(n);
      REQUIRE(memory->write_file_atomic(name, std::span{good}.first(n)));
      const auto e = error_of(read_text_file(*files, name, options));
      CHECK(e.code == errc::corrupt_data);
      CHECK(e.message == "'" + name + "' cannot be unpacked at offset " + std::to_string(n) +
                             ": the packed data ends too early");
    }
    for (std::size_t i = 0; i < good.size(); ++i) {
      CAPTURE(i);
      auto bad = good;
      bad[i] ^= 0xff;
      REQUIRE(memory->write_file_atomic(name, bad));
      const auto seen = read_text_file(*files, name, options);
      // gzip's header has fields that nothing checks, such as the time of packing.
      if (seen)
        CHECK(records(*seen) == expected);
      else
        CHECK(seen.error().message.starts_with("'" + name + "' cannot be unpacked at offset "));
    }
    auto more = good;
    more.push_back('x');
    REQUIRE(memory->write_file_atomic(name, more));
    CHECK(error_of(read_text_file(*files, name, options)).code == errc::corrupt_data);
  }
}

TEST_CASE_FIXTURE(fixture, "what a file may unpack to, and ask for, is bounded") {
  options.max_file_bytes = 1'000'000;
  for (const std::string name : {"newlines.gz", "newlines.zst"}) {
    REQUIRE(memory->write_file_atomic(name, data(name)));
    CHECK(error_of(read_text_file(*files, name, options)) ==
          error{errc::too_large, "'" + name +
                                     "' has more than 1000000 bytes; raise max_file_bytes if that "
                                     "is meant"});
  }
  put("plain", std::string(1'000'001, 'x'));
  CHECK(error_of(read_text_file(*files, "plain", options)).code == errc::too_large);
  REQUIRE(memory->write_file_atomic("wide.zst", data("wide_window.zst")));
  CHECK(error_of(read_text_file(*files, "wide.zst", options)).code == errc::corrupt_data);
  options.max_zstd_window_log = 28;
  CHECK(lines("wide.zst") == strings{"one", "two", "three"});
}

TEST_CASE_FIXTURE(fixture, "a file that has shrunk is an error, and what was added is not read") {
  put("a", "one\ntwo\n");
  options.expected_bytes = 10;
  CHECK(error_of(read_text_file(*files, "a", options)).message ==
        "'a' ends at offset 8, but it had 10 bytes when it was found: it was cut off meanwhile; "
        "files must not change once they are there");
  options.expected_bytes = 6;
  CHECK(lines("a") == strings{"one", "tw"});
}

TEST_CASE_FIXTURE(fixture, "a file that is cut off while it is read is an error") {
  put("a", std::string(1'000'000, '\n'));
  options.block_bytes = 100'000;
  auto reader = text_file_reader::open(*files, "a", std::make_unique<fixed_framer>(1), options);
  REQUIRE(reader);
  REQUIRE(reader->next());
  REQUIRE(memory->open_append("a").value()->truncate(300'000));
  result<block_ptr> block;
  do
    block = reader->next();
  while (block && *block);
  CHECK(error_of(block).message.find("'a' ends at offset ") == 0);
}

TEST_CASE_FIXTURE(fixture, "all bytes of a file: unpacked, of the size it had, and bounded") {
  const auto text_of = [](const std::vector<unsigned char>& bytes) {
    return std::string{bytes.begin(), bytes.end()};
  };
  put("a", std::string(200'000, 'x') + "end");
  CHECK(text_of(read_file_bytes(*files, "a", options).value()) ==
        std::string(200'000, 'x') + "end");
  options.expected_bytes = 200'000;
  CHECK(read_file_bytes(*files, "a", options).value().size() == 200'000);
  options.expected_bytes = 200'004;
  CHECK(error_of(read_file_bytes(*files, "a", options)).message.find("it was cut off meanwhile") !=
        std::string::npos);
  options.expected_bytes.reset();
  options.max_file_bytes = 200'002;
  CHECK(error_of(read_file_bytes(*files, "a", options)).message.find("more than 200002 bytes") !=
        std::string::npos);
  CHECK(error_of(read_file_bytes(*files, "none", options)).code == errc::not_found);
}

TEST_CASE_FIXTURE(fixture, "a file that is gone or cannot be read is an error with its path") {
  CHECK(error_of(read_text_file(*files, "none", options)) ==
        error{errc::not_found, "cannot read 'none': No such file or directory"});
  put("a", std::string(500'000, '\n'));
  int reads = 0;
  files->fail_when(
      [&](std::string_view what, const std::string&) { return what == "read" && ++reads == 3; });
  options.block_bytes = 100'000;
  const auto e = error_of(read_text_file(*files, "a", options));
  CHECK(e.code == errc::io_error);
  CHECK(e.message.find("'a'") != std::string::npos);
  CHECK(e.message.find("(at offset ") != std::string::npos);
}

} // namespace
