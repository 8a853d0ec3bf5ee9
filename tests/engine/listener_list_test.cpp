#include "millrace/engine/listener_list.hpp"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("listeners come and go, the same one as often as it was added") {
  listener_list list;
  const auto a = std::make_shared<listener>();
  const auto b = std::make_shared<listener>();
  CHECK(list.empty());
  list.add(a);
  list.add(b);
  list.add(a);
  CHECK_FALSE(list.empty());
  CHECK(list.all() == std::vector{a, b, a});
  list.remove(a);
  CHECK(list.all() == std::vector{b});
  list.remove(a);
  list.remove(b);
  CHECK(list.empty());
  CHECK(list.all().empty());
}

TEST_CASE("listeners may be added by several threads") {
  listener_list list;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        const auto one = std::make_shared<listener>();
        list.add(one);
        CHECK_FALSE(list.empty());
        if (n % 2 == 0)
          list.remove(one);
      }
    });
  threads.clear();
  CHECK(list.all().size() == 1'000);
}
