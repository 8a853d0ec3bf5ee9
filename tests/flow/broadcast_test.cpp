#include "millrace/flow/broadcast.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

/// What a task of that batch sees.
template <class T>
T seen_in(const broadcast<T>& shared, std::int64_t ms) {
  task_frame frame{batch_time{ms}};
  return shared.value();
}

} // namespace

TEST_CASE("outside of tasks the latest version is seen") {
  broadcast<std::string> rules{"one"};
  auto copy = rules;
  CHECK(*copy == "one");
  rules.update("three");
  CHECK(copy->size() == 5);
}

TEST_CASE("a task goes on seeing the version that it saw first") {
  broadcast<int> rules{1};
  task_frame frame{batch_time{1}};
  auto& value = rules.value();
  CHECK(value == 1);
  rules.update(2);
  CHECK(&rules.value() == &value);
  CHECK(value == 1);
}

TEST_CASE("all tasks of a batch see one version; the next batch sees the update") {
  broadcast<int> rules{1};
  CHECK(seen_in(rules, 1000) == 1);
  rules.update(2);
  CHECK(seen_in(rules, 1000) == 1);
  CHECK(seen_in(rules, 2000) == 2);
  rules.update(3);
  CHECK(seen_in(rules, 1000) == 1);
  CHECK(seen_in(rules, 2000) == 2);
  CHECK(seen_in(rules, 3000) == 3);
}

TEST_CASE("a batch that asks after a later one is not ahead of it, nor goes it back") {
  broadcast<int> rules{1};
  CHECK(seen_in(rules, 1000) == 1);
  rules.update(2);
  CHECK(seen_in(rules, 3000) == 2);
  rules.update(3);
  CHECK(seen_in(rules, 2000) == 1);
  CHECK(seen_in(rules, 500) == 1);
  CHECK(seen_in(rules, 4000) == 3);
  CHECK(seen_in(rules, 2000) == 1);
  for (int t = 0; t < 300; ++t) {
    rules.update(10 + t);
    CHECK(seen_in(rules, 5000 + t) == 10 + t);
  }
  CHECK(seen_in(rules, 5250) == 260);
  auto late = seen_in(rules, 4500);
  CHECK(late >= 3);
  CHECK(late <= 10 + 299);
}

TEST_CASE("versions that nobody can ask for any more are freed") {
  broadcast<std::shared_ptr<int>> shared{nullptr};
  std::vector<std::weak_ptr<int>> versions;
  for (int t = 0; t < 300; ++t) {
    auto next = std::make_shared<int>(t);
    versions.push_back(next);
    shared.update(next);
    next.reset();
    seen_in(shared, t);
  }
  int alive = 0;
  for (auto& v : versions)
    alive += v.expired() ? 0 : 1;
  CHECK(alive <= 130);
  CHECK_FALSE(versions.back().expired());
}

TEST_CASE("threads: no batch sees two versions, none goes back") {
  broadcast<int> rules{0};
  constexpr int batches = 100;
  std::vector<std::atomic<int>> first(batches);
  for (auto& f : first)
    f = -1;
  std::atomic<int> mixed{0};
  std::atomic<bool> done{false};
  std::thread updater{[&] {
    for (int v = 1; !done; ++v)
      rules.update(v);
  }};
  std::vector<std::thread> tasks;
  for (int n = 0; n < 3; ++n)
    tasks.emplace_back([&] {
      for (int b = 0; b < batches; ++b) {
        auto value = seen_in(rules, b);
        int none = -1;
        if (!first[b].compare_exchange_strong(none, value) && none != value)
          ++mixed;
      }
    });
  for (auto& t : tasks)
    t.join();
  done = true;
  updater.join();
  CHECK(mixed == 0);
  for (int b = 1; b < batches; ++b)
    CHECK(first[b - 1] <= first[b]);
}
