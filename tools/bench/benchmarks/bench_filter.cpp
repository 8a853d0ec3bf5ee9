#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "suite/text_blocks.hpp"
#include "text_input.hpp"
#include "yardstick/filter.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::bench {

namespace {

/// Rare enough that the search decides, not what follows a hit.
constexpr std::string_view needle = "qx";

bool contains_needle(std::string_view line) {
  return ::memmem(line.data(), line.size(), needle.data(), needle.size()) != nullptr;
}

class filter_job {
public:
  explicit filter_job(std::vector<block_ptr> blocks)
      : source_{std::make_shared<block_source>(std::move(blocks))},
        job_{bench_configuration(1), seconds(1), bench_job::clock_kind::by_hand} {
    auto lines = job_.context().block_stream<std::string_view>(source_);
    lines.filter(contains_needle).count().for_each_batch([this](const batch<std::int64_t>& count) {
      lines_ = static_cast<std::size_t>(count.partition(0).at(0));
      ended_ = steady::now();
      done_.add();
    });
    job_.start();
  }

  double round() {
    job_.tick();
    job_.wait(done_, ++rounds_);
    return std::chrono::duration<double>(ended_ - source_->asked()).count();
  }

  std::size_t lines() const { return lines_; }

private:
  std::shared_ptr<block_source> source_;
  progress_counter done_;
  std::uint64_t rounds_ = 0;
  std::size_t lines_ = 0;
  steady::time_point ended_;
  bench_job job_;
};

} // namespace

void bench_filter(report& to, const run_options& options) {
  text_options what;
  what.bytes = options.choose<std::size_t>(128'000'000, 4'000'000);
  const auto text = make_text(what);
  filter_job ours{to_text_blocks(text.bytes)};
  ours.round();
  report::check_equal("b3", ours.lines(), filter_plain(text.bytes, needle).lines);
  double best = 1e9, plain = 1e9, block = 1e9;
  for (int r = 0; r < options.choose(9, 1); ++r) {
    best = std::min(best, ours.round());
    auto begin = steady::now();
    const auto by_line = filter_plain(text.bytes, needle);
    plain = std::min(plain, seconds_since(begin));
    begin = steady::now();
    const auto by_block = filter_block(text.bytes, needle);
    block = std::min(block, seconds_since(begin));
    report::check_equal("b3", by_line.checksum, by_block.checksum);
  }
  const double lines = static_cast<double>(text.lines) * 1e-6;
  to.add("b3/per-record", lines / best, lines / plain, "Mlines/s");
  to.add("b3/block-search", lines / best, lines / block, "Mlines/s");
}

} // namespace millrace::bench
