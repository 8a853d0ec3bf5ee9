#include "millrace/state/state.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

template <class F>
void check_refused(errc code, const std::string& text, F f) {
  try {
    f();
    FAIL("allowed, instead of: " << text);
  } catch (const stream_error& e) {
    CHECK(e.code() == code);
    CHECK(std::string(e.what()) == text);
  }
}

void check_not_set(const state<int>& s) {
  CHECK_FALSE(s.exists());
  CHECK(s.get_option() == std::nullopt);
  CHECK(s.to_string() == "<state not set>");
  check_refused(errc::not_found, "State is not set", [&] { s.get(); });
}

void check_is(const state<int>& s, int value) {
  CHECK(s.exists());
  CHECK(s.get() == value);
  CHECK(s.get_option() == value);
  CHECK(s.to_string() == std::to_string(value));
}

void check_life(state<int>& s) {
  s.update(2);
  check_is(s, 2);
  CHECK(s.change() == state_change::updated);
  s.update(3);
  check_is(s, 3);
  s.remove();
  check_not_set(s);
  CHECK(s.change() == state_change::removed);
  check_refused(errc::invalid_argument, "Cannot update the state after it has been removed",
                [&] { s.update(4); });
  check_refused(errc::invalid_argument, "Cannot remove the state that has already been removed",
                [&] { s.remove(); });
  check_not_set(s);
}

struct opaque_text {};
std::string to_string(const opaque_text&) { return "opaque"; }

} // namespace

TEST_CASE("a state that is not set can be updated and removed") {
  state<int> s;
  check_not_set(s);
  CHECK(s.change() == state_change::none);
  CHECK_FALSE(s.is_timing_out());
  check_life(s);

  state<int> removed;
  removed.remove();
  check_not_set(removed);
}

TEST_CASE("a state that exists is left as it is; the new value is kept aside") {
  const int kept = 1;
  state<int> s(&kept);
  check_is(s, 1);
  s.update(2);
  CHECK(kept == 1);
  CHECK(s.take() == 2);

  state<int> other(&kept);
  check_life(other);
  CHECK(kept == 1);
}

TEST_CASE("a state that may be changed in place is") {
  int kept = 1;
  state<int> s(kept, true);
  check_is(s, 1);
  check_life(s);
  CHECK(kept == 3);

  state<int> gone(kept, false);
  check_not_set(gone);
  gone.update(7);
  check_is(gone, 7);
  CHECK(kept == 7);
}

TEST_CASE("a state that is timing out can be read only") {
  const int kept = 3;
  state<int> s(&kept, true);
  check_is(s, 3);
  CHECK(s.is_timing_out());
  check_refused(errc::invalid_argument, "Cannot remove the state that is timing out",
                [&] { s.remove(); });
  check_refused(errc::invalid_argument, "Cannot update the state that is timing out",
                [&] { s.update(4); });
  check_is(s, 3);
}

TEST_CASE("a state prints as << or to_string of its type does, and may be printable by neither") {
  const std::string text = "some text";
  const double number = 1.5;
  const opaque_text opaque;
  const std::vector<int> neither;
  CHECK(state<std::string>(&text).to_string() == "some text");
  CHECK(state<double>(&number).to_string() == "1.5");
  CHECK(state<opaque_text>(&opaque).to_string() == "opaque");
  CHECK(state<std::vector<int>>(&neither).get().empty());
}
