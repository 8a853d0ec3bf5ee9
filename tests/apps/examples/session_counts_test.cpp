#include "apps/programs.hpp"
#include "support/seed.hpp"
#include "support/tcp_server.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <set>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

constexpr std::int64_t epoch_ms = 1'700'000'000'000;

struct user_action {
  std::string user;
  std::int64_t time_ms = 0;
};

std::string to_line(const user_action& a) {
  return a.user + ',' + std::to_string(a.time_ms) + ",click\n";
}

/// What is to be printed for all sessions, given the pause that ends one.
std::multiset<std::string> sessions_of(std::vector<user_action> actions, std::int64_t gap_ms) {
  std::map<std::string, std::vector<std::int64_t>> by_user;
  for (const auto& a : actions)
    by_user[a.user].push_back(a.time_ms);
  std::multiset<std::string> all;
  for (auto& [user, times] : by_user) {
    std::sort(times.begin(), times.end());
    for (std::size_t first = 0, next = 0; first < times.size(); first = next) {
      for (next = first + 1; next < times.size() && times[next] - times[next - 1] < gap_ms;)
        ++next;
      all.insert('(' + user + ",[" + std::to_string(times[first]) + " ms, " +
                 std::to_string(times[next - 1] + gap_ms) + " ms) " + std::to_string(next - first) +
                 ')');
    }
  }
  return all;
}

std::multiset<std::string> printed_sessions(const std::string& printed) {
  std::multiset<std::string> all;
  for (const auto& batch : batches_of(printed))
    all.insert(batch.lines.begin(), batch.lines.end());
  return all;
}

/// Sends the lines in pieces to the first client, and then nothing more.
tcp_server slow_server(const std::vector<user_action>& actions) {
  return tcp_server{{[actions](tcp_peer& peer) {
    const auto piece = std::max<std::size_t>(actions.size() / 15, 1);
    for (std::size_t i = 0; i < actions.size(); ++i) {
      peer.send(to_line(actions[i]));
      if (i % piece == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds{30});
    }
    peer.wait_closed();
  }}};
}

std::vector<std::string> command(const tcp_server& from, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--batch", "100ms", "--print", "1000000"});
  return reading("session_counts", std::to_string(from.port()), std::move(arguments));
}

TEST_CASE("every session of every user is counted once, whatever the order of the lines") {
  constexpr std::int64_t gap_ms = 30'000;
  constexpr std::int64_t disorder_ms = 5'000;
  std::mt19937_64 random{seed()};
  auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::vector<user_action> actions;
  for (int i = 0; i < 3'000; ++i)
    actions.push_back({"user" + std::to_string(below(40)), epoch_ms + below(1'000'000)});
  // Each line comes up to the allowed disorder after it should.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < actions.size(); ++i)
    order.emplace_back(actions[i].time_ms + below(disorder_ms), i);
  std::sort(order.begin(), order.end());
  std::vector<user_action> sent;
  for (const auto& [when, i] : order)
    sent.push_back(actions[i]);
  // The end of the last sessions is only known when something happens after it.
  sent.push_back({"last", epoch_ms + 2'000'000});
  const auto expected = sessions_of(actions, gap_ms);
  CHECK(expected.size() > 100);

  for (const char* master : {"local[1]", "local[3]"}) {
    CAPTURE(master);
    auto server = slow_server(sent);
    process job{command(server, {"--gap", "30s", "--disorder", "5s", "--master", master})};
    CHECK(eventually([&] { return printed_sessions(job.out()) == expected; }));
    job.send_signal(SIGTERM);
    CHECK(job.wait() == 0);
    CAPTURE(job.err());
    CHECK((printed_sessions(job.out()) == expected));
  }
}

TEST_CASE("a pause of the gap ends a session, one of a millisecond less does not") {
  auto server = slow_server({{"ann", epoch_ms},
                             {"bob", epoch_ms},
                             {"ann", epoch_ms + 9'999},
                             {"bob", epoch_ms + 10'000},
                             {"eve", epoch_ms + 100'000}});
  process job{command(server, {"--gap", "10s", "--disorder", "0s"})};
  const std::multiset<std::string> expected{
      "(ann,[1700000000000 ms, 1700000019999 ms) 2)",
      "(bob,[1700000000000 ms, 1700000010000 ms) 1)",
      "(bob,[1700000010000 ms, 1700000020000 ms) 1)",
  };
  CHECK(eventually([&] { return printed_sessions(job.out()) == expected; }));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  CHECK((printed_sessions(job.out()) == expected));
}

TEST_CASE("a line of another form ends the job with it") {
  for (const std::string line : {"ann", "ann,soon,click", "ann,12", "ann,,click", ""}) {
    CAPTURE(line);
    tcp_server server{{[line](tcp_peer& peer) {
      peer.send(line + '\n');
      peer.wait_closed();
    }}};
    const auto job = run_process(command(server, {}));
    CAPTURE(job.err);
    CHECK(job.status == 1);
    CHECK(job.err.find("'" + line + "' is no line of the form user,epoch_ms,action") !=
          std::string::npos);
  }
}

TEST_CASE("bad arguments of session_counts") {
  for (const auto& [option, value, reason] :
       {std::tuple{"--gap", "0s", "--gap: '0s' is too short; at least 1ms is needed"},
        std::tuple{"--disorder", "-1s", "--disorder: "}, std::tuple{"--gap", "long", "--gap: "}}) {
    const auto refused = run_process(reading("session_counts", "9", {option, value}));
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.err.find(reason) != std::string::npos);
  }
}

} // namespace
