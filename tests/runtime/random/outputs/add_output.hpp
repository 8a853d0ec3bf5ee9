#pragma once

#include "runtime/random/operation.hpp"
#include "runtime/random/outputs/file_outputs.hpp"

#include <mutex>
#include <sstream>
#include <tuple>

namespace millrace::test {

/// What a stream gave, by second.
using seconds_of_texts = std::map<number, texts>;

/// What an output gets. A batch may come again, whole or in partitions. Thread-safe.
class tap {
public:
  void take(number second, std::size_t partition, texts records) {
    std::lock_guard guard{mutex_};
    batches_[second][partition] = std::move(records);
  }
  seconds_of_texts batches() const {
    std::lock_guard guard{mutex_};
    seconds_of_texts out;
    for (auto& [second, partitions] : batches_)
      for (auto& [number, records] : partitions)
        append(out[second], records);
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::map<number, std::map<std::size_t, texts>> batches_;
};

/// Where `print` writes to. Refuses what it is given, once, when it is told to.
class printer final : std::stringbuf {
public:
  explicit printer(fault trip) : trip_{std::move(trip)} {}

  std::ostream& stream() { return stream_; }
  std::string text() const { return str(); }

private:
  std::streamsize xsputn(const char* from, std::streamsize n) override {
    trip_();
    return std::stringbuf::xsputn(from, n);
  }

  fault trip_;
  std::ostream stream_{this};
};

template <class Records>
texts as_texts(const Records& records) {
  return each(records, [](auto& x) { return text_of(x); });
}

/// Ways to have what an output of a stream got, after the job.
using output_reader = std::function<seconds_of_texts()>;

template <class T>
output_reader add_batches(const dstream<T>& to, const fault& trip) {
  auto out = std::make_shared<tap>();
  to.for_each_batch([=](const batch<owned_t<T>>& b, batch_time t) {
    trip();
    out->take(t.ms() / 1000, 0, as_texts(b.collect()));
    trip();
  });
  return [out] { return out->batches(); };
}

template <class T>
output_reader add_partitions(const dstream<T>& to, const fault& trip) {
  using connection = std::tuple<number, std::size_t, texts>;
  auto out = std::make_shared<tap>();
  to.for_each_partition(
      [](std::size_t p, batch_time t) {
        return connection{t.ms() / 1000, p, {}};
      },
      [trip](connection& c, const owned_t<T>& r) {
        trip();
        std::get<texts>(c).push_back(text_of(r));
      },
      [out](connection& c) { out->take(std::get<0>(c), std::get<1>(c), std::get<2>(c)); });
  return [out] { return out->batches(); };
}

template <class T>
output_reader add_collected(const dstream<T>& to) {
  auto all = std::make_shared<collector<owned_t<T>>>();
  to.collect_into(*all);
  return [=] {
    seconds_of_texts got;
    auto batches = all->batches();
    for (std::size_t i = 0; i < batches.size(); ++i)
      got[all->times()[i].ms() / 1000] = as_texts(batches[i]);
    return got;
  };
}

template <class T>
output_reader add_printed(const dstream<T>& to, std::size_t shown, const fault& trip) {
  auto out = std::make_shared<printer>(trip);
  to.print_to(out->stream(), shown);
  return [out] { return printed_batches(out->text()); };
}

/// Adds the output, which calls `trip` where it can. Files begin with `prefix`.
template <class T>
output_reader add_output(const dstream<T>& to, const graph_output& how, graph_disk& disk,
                         const std::string& prefix, const fault& trip) {
  switch (how.kind) {
  case output_kind::batches:
    return add_batches(to, trip);
  case output_kind::partitions:
    return add_partitions(to, trip);
  case output_kind::collected:
    return add_collected(to);
  case output_kind::printed:
    return add_printed(to, how.shown, trip);
  case output_kind::text_files:
    to.save_as_text_files(prefix, "txt", how.skip_empty);
    return [&disk, prefix] { return saved_texts(disk, prefix); };
  default:
    to.save_as_object_files(prefix, "", how.skip_empty);
    return [&disk, prefix] { return saved_objects<owned_t<T>>(disk, prefix); };
  }
}

} // namespace millrace::test
