#include "apps/programs.hpp"
#include "support/tcp_server.hpp"

#include <algorithm>
#include <csignal>
#include <set>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

struct view {
  std::string url;
  int status = 0;
  int zip_code = 0;
  int user = 0;
};

std::string dump_views(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("page_view_generator"), "0", "max", "--dump"});
  return run_process(std::move(arguments)).out;
}

std::vector<view> read_views(const std::string& text) {
  std::vector<view> all;
  std::istringstream lines{text};
  for (view v; lines >> v.url >> v.status >> v.zip_code >> v.user;)
    all.push_back(v);
  return all;
}

/// A generator that serves these views as fast as they are taken.
record_source generator(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("page_view_generator"), "0", "max"});
  return record_source{std::move(arguments)};
}

std::vector<std::string> report(const std::string& name, const std::string& port,
                                std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("page_view_stream"), name, "127.0.0.1", port});
  return arguments;
}

word_counts count_urls(const std::vector<view>& views) {
  word_counts counts;
  for (const auto& v : views)
    ++counts[v.url];
  return counts;
}

TEST_CASE("equal seeds give equal views, of the web site's pages and users") {
  const auto text = dump_views({"--views", "20000", "--seed", "5"});
  CHECK((text == dump_views({"--views", "20000", "--seed", "5"})));
  CHECK((text != dump_views({"--views", "20000", "--seed", "6"})));
  const auto views = read_views(text);
  CHECK(views.size() == 20'000);
  std::map<int, int> statuses;
  std::map<int, int> zip_codes;
  std::set<int> users;
  for (const auto& v : views) {
    ++statuses[v.status];
    ++zip_codes[v.zip_code];
    users.insert(v.user);
  }
  const auto urls = count_urls(views);
  CHECK(urls.size() == 3);
  CHECK(urls.at("http://foo.com/") > 13'500);
  CHECK(urls.at("http://foo.com/") < 14'500);
  CHECK(urls.at("http://foo.com/news") > 3'600);
  CHECK(urls.at("http://foo.com/news") < 4'400);
  CHECK(statuses.size() == 2);
  CHECK(statuses.at(404) > 800);
  CHECK(statuses.at(404) < 1'200);
  CHECK(zip_codes.size() == 2);
  CHECK(zip_codes.at(94'709) > 9'500);
  CHECK(zip_codes.at(94'709) < 10'500);
  CHECK(users.size() == 100);
  CHECK(*users.begin() == 1);
}

TEST_CASE("pageCounts has every view once") {
  const std::vector<std::string> recipe{"--views", "30000", "--seed", "2"};
  auto source = generator({"--views", "30000", "--seed", "2", "--clients", "1"});
  const auto job = run_process(
      report("pageCounts", source.port(), {"--until-end", "--batch", "100ms", "--print", "3"}));
  CAPTURE(job.err);
  CHECK(job.status == 0);
  CHECK((sum_of_printed(job.out) == count_urls(read_views(dump_views(recipe)))));
}

TEST_CASE("popularUsersSeen names every view of the users that it knows") {
  auto source = generator({"--views", "5000", "--seed", "3", "--clients", "1"});
  const auto job = run_process(report("popularUsersSeen", source.port(),
                                      {"--until-end", "--batch", "100ms", "--print", "1000000"}));
  CAPTURE(job.err);
  CHECK(job.status == 0);
  const std::map<int, std::string> known{
      {1, "Patrick Wendell"}, {2, "Reynold Xin"}, {3, "Matei Zaharia"}};
  word_counts expected;
  for (const auto& v : read_views(dump_views({"--views", "5000", "--seed", "3"})))
    if (known.contains(v.user))
      ++expected["Saw user " + known.at(v.user)];
  CHECK(expected.size() == 3);
  word_counts seen;
  std::istringstream lines{job.out};
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(" at time ");
    REQUIRE(at != std::string::npos);
    CHECK(line.ends_with("00 ms"));
    ++seen[line.substr(0, at)];
  }
  CHECK((seen == expected));
}

/// Whether it is "ZIP: RATE" for all of these views, in asterisks when more than one in twenty is
/// an error.
bool shows_error_rates(const printed_batch& printed, const std::vector<view>& views) {
  std::map<int, std::pair<int, int>> expected;
  for (const auto& v : views) {
    auto& [errors, all] = expected[v.zip_code];
    errors += v.status == 200 ? 0 : 1;
    ++all;
  }
  bool good = printed.lines.size() == expected.size();
  for (const auto& line : printed.lines) {
    const auto [errors, all] = expected.at(std::stoi(line));
    auto rate = line.substr(line.find(": ") + 2);
    const bool marked = rate.starts_with("**") && rate.ends_with("**");
    if (marked)
      rate = rate.substr(2, rate.size() - 4);
    good = good && marked == (20 * errors > all) &&
           std::stof(rate) == static_cast<float>(errors) / static_cast<float>(all);
  }
  return good;
}

/// Waits until two batches are printed for which it is so: a window that is longer than its slide
/// has the same records more than once.
template <class Question>
bool twice(const process& job, Question is_so) {
  return eventually([&] {
    const auto batches = batches_of(job.out());
    return std::count_if(batches.begin(), batches.end(), is_so) >= 2;
  });
}

TEST_CASE("the windowed reports come to what the generator has sent") {
  const auto views = read_views(dump_views({"--views", "2000", "--seed", "8"}));
  const auto urls = count_urls(views);
  std::set<int> users;
  for (const auto& v : views)
    users.insert(v.user);
  const auto users_line = "Unique active users: " + std::to_string(users.size());
  // The windows are longer than the sending takes, and the source, which ends after it, is not
  // looked for again before they are over.
  auto source = generator({"--views", "2000", "--seed", "8", "--clients", "3"});
  const std::vector<std::string> options{"--batch", "500ms", "--set", "receiver.restart_delay=1h"};
  process sliding{report("slidingPageCounts", source.port(), options)};
  process active{report("activeUserCount", source.port(), options)};
  process rates{report("errorRatePerZipCode", source.port(), options)};
  CHECK(twice(sliding, [&](const printed_batch& b) { return b.counts() == urls; }));
  CHECK(twice(active, [&](const printed_batch& b) { return b.lines == std::vector{users_line}; }));
  CHECK(twice(rates, [&](const printed_batch& b) { return shows_error_rates(b, views); }));
  for (auto* job : {&sliding, &active, &rates}) {
    job->send_signal(SIGTERM);
    CHECK(job->wait() == 0);
    const auto batches = batches_of(job->out());
    for (std::size_t i = 1; i < batches.size(); ++i)
      CHECK(batches[i].time_ms - batches[i - 1].time_ms == 2'000);
  }
}

TEST_CASE("error rates, exactly") {
  // 94709: one error in twenty, which is not marked; 94117: two, which is.
  std::vector<view> views;
  std::string text;
  for (int i = 0; i < 40; ++i) {
    views.push_back(
        {"http://foo.com/", i == 0 || i == 21 || i == 23 ? 404 : 200, i < 20 ? 94'709 : 94'117, i});
    text += views.back().url + '\t' + std::to_string(views.back().status) + '\t' +
            std::to_string(views.back().zip_code) + '\t' + std::to_string(i) + '\n';
  }
  tcp_server server{{[text](tcp_peer& peer) {
    peer.send(text);
    peer.wait_closed();
  }}};
  process job{report("errorRatePerZipCode", std::to_string(server.port()), {"--batch", "500ms"})};
  CHECK(eventually([&] { return last_printed(job.out()).lines.size() == 2; }));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  const auto printed = last_printed(job.out());
  CHECK(shows_error_rates(printed, views));
  CHECK((std::set<std::string>{printed.lines.begin(), printed.lines.end()} ==
         std::set<std::string>{"94117: **0.1**", "94709: 0.05"}));
}

TEST_CASE("a line that is no page view ends the job with it") {
  tcp_server server{{[](tcp_peer& peer) {
    peer.send("http://foo.com/\t200\t94709\t1\nhttp://foo.com/\t200\tBerkeley\t2\n");
    peer.wait_closed();
  }}};
  const auto job =
      run_process(report("pageCounts", std::to_string(server.port()), {"--batch", "100ms"}));
  CAPTURE(job.err);
  CHECK(job.status == 1);
  CHECK(job.err.find("'http://foo.com/\t200\tBerkeley\t2' is no page view") != std::string::npos);
  CHECK(job.err.find("map at page_view_stream.cpp:") != std::string::npos);
}

TEST_CASE("bad arguments of the page view programs") {
  struct row {
    std::vector<std::string> command;
    const char* reason;
  };
  for (const auto& [command, reason] : std::vector<row>{
           {report("pageViews", "9", {}), "pageViews not in {"},
           {report("slidingPageCounts", "9", {"--batch", "3s"}), "must be a multiple"},
           {{program("page_view_stream")}, "REPORT is required"},
           {{program("page_view_generator"), "0"}, "VIEWS_PER_SECOND is required"},
           {{program("page_view_generator"), "0", "0"}, "VIEWS_PER_SECOND: '0' is neither max nor"},
           {{program("page_view_generator"), "x", "1"}, "'x' is no HOST:PORT"},
           {{program("page_view_generator"), "0.0.0.0:0", "1"}, "listen on 127.0.0.1"},
           {{program("page_view_generator"), "0", "1", "--views", "-1"}, "--views"}}) {
    const auto refused = run_process(command);
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(reason) != std::string::npos);
  }
}

} // namespace
