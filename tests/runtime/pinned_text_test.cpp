#include "millrace/block/text_block.hpp"
#include "runtime/engines.hpp"

#include <atomic>
#include <map>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

/// Text blocks of `lines` lines a batch, "B.0" to "B.n" in batch B, and how many of their arenas
/// somebody still holds.
class counted_text final : public pull_source {
public:
  explicit counted_text(int lines) : lines_{lines} {}

  recoverability recovers() const override { return recoverability::by_time; }

  std::optional<std::vector<input_split>> plan(batch_time time, const input_limits&) override {
    std::string text;
    std::vector<text_slice> slices;
    for (int i = 0; i < lines_; ++i) {
      auto line = std::to_string(time.ms() / 1000) + "." + std::to_string(i);
      slices.push_back(
          {static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(line.size())});
      text += line + "\n";
    }
    ++*held_;
    std::shared_ptr<arena> storage{new arena{text.size()}, [held = held_](arena* done) {
                                     delete done;
                                     --*held;
                                   }};
    text.copy(storage->data(), text.size());
    return std::vector{
        split_of({std::make_shared<const text_block>(std::move(storage), std::move(slices))})};
  }

  int held() const { return *held_; }

private:
  int lines_;
  std::shared_ptr<std::atomic<int>> held_ = std::make_shared<std::atomic<int>>(0);
};

bool first_of_batch(std::string_view line) { return line.ends_with(".0"); }

std::int64_t parity_of_batch(std::string_view line) { return std::stoll(std::string{line}) % 2; }

/// Runs `op` over 20 batches of 100 lines. When all batches are done and the job is still there, no
/// arena may be held.
template <class Op>
auto run_counted(engine& on, Op op) {
  auto context = on.make_context(test_configuration(), seconds(1));
  auto source = std::make_shared<counted_text>(100);
  auto stream = op(context->template block_stream<std::string_view>(source));
  using record = owned_t<typename decltype(stream)::value_type>;
  collector<record> out;
  stream.collect_into(out);
  context->start();
  on.advance(seconds(20));
  CHECK(wait_until([&] { return out.size() == 20; }));
  CHECK(wait_until([&] { return source->held() == 0; }));
  context->stop();
  return out.batches();
}

} // namespace

TEST_CASE("a window of text that a filter emptied holds none of the text that came in") {
  on_all_engines([](engine& on) {
    auto out = run_counted(on, [](const auto& lines) {
      return lines.filter([](std::string_view) { return false; }).window(seconds(60)).count();
    });
    CHECK(out == std::vector<std::vector<std::int64_t>>(20, {0}));
  });
}

TEST_CASE("a window of text holds its own records and none of the text around them") {
  on_all_engines([](engine& on) {
    auto out = run_counted(
        on, [](const auto& lines) { return lines.filter(first_of_batch).window(seconds(3)); });
    CHECK(out.at(0) == texts{"1.0"});
    CHECK(out.at(19) == texts{"18.0", "19.0", "20.0"});
  });
}

TEST_CASE("groups of a window of text hold none of the text around them") {
  on_all_engines([](engine& on) {
    auto out = run_counted(on, [](const auto& lines) {
      return lines.filter(first_of_batch)
          .map([](std::string_view line) {
            return std::pair{parity_of_batch(line), line};
          })
          .group_by_key_and_window(seconds(60));
    });
    using groups = std::map<std::int64_t, texts>;
    CHECK(groups(out.at(4).begin(), out.at(4).end()) ==
          groups{{0, {"2.0", "4.0"}}, {1, {"1.0", "3.0", "5.0"}}});
  });
}
