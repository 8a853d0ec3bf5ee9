#include "millrace/io/posix_file_system.hpp"
#include "runtime/files/file_job.hpp"
#include "support/places.hpp"

#include <string>

using namespace millrace;
using namespace millrace::test;

// Spark's InputStreamsSuite on files; a batch is 1 s. Files are read in the first batch that begins
// after they were last modified, one batch later than in Spark, unless a stream says otherwise.

namespace {

using texts = std::vector<std::string>;
using text_batches = std::vector<texts>;

/// Spark's rule: a file is read in the batch in which it was modified.
file_stream_options at_once() {
  file_stream_options options;
  options.wait_until_stable = false;
  return options;
}

/// The lines that a text stream of "in" gives while `steps(job)` runs.
template <class Steps>
text_batches lines_of(engine& on, std::string directory, const file_stream_options& options,
                      Steps steps, configuration conf = test_configuration()) {
  file_job job{on, std::move(conf)};
  collector<std::string> out;
  job.context->text_file_stream(std::move(directory), options).collect_into(out);
  steps(job);
  job.context->stop();
  CHECK(job.problem.empty());
  return out.batches();
}

} // namespace

TEST_CASE("text_file_stream: the lines of new files, in Spark's batch and once they are stable") {
  auto steps = [](file_job& job) {
    job.put("/in/old", "old\n");
    job.context->start();
    for (int i = 1; i <= 3; ++i) {
      job.now->advance(milliseconds(500));
      job.put("/in/" + std::to_string(i), std::to_string(i) + "a\n" + std::to_string(i) + "b");
      job.on.advance(milliseconds(500));
      job.now->advance(milliseconds(500));
      job.on.advance(milliseconds(500));
      CHECK(wait_until([&] { return job.events->completed().size() == std::size_t(i); }));
    }
    job.run();
  };
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/in", at_once(), steps) ==
          text_batches{{"1a", "1b"}, {"2a", "2b"}, {"3a", "3b"}, {}});
  });
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/in", {}, steps) ==
          text_batches{{}, {"1a", "1b"}, {"2a", "2b"}, {"3a", "3b"}});
  });
}

TEST_CASE("a file that is still written to is not read in part") {
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/in", {}, [](file_job& job) {
            job.context->start();
            job.run();
            auto content = std::string{};
            for (int i = 0; i < 3; ++i) {
              job.run(milliseconds(500));
              job.put("/in/a", content += "line\n");
              job.run(milliseconds(500));
            }
            job.run(seconds(2));
          }) == text_batches{{}, {}, {}, {}, {"line", "line", "line"}, {}});
  });
}

TEST_CASE("files that are there at the start are read when the stream says so") {
  auto options = at_once();
  options.new_files_only = false;
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/in", options, [](file_job& job) {
            job.put("/in/old", "a\nb\n");
            job.context->start();
            job.run(seconds(2));
          }) == text_batches{{"a", "b"}, {}});
  });
}

// Spark takes a file whose modification time is older than its remembered minute for read.
TEST_CASE("a file that turns up late with an old modification time is read") {
  on_all_engines([](engine& on) {
    CHECK(lines_of(on, "/in", at_once(), [](file_job& job) {
            job.put("/in/a", "a");
            job.put("/elsewhere/late", "late");
            job.context->start();
            job.run(seconds(100));
            REQUIRE(job.memory->rename("/elsewhere/late", "/in/late"));
            job.run();
          }).back() == texts{"late"});
  });
}

// Spark reads each name once.
TEST_CASE("a file that is written anew is read again, as a whole") {
  on_all_engines([](engine& on) {
    CHECK(lines_of(on, "/in", at_once(), [](file_job& job) {
            job.context->start();
            job.put("/in/a", "one\n");
            job.run(seconds(2));
            job.put("/in/a", "one\ntwo\n");
            job.run();
            job.put("/in/a", "ONE\nTWO\n");
            job.run(seconds(2));
          }) == text_batches{{"one"}, {}, {"one", "two"}, {"ONE", "TWO"}, {}});
  });
}

TEST_CASE("patterns name directories, which may come later; recursion reads what is below") {
  auto steps = [](file_job& job) {
    job.context->start();
    job.run();
    job.put("/logs/2026-01/in/a", "a");
    job.put("/logs/2026-02/in/b", "b");
    job.put("/logs/2025-01/in/no", "no");
    job.put("/logs/2026-01/out/no", "no");
    job.put("/logs/2026-01/in/deep/down/c", "c");
    job.put("/logs/2026-01/in/.hidden", "no");
    job.run();
  };
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/logs/2026-*/in", at_once(), steps) == text_batches{{}, {"a", "b"}});
  });
  auto recursive = at_once();
  recursive.recursive = true;
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/logs/2026-*/in", recursive, steps) == text_batches{{}, {"a", "c", "b"}});
  });
}

TEST_CASE("a filter chooses files") {
  auto options = at_once();
  options.filter = [](const std::string& path) { return path.ends_with(".log"); };
  on_all_engines([&](engine& on) {
    CHECK(lines_of(on, "/in", options, [](file_job& job) {
            job.context->start();
            job.put("/in/a.log", "a");
            job.put("/in/a.txt", "no");
            job.run();
          }) == text_batches{{"a"}});
  });
}

TEST_CASE("packed files are unpacked") {
  auto packed = [](const char* name) {
    return posix_file_system{}.read_file(test::data_directory() + "/packed_text/" + name).value();
  };
  on_all_engines([&](engine& on) {
    auto out = lines_of(on, "/in", at_once(), [&](file_job& job) {
      job.context->start();
      job.put("/in/a.gz", packed("small.gz"));
      job.run();
      job.put("/in/b.zst", packed("small.zst"));
      job.run();
    });
    REQUIRE(out.size() == 2);
    CHECK_FALSE(out[0].empty());
    CHECK(out[0] == out[1]);
  });
}

TEST_CASE("a file that was away is not read again, inside and outside the remembered span") {
  auto steps = [](duration away) {
    return [away](file_job& job) {
      job.context->start();
      job.put("/in/a", "a");
      job.run();
      REQUIRE(job.memory->rename("/in", "/elsewhere"));
      job.run(away);
      REQUIRE(job.memory->rename("/elsewhere", "/in"));
      job.put("/in/b", "b");
      job.run();
    };
  };
  for (const char* directory : {"/in", "/i*"})
    for (duration away : {seconds(2), seconds(20)})
      on_all_engines([&](engine& on) {
        auto conf =
            test_configuration().set("spark.streaming.fileStream.minRememberDuration", "5s");
        auto out = lines_of(on, directory, at_once(), steps(away), conf);
        CHECK(out.front() == texts{"a"});
        CHECK(out.back() == texts{"b"});
      });
}

// Bettered: Spark reports 0 records for files.
TEST_CASE("listeners hear how many records and bytes the files gave") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a", "1\n2\n3\n");
    job.put("/in/b", "4\n");
    job.run();
    job.run();
    job.context->stop();
    CHECK(job.counts() == std::vector<std::uint64_t>{4, 0});
    auto input = job.events->completed().at(0).inputs.at(0);
    CHECK(input.bytes >= 4);
    CHECK(has(input.description, "text_file_stream at file_stream_test.cpp:"));
    CHECK(job.events->completed().at(0).records() == 4);
  });
}

TEST_CASE("limits spread the files over several batches, oldest first") {
  auto few_files = at_once();
  few_files.max_files_per_batch = 2;
  auto few_bytes = at_once();
  few_bytes.max_bytes_per_batch = 5;
  auto steps = [](file_job& job) {
    job.context->start();
    for (std::string name : {"a", "b", "c"})
      job.put("/in/" + name, name + "\n");
    job.run(seconds(3));
  };
  for (auto& options : {few_files, few_bytes})
    on_all_engines([&](engine& on) {
      CHECK(lines_of(on, "/in", options, steps) == text_batches{{"a", "b"}, {"c"}, {}});
    });
}

TEST_CASE("binary_records_stream: records of one length") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context->binary_records_stream("/in", 3, at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a", std::string("abc\n\0fghi", 9));
    job.run();
    job.put("/in/b", "");
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{"abc", std::string("\n\0f", 3), "ghi"}, {}});
    CHECK(job.counts() == std::vector<std::uint64_t>{3, 0});
  });
}

TEST_CASE("object_file_stream: what an object file holds, each block a partition") {
  using record = std::pair<std::string, std::int64_t>;
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<record> out;
    job.context->object_file_stream<record>("/in", at_once()).collect_into(out);
    job.context->start();
    REQUIRE(job.memory->make_directories("/in"));
    auto file = object_file_writer<record>::create(*job.memory, "/in/.a").value();
    REQUIRE(file.add(std::vector<record>{{"a", 1}, {"b", -2}}));
    REQUIRE(file.finish());
    REQUIRE(job.memory->rename("/in/.a", "/in/a"));
    job.run();
    job.context->stop();
    CHECK(out.batches() == std::vector<std::vector<record>>{{{"a", 1}, {"b", -2}}});
    CHECK(job.counts() == std::vector<std::uint64_t>{2});
  });
}

TEST_CASE("file_stream: packed files come unpacked") {
  const auto packed =
      posix_file_system{}.read_file(test::data_directory() + "/packed_text/small.gz").value();
  on_all_engines([&](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context
        ->file_stream<std::string>(
            "/in",
            [](const std::string&, std::span<const unsigned char> bytes) {
              return texts{std::string{bytes.begin(), bytes.end()}};
            },
            at_once())
        .collect_into(out);
    job.context->start();
    job.put("/in/a.gz", packed);
    job.run();
    job.context->stop();
    REQUIRE(out.batches().size() == 1);
    CHECK(out.batches()[0] == texts{"one\ntwo\r\nthree"});
  });
}

TEST_CASE("file_stream: a format of the user's own") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context
        ->file_stream<std::string>(
            "/in",
            [](const std::string& path, std::span<const unsigned char> bytes) {
              return texts{path, std::to_string(bytes.size())};
            },
            at_once())
        .collect_into(out);
    job.context->start();
    job.put("/in/a", "12345");
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{"/in/a", "5"}});
  });
}
