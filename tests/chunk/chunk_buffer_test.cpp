#include "millrace/chunk/chunk_buffer.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("capacity is about 1,024 records, fewer for large ones, never under 64") {
  CHECK(chunk_capacity<int> == 1024);
  CHECK(chunk_capacity<std::string> == 1024);
  CHECK(chunk_capacity<std::array<char, 100>> == 327);
  CHECK(chunk_capacity<std::array<char, 10'000>> == 64);
}

TEST_CASE("a buffer is filled to its capacity, cleared and filled again") {
  chunk_buffer<std::string> b;
  for (int round = 0; round < 3; ++round) {
    CHECK(b.empty());
    while (!b.full())
      b.emplace(100, 'x');
    CHECK(b.size() == b.capacity);
    CHECK(b.records().back() == std::string(100, 'x'));
    b.clear();
  }
}

TEST_CASE("records made before an exception stay and are destroyed with the buffer") {
  auto record = std::make_shared<int>(1);
  {
    chunk_buffer<std::shared_ptr<int>> b;
    auto make = [&](std::size_t i) {
      if (i == 3)
        throw std::runtime_error("three");
      return record;
    };
    CHECK_THROWS(b.fill(10, make));
    CHECK(b.size() == 3);
    CHECK(record.use_count() == 4);
  }
  CHECK(record.use_count() == 1);
}

TEST_CASE("memory comes with the first record and goes after a batch without any") {
  chunk_buffer<std::string> b;
  b.begin_batch();
  CHECK(b.memory_bytes() == 0);
  b.emplace("one");
  CHECK(b.memory_bytes() == b.capacity * sizeof(std::string));
  b.clear();
  b.begin_batch();
  CHECK(b.memory_bytes() != 0);
  b.begin_batch();
  CHECK(b.memory_bytes() == 0);
  b.emplace("two");
  b.begin_batch();
  CHECK(b.empty());
  CHECK(b.memory_bytes() != 0);
}

TEST_CASE("a kernel may write trivial records itself") {
  chunk_buffer<int> b;
  b.raw()[0] = 5;
  b.raw()[1] = 6;
  b.set_size(2);
  b.fill(2, [](std::size_t i) { return static_cast<int>(i); });
  CHECK(std::vector<int>(b.records().begin(), b.records().end()) == std::vector<int>{5, 6, 0, 1});
}
