#include "millrace/engine/local/inline_runtime.hpp"
#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "suite/text_blocks.hpp"
#include "suite/three_stages.hpp"
#include "text_input.hpp"

/// The part whose instructions are counted: tools/bench/callgrind.sh names it.
extern "C" [[gnu::noinline]] void millrace_bench_fixed_work(millrace::inline_runtime& engine,
                                                            millrace::duration time) {
  engine.advance(time);
}

namespace millrace::bench {

namespace {

struct inline_job {
  inline_job() {
    auto made = std::make_unique<inline_runtime>();
    engine = made.get();
    context =
        std::make_unique<basic_stream_context>(bench_configuration(1), seconds(1), std::move(made));
  }

  inline_runtime* engine;
  std::unique_ptr<basic_stream_context> context;
};

/// One batch before, so that what is made once is not counted.
void run(inline_job& job, int batches) {
  job.context->start();
  job.engine->advance(seconds(1));
  millrace_bench_fixed_work(*job.engine, seconds(batches));
  job.context->stop();
}

void word_count() {
  text_options what;
  what.bytes = 2'000'000;
  const auto text = make_text(what);
  inline_job job;
  job.context
      ->block_stream<std::string_view>(std::make_shared<block_source>(to_text_blocks(text.bytes)))
      .flat_map(split(' '))
      .map([](std::string_view word) {
        return std::pair{word, std::int64_t{1}};
      })
      .reduce_by_key(std::plus{})
      .for_each_batch([](const batch<std::pair<std::string, std::int64_t>>&) {});
  run(job, 2);
}

void empty_batches() {
  using record = std::pair<std::int64_t, std::int64_t>;
  inline_job job;
  auto records = job.context->queue_stream<record>(std::make_shared<batch_feed<record>>());
  three_stages(records).for_each_batch([](const batch<record>&) {});
  run(job, 1000);
}

} // namespace

bool run_fixed_work(std::string_view name) {
  if (name == "b1")
    word_count();
  else if (name == "b13")
    empty_batches();
  else
    return false;
  return true;
}

} // namespace millrace::bench
