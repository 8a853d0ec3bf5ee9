#include "runtime/error_of.hpp"
#include "runtime/files/file_job.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace app {

/// A record type without a codec.
struct opaque {
  int value = 0;
};

} // namespace app

using namespace millrace;
using namespace millrace::test;
namespace levels = storage_levels;

namespace {

using texts = std::vector<std::string>;

/// Batches of 100 strings of 100 bytes that tell their batch.
test_batches<std::string> large(int n) {
  test_batches<std::string> out;
  for (int i = 1; i <= n; ++i)
    out.push_back(texts(100, std::to_string(i) + std::string(100, 'x')));
  return out;
}

/// Room for about one and a half of those batches.
configuration little_memory() { return test_configuration().set("storage.memory_bytes", "20k"); }

/// The batches of a stream, as the numbers that they tell.
std::string numbers(const dstream<std::string>& s, std::int64_t from, std::int64_t to) {
  std::string out;
  for (auto& records : s.slice(batch_time{from}, batch_time{to})) {
    CHECK(records.size() == 100);
    out += records.collect().at(99).substr(0, 1);
  }
  return out;
}

const std::string spill_root = "/tmp/millrace-spill";

/// All spilled files on the disk of the job.
std::size_t spilled(const file_job& job) {
  std::size_t n = 0;
  for (auto& of_job : job.names(spill_root))
    for (auto& stream : job.names(spill_root + "/" + of_job))
      n += job.names(spill_root + "/" + of_job + "/" + stream).size();
  return n;
}

/// Runs four batches, all of which are kept on the disk.
void keep_on_disk(file_job& job) {
  auto s = test_input(*job.context, large(4));
  s.remember(seconds(10)).persist(levels::disk_only);
  s.for_each_batch([](const auto&) {});
  job.context->start();
  job.run(seconds(4));
  CHECK(job.problem.empty());
}

/// All that is below a directory.
void copy_files(const file_system& from, file_system& to, const std::string& directory) {
  REQUIRE(to.make_directories(directory));
  const auto entries = from.list(directory).value();
  for (auto& entry : entries) {
    const auto path = directory + "/" + entry.name;
    if (entry.is_directory)
      copy_files(from, to, path);
    else
      REQUIRE(to.write_file_atomic(path, from.read_file(path).value()));
  }
}

} // namespace

TEST_CASE("window - persistence level") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto input = test_input<int>(*context, {});
    CHECK(input.level() == levels::none);
    auto windowed = input.window(seconds(2));
    CHECK(windowed.level() == levels::none);
    CHECK(input.level() == levels::memory_only_ser);
    windowed.persist(levels::memory_only);
    CHECK(windowed.level() == levels::none);
    CHECK(input.level() == levels::memory_only);
  });
}

TEST_CASE("persisting a window keeps the batches of its parent, for as long as the window") {
  for (auto level : {levels::memory_only, levels::memory_and_disk})
    on_all_engines([&](engine& on) {
      bool spills = level == levels::memory_and_disk;
      file_job job{on, spills ? little_memory() : test_configuration()};
      auto s = test_input(*job.context, large(6));
      s.window(seconds(3)).persist(level).for_each_batch([](const auto&) {});
      job.context->start();
      job.run(seconds(6));
      CHECK(numbers(s, 0, 6000) == "3456");
      CHECK((spilled(job) != 0) == spills);
      job.context->stop();
    });
}

TEST_CASE("persist, cache and unpersist set the level") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto input = test_input<int>(*context, {});
    input.persist();
    CHECK(input.level() == levels::memory_only_ser);
    input.persist(levels::disk_only_2);
    CHECK(input.level() == levels::disk_only_2);
    input.unpersist();
    CHECK(input.level() == levels::none);
    input.cache();
    CHECK(input.level() == levels::memory_only_ser);
    auto plain = input.map([](int x) { return app::opaque{x}; });
    plain.cache();
    CHECK(plain.level() == levels::memory_only);
    auto e = error_of([&] { input.persist(storage_level{true, true, true, true, 1}); });
    CHECK(e.code == errc::invalid_argument);
    CHECK(has(e.message, "persist at persistence_test.cpp:"));
  });
}

TEST_CASE("levels change before the start only; unpersist forgets while the job runs") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, large(3));
    s.remember(seconds(10)).persist();
    s.for_each_batch([](const auto&) {});
    job.context->start();
    auto e = error_of([&] { s.persist(levels::disk_only); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "Cannot change storage level of a DStream after streaming context has "
                         "started: persist at persistence_test.cpp:"));
    e = error_of([&] { s.checkpoint(seconds(1)); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "checkpoint interval"));
    job.run(seconds(2));
    CHECK(numbers(s, 0, 2000) == "12");
    s.unpersist();
    CHECK(s.level() == levels::none);
    CHECK(numbers(s, 0, 2000).empty());
    job.run();
    CHECK(job.problem.empty());
    job.context->stop();
  });
}

TEST_CASE("unpersist on a window forgets the batches of its parent, before the start or later") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto late = test_input(*job.context, large(3));
    auto early = test_input(*job.context, large(3));
    auto late_window = late.window(seconds(2));
    late_window.persist().for_each_batch([](const auto&) {});
    early.window(seconds(2)).persist().unpersist().for_each_batch([](const auto&) {});
    CHECK(late.level() == levels::memory_only_ser);
    CHECK(early.level() == levels::none);
    job.context->start();
    job.run(seconds(2));
    CHECK(numbers(late, 0, 2000) == "12");
    CHECK(error_of([&] { early.slice(batch_time{0}, batch_time{2000}); }).code ==
          errc::illegal_state);
    late_window.unpersist();
    CHECK(late.level() == levels::none);
    CHECK(numbers(late, 0, 2000).empty());
    job.run();
    CHECK(job.problem.empty());
    job.context->stop();
  });
}

TEST_CASE("persisting at NONE keeps what remember asks for, and nothing else") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto forgotten = test_input(*job.context, large(2));
    auto remembered = test_input(*job.context, large(2));
    forgotten.persist(levels::memory_only).persist(levels::none);
    remembered.remember(seconds(10)).persist(levels::memory_only).persist(levels::none);
    forgotten.union_with(remembered).for_each_batch([](const auto&) {});
    job.context->start();
    job.run(seconds(2));
    CHECK(numbers(remembered, 0, 2000) == "12");
    CHECK(error_of([&] { forgotten.slice(batch_time{0}, batch_time{2000}); }).code ==
          errc::illegal_state);
    job.context->stop();
  });
}

TEST_CASE("keeping is an output of its own, after the user's, at the user's place") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, large(1));
    s.persist();
    s.map([](const std::string& t) { return t; }).remember(seconds(2));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run();
    job.context->stop();
    auto outputs = job.events->outputs();
    REQUIRE(outputs.size() == 3);
    CHECK(has(outputs[0].description, "for_each_batch at persistence_test.cpp:"));
    CHECK(has(outputs[1].description, "persist at persistence_test.cpp:"));
    CHECK(has(outputs[2].description, "remember at persistence_test.cpp:"));
  });
}

TEST_CASE("checkpoint: a multiple of the slide") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto s = test_input<int>(*context, {}).window(seconds(4), seconds(2));
    auto refused = [&](duration interval) {
      auto e = error_of([&] { s.checkpoint(interval); });
      CHECK(e.code == errc::invalid_argument);
      CHECK(has(e.message, "checkpoint at persistence_test.cpp:"));
      return e.message;
    };
    CHECK(has(refused(seconds(1)), "has been set to 1000 ms which is lower than its slide time "
                                   "(2000 ms). Please set it to at least 2000 ms."));
    CHECK(has(refused(seconds(3)), "has been set to 3000 ms which is not a multiple of its slide "
                                   "time (2000 ms). Please set it to a multiple of 2000 ms."));
    CHECK(has(refused(seconds(0)), "checkpoint interval"));
    s.checkpoint(seconds(4)).checkpoint(seconds(2));
  });
}

TEST_CASE("memory levels drop the oldest batches beyond their bound, and slice says so") {
  for (auto level : {levels::memory_only, levels::memory_only_ser})
    on_all_engines([&](engine& on) {
      file_job job{on, little_memory()};
      auto s = test_input(*job.context, large(4));
      s.remember(seconds(10)).persist(level);
      s.for_each_batch([](const auto&) {});
      job.context->start();
      job.run(seconds(4));
      CHECK(numbers(s, 4000, 4000) == "4");
      auto e = error_of([&] { s.slice(batch_time{1000}, batch_time{4000}); });
      CHECK(e.code == errc::limit_exceeded);
      CHECK(has(e.message, "input_stream at persistence_test.cpp:"));
      CHECK(has(e.message, "persist it at MEMORY_AND_DISK"));
      CHECK(job.log->count(log_level::warning, "is dropped before its time") == 1);
      CHECK(job.problem.empty());
      job.context->stop();
      CHECK(job.log->count(log_level::warning, "dropped before their time: 2 more") == 1);
    });
}

TEST_CASE("levels with a disk spill batches and read them back, and leave no file behind") {
  for (auto level : {levels::memory_and_disk, levels::memory_and_disk_ser, levels::disk_only})
    on_all_engines([&](engine& on) {
      CAPTURE(level);
      file_job job{on, little_memory()};
      {
        auto s = test_input(*job.context, large(6));
        s.remember(seconds(4)).persist(level);
        s.for_each_batch([](const auto&) {});
        job.context->start();
        job.run(seconds(4));
        CHECK(numbers(s, 0, 4000) == "1234");
        CHECK(spilled(job) == (level == levels::disk_only ? 4 : 3));
        job.run(seconds(2));
        CHECK(numbers(s, 0, 6000) == "3456");
        CHECK(spilled(job) == (level == levels::disk_only ? 4 : 3));
        job.context->stop();
        CHECK(job.problem.empty());
      }
      job.context.reset();
      CHECK(job.names(spill_root).empty());
    });
}

TEST_CASE(
    "spilled batches of a killed process are removed by the next job, those of a living not") {
  for (bool killed : {true, false})
    on_all_engines([&](engine& on) {
      CAPTURE(killed);
      auto first = make_inline_engine();
      file_job before{*first, little_memory()};
      keep_on_disk(before);
      CHECK(spilled(before) == 4);

      file_job after{on, little_memory()};
      if (killed) // its locks are gone and its files are there
        copy_files(*before.memory, *after.memory, spill_root);
      else
        after.context->set_file_system(before.memory);
      keep_on_disk(after);
      CHECK(spilled(killed ? after : before) == (killed ? 4 : 8));
      CHECK(after.log->count(log_level::info, "removed 4 spilled batches that a job left in") ==
            (killed ? 1 : 0));
      after.context->stop();
      before.context->stop();
    });
}

TEST_CASE("a level that needs a codec is refused at the start for records without one") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input<int>(*job.context, {}).map([](int x) { return app::opaque{x}; });
    s.persist(levels::memory_and_disk);
    s.for_each_batch([](const auto&) {});
    auto e = error_of([&] { job.context->start(); });
    CHECK(e.code == errc::unsupported);
    CHECK(has(e.message, "map at persistence_test.cpp:"));
    CHECK(has(e.message, "has no codec"));
    CHECK(job.context->state() == context_state::stopped);
  });
}

TEST_CASE("a disk that is full for a moment: the batch is tried again and everything is there") {
  on_all_engines([](engine& on) {
    file_job job{on, little_memory()};
    std::atomic<int> failures{0};
    job.disk->fail_when([&](auto operation, auto& path) {
      return operation == "write" && has(path, "spill") && ++failures <= 2;
    });
    auto s = test_input(*job.context, large(4));
    s.remember(seconds(10)).persist(levels::memory_and_disk);
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run(seconds(4));
    CHECK(failures > 2);
    CHECK(job.problem.empty());
    CHECK(numbers(s, 0, 4000) == "1234");
    job.context->stop();
  });
}

TEST_CASE("a disk that stays full: the batch fails with an error that names stream and file") {
  for (bool skip : {false, true})
    on_all_engines([&](engine& on) {
      file_job job{on, little_memory().set("stream.on_batch_failure", skip ? "skip" : "stop")};
      std::atomic<bool> full{true};
      job.disk->fail_when([&](auto operation, auto& path) {
        return full && operation == "write" && has(path, "spill");
      });
      auto s = test_input(*job.context, large(4));
      s.remember(seconds(10)).persist(levels::disk_only);
      s.for_each_batch([](const auto&) {});
      job.context->start();
      job.run();
      CHECK(wait_until([&] { return job.events->completed().size() == 1; }));
      auto failure = job.events->completed().at(0).failure.value_or("none");
      CAPTURE(failure);
      CHECK(has(failure, "cannot spill the batch of 1000 ms of stream 'input_stream at "
                         "persistence_test.cpp:"));
      CHECK(has(failure, "No space left on device"));
      CHECK(has(failure, "spill"));
      CHECK((skip ? !job.ended() : job.ends()));
      full = false;
      if (skip) {
        job.run(seconds(2));
        CHECK(numbers(s, 0, 3000) == "123");
      }
      job.context->stop();
    });
}

TEST_CASE(
    "a disk that stays full for long: batches that could not be spilled are forgotten in time") {
  on_all_engines([&](engine& on) {
    file_job job{on, little_memory().set("stream.on_batch_failure", "skip")};
    job.disk->fail_when(
        [](auto operation, auto& path) { return operation == "write" && has(path, "spill"); });
    auto s = test_input(*job.context, large(9));
    s.remember(seconds(2)).persist(levels::disk_only);
    s.for_each_batch([](const auto&) {});
    job.context->start();
    for (std::size_t n = 1; n <= 9; ++n) {
      job.run();
      REQUIRE(wait_until([&] { return job.events->completed().size() == n; }));
      CHECK(job.events->completed().back().failure.has_value());
    }
    CHECK(numbers(s, 0, 9000) == "89");
    job.context->stop();
  });
}

TEST_CASE("slices may be read by another thread while batches come and go") {
  on_all_engines([](engine& on) {
    file_job job{on, little_memory()};
    auto s = test_input(*job.context, large(9));
    s.remember(seconds(3)).persist(levels::memory_and_disk);
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    s.for_each_batch([](const auto&) {});
    job.context->start();
    std::thread reader{[&] {
      while (!done)
        for (auto& records : s.slice(batch_time{0}, batch_time{10'000}))
          if (records.size() != 100)
            ++wrong;
    }};
    for (int i = 0; i < 9; ++i)
      job.run();
    done = true;
    reader.join();
    CHECK(wrong == 0);
    CHECK(numbers(s, 0, 9000) == "789");
    job.context->stop();
  });
}
