#include "runtime/files/file_job.hpp"

#include <atomic>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;
using counted = std::pair<std::string, std::int64_t>;

const test_batches<counted> two{std::vector<counted>{{"a", 1}, {"b", 2}, {"c", 3}},
                                std::vector<counted>{}};

/// Fails every change but removals on a disk that is full, as long as `full` says so.
void fill(file_job& job, std::function<bool(std::string_view operation, const std::string&)> full) {
  job.disk->fail_when([full = std::move(full)](auto operation, auto& path) {
    return operation != "read" && operation != "list" && operation != "stat" &&
           operation != "remove" && full(operation, path);
  });
}

} // namespace

TEST_CASE("save_as_text_files: a directory for each batch, a part for each partition") {
  on_all_engines([](engine& on) {
    file_job job{on};
    test_input(*job.context, two, 2).save_as_text_files("/out/counts", "txt");
    job.context->start();
    job.run(seconds(2));
    job.context->stop();
    CHECK(job.names("/out") == texts{"counts-1000.txt", "counts-2000.txt"});
    CHECK(job.names("/out/counts-1000.txt") == texts{"_SUCCESS", "part-00000", "part-00001"});
    CHECK(job.text("/out/counts-1000.txt/part-00000") == "(a,1)\n");
    CHECK(job.text("/out/counts-1000.txt/part-00001") == "(b,2)\n(c,3)\n");
    CHECK(job.names("/out/counts-2000.txt") == texts{"_SUCCESS", "part-00000", "part-00001"});
    CHECK(job.text("/out/counts-2000.txt/part-00000").empty());
  });
}

TEST_CASE("save_as_text_files: records look as print shows them; text of a view type too") {
  on_all_engines([](engine& on) {
    file_job job{on};
    using record = std::tuple<double, std::optional<int>, std::vector<std::string>>;
    test_input<record>(*job.context, {std::vector<record>{{1, std::nullopt, {"x", "y"}}}}, 1)
        .save_as_text_files("out/all");
    auto feed = std::make_shared<batch_feed<std::string_view>>();
    feed->push(batch<std::string_view>{"one", "two"});
    job.context->queue_stream(feed).save_as_text_files("out/views");
    job.context->start();
    job.run();
    job.context->stop();
    CHECK(job.text("out/all-1000/part-00000") == "(1.0,None,[x,y])\n");
    CHECK(job.text("out/views-1000/part-00000") == "one\ntwo\n");
  });
}

TEST_CASE("skip_empty: a batch without records leaves nothing") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto input = test_input(*job.context, two, 2);
    input.save_as_text_files("/out/text", "", true);
    input.save_as_object_files("/out/objects", "", true);
    job.context->start();
    job.run(seconds(2));
    job.context->stop();
    CHECK(job.names("/out") == texts{"objects-1000", "text-1000"});
  });
}

TEST_CASE("save_as_object_files, and object_file_stream reads it back") {
  on_all_engines([](engine& on) {
    file_job job{on};
    file_stream_options options;
    options.wait_until_stable = false;
    test_input(*job.context, two, 2).save_as_object_files("/out/objects");
    collector<counted> back;
    job.context->object_file_stream<counted>("/out/objects-*", options).collect_into(back);
    job.context->start();
    job.run();
    job.run(seconds(2));
    job.context->stop();
    std::vector<counted> all;
    for (auto& records : back.batches())
      all.insert(all.end(), records.begin(), records.end());
    CHECK(all == *two[0]);
  });
}

TEST_CASE("a disk that fills up: the batch is tried again, and then it is right") {
  for (bool objects : {false, true})
    on_all_engines([&](engine& on) {
      file_job job{on};
      std::atomic<int> failures{0};
      fill(job, [&](auto operation, auto& path) {
        return operation == "write" && has(path, "part-00001") && ++failures <= 2;
      });
      auto input = test_input(*job.context, two, 2);
      objects ? input.save_as_object_files("/out/x") : input.save_as_text_files("/out/x");
      job.context->start();
      job.run(seconds(2));
      job.context->stop();
      CHECK(failures > 2);
      CHECK(job.problem.empty());
      CHECK(job.names("/out") == texts{"x-1000", "x-2000"});
      CHECK(job.names("/out/x-1000") == texts{"_SUCCESS", "part-00000", "part-00001"});
      if (!objects)
        CHECK(job.text("/out/x-1000/part-00001") == "(b,2)\n(c,3)\n");
    });
}

TEST_CASE("a disk that stays full: an error that names the file, and nothing half visible") {
  for (bool skip : {false, true})
    on_all_engines([&](engine& on) {
      file_job job{on, skip ? skipping() : test_configuration()};
      std::atomic<bool> full{true};
      fill(job, [&](auto operation, auto&) { return full && operation == "write"; });
      test_input<counted>(*job.context, {two[0], two[0]}, 2).save_as_text_files("/out/x");
      job.context->start();
      job.run();
      CHECK((skip ? !job.ended() : job.ends()));
      CHECK(wait_until([&] { return job.events->completed().size() == 1; }));
      auto failure = job.events->completed().at(0).failure.value_or("none");
      CAPTURE(failure);
      CHECK(has(failure, "No space left on device"));
      CHECK(has(failure, "part-0000"));
      CHECK(has(failure, "/out/"));
      CHECK(job.names("/out").empty());
      full = false;
      if (skip) {
        job.run();
        CHECK(job.names("/out") == texts{"x-2000"});
      }
      job.context->stop();
    });
}

TEST_CASE("whatever change fails once, the batch is whole or not there, and right in the end") {
  auto expected = [](file_job& job) {
    return job.text("/out/x-1000/part-00000") == "(a,1)\n" &&
           job.text("/out/x-1000/part-00001") == "(b,2)\n(c,3)\n" &&
           job.names("/out") == texts{"x-1000"} &&
           job.names("/out/x-1000") == texts{"_SUCCESS", "part-00000", "part-00001"};
  };
  std::uint64_t fails = 0;
  for (std::uint64_t n = 1; n < 40; ++n)
    on_all_engines([&](engine& on) {
      CAPTURE(n);
      file_job job{on};
      job.disk->fail_change(n);
      test_input<counted>(*job.context, {two[0]}, 2).save_as_text_files("/out/x");
      job.context->start();
      job.run();
      job.context->stop();
      CHECK(job.problem.empty());
      CHECK(expected(job));
      fails += job.disk->failures();
    });
  CHECK(fails >= 16);
}
