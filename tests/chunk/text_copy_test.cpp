#include "millrace/chunk/text_copy.hpp"
#include "support/seed.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

std::shared_ptr<const void> copy_all(std::vector<std::string_view>& views) {
  text_copy copy;
  for (auto view : views)
    copy.count(view);
  auto memory = copy.allocate();
  for (auto& view : views)
    copy.move(view);
  return memory;
}

} // namespace

TEST_CASE("no text needs no memory") {
  std::vector<std::string_view> views{"", {}, std::string_view{"x"}.substr(1)};
  CHECK(copy_all(views) == nullptr);
  CHECK(views == std::vector<std::string_view>(3));
}

TEST_CASE("a view inside the one before it shares its copy") {
  const std::string text = "one line of words";
  const std::string_view line = text;
  std::vector<std::string_view> views{line, line.substr(4, 4), "", line.substr(9), line.substr(4)};
  auto memory = copy_all(views);
  CHECK(views == std::vector<std::string_view>{text, "line", "", "of words", "line of words"});
  for (auto& view : {views[1], views[3], views[4]})
    CHECK((view.data() > views[0].data() && view.data() < views[0].data() + line.size()));
}

TEST_CASE("any views of a text read the same after the text is gone") {
  std::mt19937_64 random{test::seed()};
  for (int round = 0; round < 200; ++round) {
    auto text = std::make_unique<std::string>();
    for (std::size_t i = random() % 200; i > 0; --i)
      text->push_back(static_cast<char>('a' + random() % 26));
    std::vector<std::string_view> views;
    for (std::size_t i = random() % 50; i > 0; --i) {
      const std::size_t from = random() % (text->size() + 1);
      views.push_back(std::string_view{*text}.substr(from, random() % 40));
    }
    const std::vector<std::string> expected(views.begin(), views.end());
    auto memory = copy_all(views);
    text.reset();
    CHECK(std::vector<std::string>(views.begin(), views.end()) == expected);
  }
}
