#include "suite/registry.hpp"

#include <array>

namespace millrace::bench {

namespace {

constexpr std::array<benchmark, 13> table{{
    {"b1", "word count on in-memory blocks against plain and tuned hand loops", bench_word_count},
    {"b2", "receiver alone and word count over a loopback socket", bench_socket},
    {"b3", "filter and count against a loop over records", bench_filter},
    {"b4", "top-k of a window against a heap scan of its keys", bench_top_k},
    {"b5", "sums by key over windows of 10 to 3,600 batches against a subtracting loop",
     bench_window},
    {"b6", "map_with_state on 1 M and 10 M keys against hash map loops", bench_state},
    {"b7", "join of two streams, and of two windows, against hash join loops", bench_join},
    {"b12", "smallest stable batch interval with three stages", bench_interval},
    {"b13", "CPU, messages and memory of an empty batch with three stages", bench_empty_batch},
    {"b14", "fan-out skew: from the tick to the start of the last partition", bench_fan_out},
    {"b14-policies", "fan-out skew for each scheduler policy and thread count",
     bench_fan_out_policies, false},
    {"b20", "memory of an idle stream", bench_idle_stream},
    {"start", "from main to the first batch of a trivial job", bench_start},
}};

} // namespace

std::span<const benchmark> all_benchmarks() { return table; }

} // namespace millrace::bench
