#include "millrace/actors/system/actor_runtime.hpp"
#include "millrace/io/posix_file_system.hpp"
#include "runtime/files/file_job.hpp"
#include "support/places.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;
using text_batches = std::vector<texts>;

file_stream_options at_once() {
  file_stream_options options;
  options.wait_until_stable = false;
  return options;
}

/// What a context says to a stream that `make(context)` may not make.
template <class Make>
std::string refused(Make make) {
  auto on = make_inline_engine();
  auto context = on->make_context(test_configuration(), seconds(1));
  try {
    make(*context);
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::invalid_argument);
    return e.what();
  }
  return "not refused";
}

std::vector<unsigned char> half_of_packed() {
  auto whole =
      posix_file_system{}.read_file(test::data_directory() + "/packed_text/small.gz").value();
  whole.resize(whole.size() / 2);
  return whole;
}

/// Files /in/1a, /in/2b and /in/3c come in batches 1, 2 and 3; the second one cannot be read.
/// Checks that batch 2 fails with an error that has all of `parts`, and that the job skips it, or
/// ends.
template <class T, class Make>
void second_file_is_bad(Make make, const std::vector<std::vector<unsigned char>>& files,
                        const std::vector<std::string>& parts,
                        const std::vector<std::size_t>& counts,
                        const faulty_file_system::fault& fault = {}) {
  for (bool skip : {true, false})
    on_all_engines([&](engine& on) {
      file_job job{on, skip ? skipping() : test_configuration()};
      job.disk->fail_when(fault);
      collector<T> out;
      make(*job.context).collect_into(out);
      job.context->start();
      const texts names{"/in/1a", "/in/2b", "/in/3c"};
      for (std::size_t i = 0; i < 3 && !job.ended(); ++i) {
        job.put(names[i], files.at(i));
        job.run();
      }
      CHECK(wait_until([&] { return job.events->completed().size() >= 2; }));
      std::vector<std::size_t> found;
      for (auto& records : out.batches())
        found.push_back(records.size());
      auto second = job.events->completed().at(1).failure.value_or("no failure");
      auto wanted = parts;
      wanted.emplace_back("/in/2b");
      wanted.emplace_back("file_stream_failure_test.cpp:");
      CAPTURE(second);
      for (auto& part : wanted) {
        CAPTURE(part);
        CHECK(has(second, part));
        if (!skip)
          CHECK(has(job.problem, part));
      }
      CHECK(found == (skip ? counts : std::vector{counts[0]}));
      job.context->stop();
    });
}

std::vector<unsigned char> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

} // namespace

TEST_CASE("options that are wrong are refused, naming the operation and its place") {
  auto check = [](const std::string& said, const std::string& operation, const std::string& why) {
    CAPTURE(said);
    CHECK(has(said, operation + " at file_stream_failure_test.cpp:"));
    CHECK(has(said, why));
  };
  check(refused([](auto& c) { c.text_file_stream(""); }), "text_file_stream",
        "the directory is empty");
  check(refused([](auto& c) {
          file_stream_options options;
          options.filter = nullptr;
          c.text_file_stream("/in", options);
        }),
        "text_file_stream", "the filter is empty");
  check(refused([](auto& c) {
          file_stream_options options;
          options.min_remember = milliseconds(-1);
          c.template object_file_stream<int>("/in", options);
        }),
        "object_file_stream", "must not be negative");
  check(refused([](auto& c) {
          file_stream_options options;
          options.max_files_per_batch = 0;
          c.binary_records_stream("/in", 4, options);
        }),
        "binary_records_stream", "max_files_per_batch is 0");
  check(refused([](auto& c) { c.binary_records_stream("/in", 0); }), "binary_records_stream",
        "a record has 0 bytes");
  check(refused([](auto& c) {
          c.template file_stream<int>("",
                                      [](const std::string&, auto) { return std::vector<int>{}; });
        }),
        "file_stream", "the directory is empty");
}

TEST_CASE("a directory that is missing is warned of once, and read when it comes") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.run(seconds(3));
    CHECK(job.log->count(log_level::warning, "/in") == 1);
    job.put("/in/a", "a\n");
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{}, {}, {}, {"a"}});
    CHECK(job.log->count(log_level::info, "'/in' can be read again") == 1);
  });
}

TEST_CASE("a directory that cannot be listed for a while misses no file") {
  on_all_engines([](engine& on) {
    file_job job{on};
    std::atomic<bool> broken{false};
    job.disk->fail_when([&](auto operation, auto&) { return broken && operation == "list"; });
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.put("/in/old", "old");
    job.context->start();
    broken = true;
    job.put("/in/a", "a");
    job.run(seconds(2));
    broken = false;
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{}, {}, {"a"}});
    CHECK(job.log->count(log_level::warning, "/in") == 1);
    CHECK(job.log->count(log_level::info, "'/in' can be read again") == 1);
  });
}

TEST_CASE("a directory that vanishes is warned of once; nothing is missed or doubled after it") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.put("/in/old", "old");
    job.context->start();
    job.put("/in/a", "a");
    job.run();
    REQUIRE(job.memory->rename("/in", "/away"));
    job.put("/away/b", "b");
    job.run(seconds(2));
    CHECK(job.log->count(log_level::warning, "/in") == 1);
    REQUIRE(job.memory->rename("/away", "/in"));
    job.run(seconds(2));
    job.context->stop();
    CHECK(out.batches() == text_batches{{"a"}, {}, {}, {"b"}, {}});
    CHECK(job.log->count(log_level::info, "'/in' can be read again") == 1);
  });
}

TEST_CASE("a file that is cut off after it was found fails its batch and gives none of its lines") {
  on_all_engines([](engine& on) {
    file_job job{on};
    job.disk->fail_when([&](auto operation, auto& path) {
      if (operation == "read" && path == "/in/a")
        job.put("/in/a", "1\n2\n");
      return false;
    });
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a", "1\n2\n3\n");
    job.run();
    CHECK(job.ends());
    CAPTURE(job.problem);
    CHECK(has(job.problem, "/in/a"));
    CHECK(has(job.problem, "was cut off meanwhile"));
    CHECK(has(job.problem, "text_file_stream at file_stream_failure_test.cpp"));
    CHECK(out.size() == 0);
    job.context->stop();
  });
}

TEST_CASE("a file that cannot be read at first is tried again at once") {
  on_all_engines([](engine& on) {
    file_job job{on};
    std::atomic<int> failures{0};
    job.disk->fail_when(
        [&](auto operation, auto&) { return operation == "read" && failures++ < 2; });
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a", "a");
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{"a"}});
    CHECK(job.log->count(log_level::warning, "/in/a failed, attempt") == 2);
  });
}

TEST_CASE("a file that cannot be read fails its batch; skipping goes on with the next") {
  second_file_is_bad<std::string>(
      [](auto& c) { return c.text_file_stream("/in", at_once()); },
      {bytes_of("1\n2\n"), bytes_of("3\n"), bytes_of("4\n")},
      {"text_file_stream at", "Error generating a batch for time 2000 ms"}, {2, 1},
      [](auto operation, auto& path) { return operation == "read" && path == "/in/2b"; });
}

TEST_CASE("the other files of a batch that failed for one come with the next batch") {
  on_all_engines([](engine& on) {
    file_job job{on, skipping()};
    job.disk->fail_when(
        [](auto operation, auto& path) { return operation == "read" && path == "/in/c"; });
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    for (std::string name : {"a", "b", "c", "d"})
      job.put("/in/" + name, name);
    job.run(seconds(3));
    job.context->stop();
    CHECK(out.batches() == text_batches{{"a", "b", "d"}, {}});
    CHECK(job.events->completed().at(0).failure.has_value());
  });
}

TEST_CASE("a bad file takes nothing along of another stream, whichever is declared first") {
  for (bool bad_first : {true, false})
    on_all_engines([&](engine& on) {
      CAPTURE(bad_first);
      file_job job{on, skipping()};
      collector<std::string> good;
      collector<std::string> bad;
      if (bad_first)
        job.context->text_file_stream("/bad", at_once()).collect_into(bad);
      job.context->text_file_stream("/good", at_once()).collect_into(good);
      if (!bad_first)
        job.context->text_file_stream("/bad", at_once()).collect_into(bad);
      job.context->start();
      job.put("/good/a", "1\n2\n");
      job.put("/bad/b.gz", half_of_packed());
      job.run();
      job.put("/bad/c", "3\n");
      job.run(seconds(2));
      job.context->stop();
      CHECK(has(job.events->completed().at(0).failure.value_or("none"), "/bad/b.gz"));
      CHECK(good.batches() == text_batches{{"1", "2"}, {}});
      CHECK(bad.batches() == text_batches{{"3"}, {}});
      CHECK(job.log->count(log_level::error,
                           "'/bad/b.gz' is left out, because it cannot be read: ") == 1);
    });
}

TEST_CASE("a bad file takes nothing along of queues and functions") {
  for (bool bad_first : {true, false})
    for (bool one_at_a_time : {true, false})
      on_all_engines([&](engine& on) {
        CAPTURE(bad_first);
        CAPTURE(one_at_a_time);
        file_job job{on, skipping()};
        auto feed = std::make_shared<batch_feed<int>>();
        feed->push({1, 2});
        feed->push({3});
        collector<std::string> bad;
        collector<int> queued;
        collector<int> made;
        if (bad_first)
          job.context->text_file_stream("/bad", at_once()).collect_into(bad);
        job.context->queue_stream(feed, one_at_a_time, {0}).collect_into(queued);
        job.context
            ->input_stream<int>(
                [n = 0](batch_time) mutable { return std::optional{batch<int>{++n}}; })
            .collect_into(made);
        if (!bad_first)
          job.context->text_file_stream("/bad", at_once()).collect_into(bad);
        job.context->start();
        job.put("/bad/b.gz", half_of_packed());
        job.run(seconds(4));
        job.context->stop();
        using ints = std::vector<int>;
        CHECK(queued.batches() == (one_at_a_time ? std::vector<ints>{{1, 2}, {3}, {0}}
                                                 : std::vector<ints>{{1, 2, 3}, {0}, {0}}));
        CHECK(made.batches() ==
              (bad_first ? std::vector<ints>{{1}, {2}, {3}} : std::vector<ints>{{1, 2}, {3}, {4}}));
      });
}

TEST_CASE("a packed file that is cut off") {
  on_all_engines([](engine& on) {
    file_job job{on};
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a.gz", half_of_packed());
    job.run();
    CHECK(job.ends());
    CAPTURE(job.problem);
    CHECK(has(job.problem, "/in/a.gz"));
    CHECK(out.size() == 0);
    job.context->stop();
  });
}

TEST_CASE("records of one length: a file with a rest") {
  second_file_is_bad<std::string>(
      [](auto& c) { return c.binary_records_stream("/in", 2, at_once()); },
      {bytes_of("1122"), bytes_of("112"), bytes_of("11")}, {"binary_records_stream at"}, {2, 1});
}

TEST_CASE("an object file of other records, or of none") {
  memory_file_system disk;
  auto file = [&](auto record) {
    std::vector<decltype(record)> records{record, record};
    auto to = object_file_writer<decltype(record)>::create(disk, "f").value();
    REQUIRE(to.add(records));
    REQUIRE(to.finish());
    return disk.read_file("f").value();
  };
  auto good = file(std::int64_t{1});
  for (auto& bad : {file(std::string{"text"}), bytes_of("not an object file")})
    second_file_is_bad<std::int64_t>(
        [](auto& c) { return c.template object_file_stream<std::int64_t>("/in", at_once()); },
        {good, bad, good}, {"object_file_stream at"}, {2, 2});
}

TEST_CASE("a reader of the user's that throws") {
  second_file_is_bad<int>(
      [](auto& c) {
        return c.template file_stream<int>(
            "/in",
            [](const std::string&, std::span<const unsigned char> bytes) {
              if (bytes.empty())
                throw std::runtime_error("no header");
              return std::vector<int>{1};
            },
            at_once());
      },
      {bytes_of("1"), bytes_of(""), bytes_of("1")}, {"file_stream at", "no header"}, {1, 1});
}

TEST_CASE("a line that is too long is left out, and said so") {
  on_all_engines([](engine& on) {
    file_job job{on, test_configuration().set("stream.max_record_bytes", "1k")};
    collector<std::string> out;
    job.context->text_file_stream("/in", at_once()).collect_into(out);
    job.context->start();
    job.put("/in/a", "a\n" + std::string(2000, 'x') + "\nb\n");
    job.run();
    job.context->stop();
    CHECK(out.batches() == text_batches{{"a", "b"}});
    CHECK(job.log->count(log_level::warning, "'/in/a': a line of 2000 bytes") == 1);
  });
}
