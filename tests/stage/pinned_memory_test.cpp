#include "millrace/stage/aggregate.hpp"
#include "millrace/stage/collect.hpp"
#include "millrace/stage/combine.hpp"
#include "millrace/stage/event_exchange.hpp"
#include "millrace/stage/fold.hpp"
#include "millrace/stage/scatter.hpp"
#include "millrace/stage/window_reader.hpp"
#include "stage/exchange_harness.hpp"

#include <functional>
#include <set>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using view_pair = std::pair<std::string_view, std::string_view>;
using texts = std::vector<std::string>;

/// What a stage works on, with its text; tells when nobody holds it any more.
struct stage_text {
  std::shared_ptr<const std::string> text =
      std::make_shared<const std::string>("the bytes of a batch, longer than the short form");
  std::weak_ptr<const std::string> watch = text;
  batch_context context = context_at(1000, text);

  std::string_view part(std::size_t from, std::size_t size) const {
    return std::string_view{*text}.substr(from, size);
  }

  /// After the stage is done: whether payloads hold on to the text.
  bool pinned() {
    text.reset();
    context.inputs.reset();
    return !watch.expired();
  }
};

/// Whether the payloads of `writer` for no records keep the input; the stage was open.
template <class T>
bool empty_keeps_input(exchange_writer& writer) {
  stage_text input;
  auto sent = write_all<T>(writer, {{}, {}}, input.context);
  for (auto& p : sent)
    CHECK(p->records() == 0);
  return input.pinned();
}

struct longest {
  std::string_view text;
  void add(std::string_view other) { text = std::max(text, other); }
  void merge(const longest& other) { add(other.text); }
};

} // namespace

template <>
struct millrace::contains_view<longest> : std::true_type {};

TEST_CASE("a payload without records keeps nothing of what its stage worked on") {
  auto later = [](std::string_view a, std::string_view b) { return std::max(a, b); };
  auto take = [later](std::string_view& a, std::string_view b) { a = later(a, b); };
  aggregator agg{[](std::string_view v) { return v; }, take, take};
  auto make = [] { return longest{}; };

  scatter_writer<std::string_view, std::string_view, hash_partitioner> scatter{exchange_who, {2}};
  CHECK_FALSE(empty_keeps_input<view_pair>(scatter));
  deal_writer<std::string_view> deal{2};
  CHECK_FALSE(empty_keeps_input<std::string_view>(deal));
  combine_writer<std::string_view, std::string_view, std::string_view, decltype(agg),
                 hash_partitioner>
      combine{exchange_who, agg, {2}};
  CHECK_FALSE(empty_keeps_input<view_pair>(combine));
  reduce_writer<std::string_view, decltype(later)> reduce{exchange_who, later};
  CHECK_FALSE(empty_keeps_input<std::string_view>(reduce));
  aggregate_writer<std::string_view, longest, decltype(make)> aggregate{exchange_who, make};
  CHECK_FALSE(empty_keeps_input<std::string_view>(aggregate));
  event_writer<std::string_view, std::string_view, hash_partitioner> events{exchange_who, {2}, {}};
  CHECK_FALSE(empty_keeps_input<timestamped<view_pair>>(events));
  collect_writer<std::string_view, std::string_view> collect;
  CHECK_FALSE(empty_keeps_input<std::string_view>(collect));
}

TEST_CASE("of several targets only those with records keep the input") {
  stage_text input;
  deal_writer<std::string_view> w{3};
  auto sent = write_all<std::string_view>(w, {{input.part(0, 3)}}, input.context);
  CHECK(sent[0]->keep);
  CHECK_FALSE(sent[1]->keep);
  CHECK_FALSE(sent[2]->keep);
  CHECK(input.pinned());
  sent.erase(sent.begin());
  CHECK(input.watch.expired());
}

TEST_CASE("of the targets of combined keys only those with keys keep the text of the keys") {
  stage_text input;
  auto add = [](int& a, int b) { a += b; };
  aggregator agg{[](int v) { return v; }, add, add};
  combine_writer<std::string_view, int, int, decltype(agg), hash_partitioner> w{
      exchange_who, agg, {5}};
  using counted = std::pair<std::string_view, int>;
  auto sent = write_all<counted>(w, {{{input.part(0, 30), 1}}}, input.context);
  CHECK_FALSE(input.pinned());
  using keyed = keyed_payload<std::string_view, int>;
  for (auto& p : sent)
    CHECK((static_cast<const keyed&>(*p).arena != nullptr) == (p->records() != 0));
}

TEST_CASE("a window owns the text of its records and holds nothing else of its batches") {
  stage_text input;
  collect_writer<std::string_view, std::string_view> w;
  const std::string_view whole = *input.text;
  auto sent = write_all<std::string_view>(
      w, {{whole.substr(4, 5), "", whole.substr(13, 1)}, {whole}}, input.context);
  CHECK_FALSE(input.pinned());
  recording_consumer<std::string_view> down;
  window_reader<std::string_view> window{down, {seconds(2), seconds(1)}};
  auto records = read_target(window, down, {sent}, 0);
  CHECK(texts(records.begin(), records.end()) ==
        texts{"bytes", "", "a", "the bytes of a batch, longer than the short form"});
  window.commit();
  std::weak_ptr<const payload> held = sent[0];
  sent.clear();
  down = {};
  CHECK_FALSE(held.expired());
  collect_writer<std::string_view, std::string_view> none;
  for (std::int64_t time : {2000, 3000}) {
    auto now = context_at(time);
    read_target(window, down, {write_all<std::string_view>(none, {}, now)}, 0, now);
    window.commit();
  }
  CHECK(held.expired());
}

TEST_CASE("views in records of every kind are copied") {
  stage_text input;
  using record = std::pair<std::optional<std::string_view>,
                           std::tuple<int, std::vector<std::variant<int, std::string_view>>,
                                      std::array<std::string_view, 2>>>;
  collect_writer<timestamped<record>, timestamped<record>> w;
  record given{input.part(0, 3),
               {7, {1, input.part(4, 5)}, {input.part(10, 2), std::string_view{}}}};
  auto sent = write_all<timestamped<record>>(w, {{{event_time{5}, given}}}, input.context);
  const owned_t<record> expected = to_owned(given);
  CHECK_FALSE(input.pinned());
  auto parts = ordered_partitions<timestamped<record>>(sent);
  CHECK(to_owned(parts[0][0].value) == expected);
}

TEST_CASE("views that cannot be reached keep the batch that they came from") {
  stage_text input;
  using names = std::set<std::string_view>;
  collect_writer<names, names> w;
  auto sent = write_all<names>(w, {{{input.part(0, 3), input.part(4, 5)}}}, input.context);
  CHECK(input.pinned());
  CHECK(ordered_partitions<names>(sent)[0][0] == names{"bytes", "the"});
  sent.clear();
  CHECK(input.watch.expired());
}
