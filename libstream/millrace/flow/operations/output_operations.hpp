#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/files/part_files.hpp"
#include "millrace/flow/print_format.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/stage/collect.hpp"

#include <functional>
#include <memory>
#include <source_location>
#include <string>

namespace millrace {

/// `save_as_text_files` and `save_as_object_files`: `save(batch, time)` returns
/// result<saved_batch>.
template <class T, class Save>
class saving_sink final : public output_sink {
public:
  explicit saving_sink(Save save) : save_{std::move(save)} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>& executor) override {
    auto saved =
        save_(batch<T>{ordered_partitions<T>(slots), executor, context.seed}, context.time);
    if (!saved)
      throw stream_error{std::move(saved).error()};
  }

private:
  Save save_;
};

/// `for_each_partition(open, write, close)`.
template <class T, class Open, class Write, class Close>
class connection_sink final : public output_sink {
public:
  connection_sink(op_info_ptr info, Open open, Write write, Close close)
      : info_{std::move(info)},
        open_{std::move(open)},
        write_{std::move(write)},
        close_{std::move(close)} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>& executor) override {
    std::vector<const std::vector<T>*> parts;
    for_each_part<T>(slots, [&](auto& part) { parts.push_back(&part.items); });
    guarded(*info_, [&] {
      executor->run_all(parts.size(), [&](std::size_t p) {
        auto connection = std::invoke(open_, p, context.time);
        for (auto& record : *parts[p])
          std::invoke(write_, connection, record);
        std::invoke(close_, connection);
      });
    });
  }

private:
  op_info_ptr info_;
  Open open_;
  Write write_;
  Close close_;
};

/// Outputs to files and to the world outside; base class of dstream<T>.
template <class T>
class output_operations {
  using here = std::source_location;
  using record = owned_t<T>;

public:
  /// A directory for each batch, `[prefix-]TIME_IN_MS[.suffix]`, with a part file for each
  /// partition and a line, as `print` shows it, for each record. It appears as a whole or not at
  /// all, and a batch that is tried again replaces it. A full disk fails the batch with an error
  /// that names the file. With `skip_empty` a batch without records leaves nothing.
  output_handle save_as_text_files(std::string prefix, std::string suffix = "",
                                   bool skip_empty = false, here site = here::current()) const {
    return save("save_as_text_files", std::move(prefix), std::move(suffix), skip_empty, site,
                [](file_system& files, const part_files_options& options, batch_time time,
                   const batch<record>& records) {
                  return save_text_files(
                      files, options, time, records,
                      [](std::string& to, const record& r) { format_element(to, r); });
                });
  }

  /// The same with object files, which `object_file_stream` reads back.
  output_handle save_as_object_files(std::string prefix, std::string suffix = "",
                                     bool skip_empty = false, here site = here::current()) const
  requires encodable<record>
  {
    return save("save_as_object_files", std::move(prefix), std::move(suffix), skip_empty, site,
                [](file_system& files, const part_files_options& options, batch_time time,
                   const batch<record>& records) {
                  return save_object_files(files, options, time, records);
                });
  }

  /// For each partition of each batch `open(partition, time)` makes a connection,
  /// `write(connection, record)` is called for its records in order, then `close(connection)`.
  /// Partitions run in parallel. When anything throws, the connection is destroyed without `close`,
  /// and the whole batch is tried again: make `close` the commit.
  template <class Open, class Write, class Close>
  output_handle for_each_partition(Open open, Write write, Close close,
                                   here site = here::current()) const {
    return stream_access::output(
        self(), "for_each_partition", site, [] { return make_part<collect_writer<T>>(); },
        [=](auto& info) {
          return make_part<connection_sink<record, Open, Write, Close>>(info, open, write, close);
        });
  }

private:
  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }

  template <class Write>
  output_handle save(const char* operation, std::string prefix, std::string suffix, bool skip_empty,
                     here site, Write write) const {
    part_files_options options{std::move(prefix), std::move(suffix), skip_empty};
    auto to_disk = [write, options, files = stream_access::builder(self())->files()](
                       const batch<record>& records, batch_time time) {
      return write(*files, options, time, records);
    };
    using sink = saving_sink<record, decltype(to_disk)>;
    return stream_access::output(
        self(), operation, site, [] { return make_part<collect_writer<T>>(); },
        [to_disk](auto&) { return make_part<sink>(to_disk); });
  }
};

} // namespace millrace
