#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"
#include "support/scratch_directory.hpp"

#include <sstream>
#include <string>
#include <vector>

using namespace millrace;
using namespace millrace::test;

TEST_CASE("listeners see every kind of output by its name, and the unnamed by its operation") {
  on_all_engines([](engine& on) {
    scratch_directory place;
    const auto prefix = place.name() + "/out";
    auto events = std::make_shared<event_log>();
    std::ostringstream printed;
    collector<int> collected;
    auto context = on.make_context(test_configuration(), seconds(1));
    context->add_listener(events);
    auto s = test_input(*context, test_batches<int>{std::vector{1, 2}}).name("numbers");
    s.print_to(printed).name("printed");
    s.for_each_batch([](const batch<int>&) {}).name("called");
    s.for_each_batch([](const batch<int>&) {});
    s.collect_into(collected).name("collected");
    s.save_as_text_files(prefix, "txt").name("lines");
    s.save_as_object_files(prefix, "objects").name("objects");
    s.for_each_partition([](std::size_t, batch_time) { return 0; }, [](int, int) {}, [](int) {})
        .name("first try")
        .name("connections");
    context->start();
    CHECK(on.advance_until(seconds(1), [&] { return !events->completed().empty(); }));
    context->stop();
    std::vector<std::string> names;
    const auto outputs = events->completed().front().outputs;
    for (auto& output : outputs)
      names.push_back(output.name);
    CHECK(names == std::vector<std::string>{"printed", "called", "for_each_batch", "collected",
                                            "lines", "objects", "connections"});
    CHECK(events->events("output started 1000").at(1) == "output started 1000 1 called");
    CHECK(outputs.at(0).description.starts_with("print \"printed\" at output_name_test.cpp:"));
  });
}

TEST_CASE("a job with two equal names does not start, and the error names both places") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto s = test_input(*context, test_batches<int>{}).name("same");
    s.for_each_batch([](const batch<int>&) {}).name("same");
    std::string message;
    try {
      context->start();
    } catch (const stream_error& e) {
      message = e.what();
    }
    CHECK(message.starts_with("the name \"same\" is given twice, to input_stream \"same\" at "
                              "output_name_test.cpp:"));
    CHECK(message.find(" and to for_each_batch \"same\" at output_name_test.cpp:") !=
          std::string::npos);
    CHECK(context->state() == context_state::stopped);
  });
}
