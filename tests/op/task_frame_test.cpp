#include "millrace/op/task_frame.hpp"

#include <memory>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

/// Counts in the first byte, and notes what is committed.
struct counting_cell final : accumulator_cell {
  bits zero() const override { return {}; }
  bits sum(bits a, bits b) const override {
    a[0] = std::byte(std::to_integer<int>(a[0]) + std::to_integer<int>(b[0]));
    return a;
  }
  void commit(batch_time time, bits added) noexcept override {
    ++commits;
    last = time;
    total += std::to_integer<int>(added[0]);
  }

  int commits = 0;
  int total = 0;
  batch_time last;
};

void add(task_frame& frame, const std::shared_ptr<counting_cell>& to, int n) {
  auto& bits = frame.added_to(to);
  bits[0] = std::byte(std::to_integer<int>(bits[0]) + n);
}

} // namespace

TEST_CASE("frames of a thread nest, and other threads have none") {
  CHECK_FALSE(task_frame::current());
  {
    task_frame outer{batch_time{1}};
    CHECK(task_frame::current() == &outer);
    {
      task_frame inner{batch_time{2}};
      CHECK(task_frame::current() == &inner);
      CHECK(task_frame::current()->time() == batch_time{2});
    }
    CHECK(task_frame::current() == &outer);
    std::thread{[] { CHECK_FALSE(task_frame::current()); }}.join();
  }
  CHECK_FALSE(task_frame::current());
}

TEST_CASE("a task that was made to fail stays failed, with the first cause; others do not") {
  const auto because = [](int n) { return std::make_exception_ptr(n); };
  task_frame::fail_current(because(0));
  task_frame::throw_if_failed();
  task_frame outer{batch_time{1}};
  {
    task_frame inner{batch_time{1}};
    task_frame::throw_if_failed();
    task_frame::fail_current(because(1));
    task_frame::fail_current(because(2));
    for (int again = 0; again < 2; ++again)
      CHECK_THROWS_AS(task_frame::throw_if_failed(), int);
    try {
      task_frame::throw_if_failed();
    } catch (int n) {
      CHECK(n == 1);
    }
  }
  task_frame::throw_if_failed();
}

TEST_CASE("what a task adds counts when its result is taken, once") {
  auto cell = std::make_shared<counting_cell>();
  {
    task_frame failed{batch_time{5}};
    add(failed, cell, 3);
  }
  CHECK(cell->commits == 0);
  task_frame frame{batch_time{5}};
  add(frame, cell, 3);
  add(frame, cell, 4);
  auto additions = frame.take();
  CHECK(cell->commits == 0);
  frame.take().count();
  CHECK(cell->commits == 0);
  additions.count();
  CHECK(cell->commits == 1);
  CHECK(cell->total == 7);
  CHECK(cell->last == batch_time{5});
  additions.count();
  CHECK(cell->commits == 1);
}

TEST_CASE("a task takes over what its parts have added") {
  auto a = std::make_shared<counting_cell>();
  auto b = std::make_shared<counting_cell>();
  task_frame whole{batch_time{5}};
  add(whole, a, 1);
  for (int i = 0; i < 3; ++i) {
    task_frame part{whole.time()};
    add(part, a, 10);
    add(part, b, 2);
    whole.take_over(part);
  }
  CHECK(a->commits == 0);
  whole.take().count();
  CHECK(a->commits == 1);
  CHECK(a->total == 31);
  CHECK(b->total == 6);
}

TEST_CASE("a frame keeps what was seen of something shared") {
  task_frame frame{batch_time{0}};
  int shared = 0;
  CHECK_FALSE(frame.seen(&shared));
  auto value = std::make_shared<const int>(4);
  std::weak_ptr<const int> alive = value;
  frame.remember(&shared, value);
  value.reset();
  CHECK_FALSE(alive.expired());
  CHECK(*static_cast<const int*>(frame.seen(&shared)) == 4);
}
