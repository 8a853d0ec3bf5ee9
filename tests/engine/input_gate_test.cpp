#include "millrace/engine/input_gate.hpp"

#include <doctest/doctest.h>

using namespace millrace;

namespace {

class numbered_payload final : public payload {
public:
  explicit numbered_payload(std::size_t n) : n_{n} {}
  std::size_t records() const override { return n_; }

private:
  std::size_t n_;
};

slot_delivery data(std::size_t n) { return {std::make_shared<numbered_payload>(n), nullptr}; }

constexpr batch_time first{1000};
constexpr batch_time second{2000};

} // namespace

TEST_CASE("a batch comes out once all its slots are there, in slot order") {
  input_gate gate{3};
  CHECK(gate.deliver(first, 2, data(2)));
  CHECK(gate.deliver(first, 0, data(0)));
  CHECK_FALSE(gate.next());
  CHECK(gate.waiting() == 1);
  CHECK(gate.deliver(first, 1, data(1)));
  auto ready = gate.next();
  REQUIRE(ready);
  CHECK(ready->input->time == first);
  CHECK_FALSE(ready->failure);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(ready->input->slots[i]->records() == i);
  CHECK_FALSE(gate.next());
  CHECK(gate.waiting() == 0);
}

TEST_CASE("batches come out in the order of their times") {
  input_gate gate{2};
  CHECK(gate.deliver(first, 0, data(1)));
  CHECK(gate.deliver(second, 0, data(1)));
  CHECK(gate.deliver(second, 1, data(1)));
  CHECK_FALSE(gate.next());
  CHECK(gate.deliver(first, 1, data(1)));
  CHECK(gate.next()->input->time == first);
  CHECK(gate.next()->input->time == second);
}

TEST_CASE("a wrong delivery is an error and changes nothing") {
  input_gate gate{2};
  CHECK_FALSE(gate.deliver(first, 2, data(1)));
  CHECK(gate.waiting() == 0);
  CHECK(gate.deliver(first, 0, data(1)));
  auto twice = gate.deliver(first, 0, data(7));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == errc::internal);
  CHECK(twice.error().message == "slot 0 of 2 delivered twice for batch 1000 ms");
  CHECK(gate.deliver(first, 1, data(1)));
  CHECK(gate.next()->input->slots[0]->records() == 1);
  CHECK_FALSE(gate.deliver(first, 0, data(1)));
  CHECK(gate.waiting() == 0);
  CHECK(gate.deliver(second, 0, data(1)));
  CHECK(gate.deliver(second, 1, data(1)));
  CHECK(gate.next()->input->time == second);
}

TEST_CASE("the first failure of any slot comes out with the batch") {
  input_gate gate{3};
  auto failed = std::make_shared<const error>(error{errc::user_function_failed, "one"});
  auto later = std::make_shared<const error>(error{errc::internal, "two"});
  CHECK(gate.deliver(first, 0, data(1)));
  CHECK(gate.deliver(first, 1, {nullptr, failed}));
  CHECK(gate.deliver(first, 2, {nullptr, later}));
  auto ready = gate.next();
  REQUIRE(ready);
  CHECK(ready->failure == failed);
}
