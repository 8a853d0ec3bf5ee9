#include "millrace/engine/stop_sequence.hpp"

#include <map>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

job_settings with_limits() {
  job_settings s;
  s.graceful_timeout = std::chrono::milliseconds{5'000};
  s.receivers_timeout = std::chrono::milliseconds{1'000};
  s.phase_timeout = std::chrono::milliseconds{300};
  return s;
}

/// Phases that do not end within their limit, and the one at which an immediate stop comes.
struct course {
  std::map<stop_phase, bool> ended;
  std::optional<stop_phase> immediate_at;
  bool clean = true;
};

const char* name_of(stop_phase phase) {
  static const char* names[] = {"receivers", "intakes", "cut_short", "blocks",
                                "batches",   "threads", "actors",    "listeners"};
  return names[static_cast<std::size_t>(phase)];
}

/// The steps that were taken, each with its limit; `!` after those that an immediate stop ends.
std::string steps_of(stop_mode mode, course& how, const job_settings& settings = with_limits()) {
  stop_sequence sequence{settings, mode};
  std::string out;
  bool ended = true;
  bool immediate = mode == stop_mode::immediate;
  while (auto step = sequence.next(ended, immediate)) {
    out += std::string{out.empty() ? "" : " "} + name_of(step->phase) + ":" +
           (step->limit ? std::to_string(step->limit->count()) : "-") +
           (step->interruptible ? "!" : "");
    auto found = how.ended.find(step->phase);
    ended = found == how.ended.end() || found->second;
    if (how.immediate_at == step->phase) {
      immediate = true;
      ended = ended && !step->interruptible;
    }
  }
  how.clean = sequence.clean();
  return out;
}

} // namespace

TEST_CASE("a graceful stop ends intake, then processes what there is, then ends the rest") {
  course how;
  CHECK(steps_of(stop_mode::graceful, how) ==
        "receivers:1000! intakes:300 blocks:5000! batches:5000! threads:300 actors:300 "
        "listeners:300");
  CHECK(how.clean);
}

TEST_CASE("without a time-out of its own a graceful stop waits for data as long as it takes") {
  auto settings = with_limits();
  settings.graceful_timeout.reset();
  course how;
  CHECK(steps_of(stop_mode::graceful, how, settings) ==
        "receivers:1000! intakes:300 blocks:-! batches:-! threads:300 actors:300 listeners:300");
}

TEST_CASE("an immediate stop refuses records first, and processes nothing") {
  course how;
  CHECK(steps_of(stop_mode::immediate, how) ==
        "intakes:300 receivers:300 threads:300 actors:300 listeners:300");
  CHECK(how.clean);
}

TEST_CASE("receivers that a graceful stop gave up get another chance when nothing holds them up") {
  course how;
  how.ended[stop_phase::receivers] = false;
  CHECK(steps_of(stop_mode::graceful, how) ==
        "receivers:1000! intakes:300 cut_short:300 blocks:5000! batches:5000! threads:300 "
        "actors:300 listeners:300");
  CHECK(how.clean);
  how.ended[stop_phase::receivers_cut_short] = false;
  steps_of(stop_mode::graceful, how);
  CHECK_FALSE(how.clean);
}

TEST_CASE("a graceful stop becomes an immediate one at any phase") {
  course how;
  how.immediate_at = stop_phase::receivers;
  CHECK(steps_of(stop_mode::graceful, how) ==
        "receivers:1000! intakes:300 cut_short:300 threads:300 actors:300 listeners:300");
  how.immediate_at = stop_phase::blocks;
  CHECK(steps_of(stop_mode::graceful, how) ==
        "receivers:1000! intakes:300 blocks:5000! threads:300 actors:300 listeners:300");
  how.immediate_at = stop_phase::batches;
  CHECK(steps_of(stop_mode::graceful, how) ==
        "receivers:1000! intakes:300 blocks:5000! batches:5000! threads:300 actors:300 "
        "listeners:300");
  CHECK(how.clean);
}

TEST_CASE("what goes on running past its limit makes a stop unclean; late data does not") {
  for (auto phase : {stop_phase::threads, stop_phase::actors, stop_phase::listeners}) {
    course how;
    how.ended[phase] = false;
    steps_of(stop_mode::graceful, how);
    CHECK_FALSE(how.clean);
  }
  for (auto phase : {stop_phase::blocks, stop_phase::batches}) {
    course how;
    how.ended[phase] = false;
    steps_of(stop_mode::graceful, how);
    CHECK(how.clean);
  }
}
