#pragma once

#include "millrace/flow/stream_context.hpp"
#include "runtime/random/graph.hpp"
#include "runtime/random/graph_disk.hpp"
#include "runtime/random/inputs/packing.hpp"

#include <charconv>
#include <cstring>

namespace millrace::test {

/// The files of one input, in a directory of its own.
struct input_files {
  graph_disk& disk;
  std::string directory;
  bool below = false; ///< In directories below, beside files that do not belong to the input.

  /// Puts what is given for each batch, in order, into so many files of its second.
  /// `put(path, records, modified_ms)`. Their order is that of their times, then of their names.
  template <record_kind K, class Put>
  void put_batches(const history& given, std::size_t files, Put put) const {
    auto batches = typed<K>(given);
    for (std::size_t b = 0; b < batches.size(); ++b) {
      auto& all = *batches[b];
      for (std::size_t f = 0; f < files; ++f) {
        auto begin = all.begin() + static_cast<std::ptrdiff_t>(all.size() * f / files);
        auto end = all.begin() + static_cast<std::ptrdiff_t>(all.size() * (f + 1) / files);
        bool late = f >= 2;
        auto name = (late ? "a" : "b") + std::to_string(f) + "-" + std::to_string(b);
        auto modified_ms = static_cast<number>(b * 1000) + (late ? 1000 : 1);
        put(folder(f) + "/" + name, data_of<K>(begin, end), modified_ms);
        if (below) {
          disk.put(folder(f) + "/skip-" + name, "left out by the filter\n", modified_ms);
          disk.put(directory + "/other/" + name, "in a directory of no interest\n", modified_ms);
        }
      }
    }
  }

  [[nodiscard]] std::string folder(std::size_t file) const {
    return below ? directory + "/n" + std::to_string(file % 2) : directory;
  }

  /// A line for each record, mostly without an end for the last one.
  static std::string lines_of(const texts& records) {
    std::string out;
    for (auto& line : records)
      out += line + "\n";
    if (records.size() % 4 != 0 && !records.back().empty())
      out.pop_back();
    return out;
  }

  /// Every second file, some by gzip and some by zstd.
  void put_packed(const std::string& path, const std::string& text, number when) const {
    if (text.size() % 2 == 0)
      disk.put(path, text, when);
    else if (text.size() % 4 == 1)
      disk.put(path + ".gz", packed_gzip(text), when);
    else
      disk.put(path + ".zst", packed_zstd(text), when);
  }

  /// Of numbers or of views.
  void put_lines(const history& given, std::size_t files, bool packed = false) const {
    disk.put(directory + "/old", old_line, 0);
    auto put = [&](const std::string& path, const auto& records, number when) {
      auto text = lines_of(each(records, [](auto& x) { return text_of(x); }));
      packed ? put_packed(path, text, when) : disk.put(path, text, when);
    };
    if (given.batches.front()->index() == of_views)
      put_batches<of_views>(given, files, put);
    else
      put_batches<of_numbers>(given, files, put);
  }

  void put_binary(const history& given, std::size_t files) const {
    put_batches<of_numbers>(
        given, files, [&](const std::string& path, const numbers& records, number when) {
          disk.put(path,
                   {reinterpret_cast<const char*>(records.data()), records.size() * sizeof(number)},
                   when);
        });
  }

  template <record_kind K>
  void put_objects(const history& given, std::size_t files) const {
    put_batches<K>(given, files, [&](const std::string& path, auto records, number when) {
      disk.put_objects(path, records, when);
    });
  }
};

inline file_stream_options options_of(input_kind kind) {
  file_stream_options options;
  options.wait_until_stable = kind == input_kind::stable_files;
  options.new_files_only = kind != input_kind::older_files;
  options.recursive = kind == input_kind::nested_files;
  if (kind == input_kind::nested_files || kind == input_kind::matched_files)
    options.filter = [others = kind == input_kind::matched_files](const std::string& path) {
      return path.find("/skip-") == path.npos && (others || path.find("/other/") == path.npos);
    };
  return options;
}

/// Reads what `put_lines` wrote, and fails where it is told to.
inline numbers read_numbers(const fault& trip, std::span<const unsigned char> bytes) {
  trip();
  std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  numbers out;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::from_chars(line.data(), line.data() + line.size(), out.emplace_back());
  }
  return out;
}

inline dstream<std::string_view> lines_of_files(basic_stream_context& context,
                                                const input_files& files, const recipe& r) {
  files.put_lines(r.given, r.input_partitions, r.input == input_kind::packed_files);
  auto pattern = r.input == input_kind::matched_files ? "/n[0-9]" : "";
  return context.text_file_stream(files.directory + pattern, options_of(r.input));
}

template <record_kind K>
dstream<record_of<K>> objects_of_files(basic_stream_context& context, const input_files& files,
                                       const recipe& r) {
  files.put_objects<K>(r.given, r.input_partitions);
  return context.object_file_stream<record_of<K>>(files.directory, options_of(r.input));
}

inline dstream<number> numbers_of_binary_files(basic_stream_context& context,
                                               const input_files& files, const recipe& r) {
  files.put_binary(r.given, r.input_partitions);
  return context.binary_records_stream(files.directory, sizeof(number), options_of(r.input))
      .map([](std::string_view bytes) {
        number x;
        std::memcpy(&x, bytes.data(), sizeof x);
        return x;
      });
}

inline dstream<number> numbers_of_files(basic_stream_context& context, const input_files& files,
                                        const recipe& r) {
  files.put_lines(r.given, r.input_partitions);
  fault trip = r.fails_at_call != 0 ? fault{r.fails_at_call} : fault{};
  auto read = [trip](const std::string&, std::span<const unsigned char> bytes) {
    return read_numbers(trip, bytes);
  };
  return context.file_stream<number>(files.directory, read, options_of(r.input));
}

} // namespace millrace::test
