#include "support/engine.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const stream_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

TEST_CASE("an operation is described by its name and its place in the user's file") {
  graph_builder builder{seconds(1), 2};
  auto line = std::source_location::current();
  auto info = builder.describe_new("map", line);
  CHECK(describe(*info) == "map at graph_builder_test.cpp:" + std::to_string(line.line()));
  info->name = "words";
  CHECK(describe(*info).starts_with("map \"words\" at "));
}

TEST_CASE("a frozen graph refuses operations in Spark's words") {
  graph_builder builder{seconds(1), 2};
  auto add = [&] { builder.describe_new("map", std::source_location::current()); };
  builder.set_state(context_state::active);
  CHECK(message_of(add).starts_with("Adding new inputs, transformations, and output operations "
                                    "after starting a context is not supported: map at "));
  builder.set_state(context_state::stopped);
  CHECK(message_of(add).starts_with("Adding new inputs, transformations, and output operations "
                                    "after stopping a context is not supported: map at "));
}

TEST_CASE("names are refused when they are empty, too long or not of one line") {
  graph_builder builder{seconds(1), 2};
  op_info info{"map", "before", {"job.cpp", 3}};
  auto set = [&](std::string name) {
    return message_of([&] { builder.set_name(info, name, std::source_location::current()); });
  };
  for (const auto& [name, why] :
       {std::pair{std::string{}, "an empty name"},
        std::pair{std::string(201, 'x'), "a name of 201 bytes"},
        std::pair{std::string{"a\nb"}, "a name with a control character"}}) {
    auto message = set(name);
    CAPTURE(message);
    CHECK(message.starts_with("name at graph_builder_test.cpp:"));
    CHECK(message.ends_with(std::string{why} +
                            " for map \"before\" at job.cpp:3; a name has 1 to 200 bytes, none "
                            "of them a control character"));
    CHECK(info.name == "before");
  }
  CHECK(set(std::string(200, 'x')).empty());
  CHECK(info.name == std::string(200, 'x'));
  CHECK(set("W\u00f6rter: all, 1").empty());
}

TEST_CASE("no partition count means the default parallelism; too many are refused") {
  graph_builder builder{seconds(1), 6};
  op_info info{"repartition", "", {"job.cpp", 3}};
  CHECK(builder.partitions_or_default(0, info) == 6);
  CHECK(builder.partitions_or_default(9, info) == 9);
  CHECK(builder.partitions_or_default(65'536, info) == 65'536);
  CHECK(message_of([&] { builder.partitions_or_default(65'537, info); }) ==
        "repartition at job.cpp:3: 65537 partitions; at most 65536 are allowed");
}

TEST_CASE("the default parallelism is the option, else the threads of the master") {
  for (auto [option, master, expected] :
       {std::tuple{0, "local[3]", 3U}, std::tuple{5, "local[3]", 5U}, std::tuple{0, "local", 1U}}) {
    auto on = make_inline_engine();
    auto conf = test_configuration().master(master).set("stream.default_parallelism", option);
    auto context = on->make_context(conf, seconds(1));
    collector<std::pair<int, int>> out;
    test_input<std::pair<int, int>>(*context, {std::vector{std::pair{1, 1}}})
        .reduce_by_key(std::plus{})
        .collect_into(out);
    context->start();
    on->advance(seconds(1));
    CHECK(out.partitions().at(0).size() == expected);
  }
}

TEST_CASE("listeners: delays of a batch are known as far as it has come") {
  batch_info info;
  info.time = batch_time{1000};
  info.submitted = batch_time{1010};
  info.inputs = {{stream_id{0}, 3, 30, "a"}, {stream_id{1}, 4, 40, "b"}};
  CHECK(info.records() == 7);
  CHECK_FALSE(info.scheduling_delay());
  CHECK_FALSE(info.total_delay());
  info.processing_started = batch_time{1025};
  CHECK(info.scheduling_delay() == duration{25});
  CHECK_FALSE(info.processing_delay());
  info.processing_ended = batch_time{1125};
  CHECK(info.processing_delay() == duration{100});
  CHECK(info.total_delay() == duration{125});
  info.time = batch_time{1050};
  CHECK(info.scheduling_delay() == duration{0});
  CHECK(info.total_delay() == duration{100});
}
