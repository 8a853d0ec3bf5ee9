#pragma once

#include "millrace/base/time.hpp"
#include "millrace/chunk/key_hash.hpp"
#include "millrace/chunk/keyed_table.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

/// A recomputing model of keyed windows and random histories to compare them with.
namespace millrace::test {

inline constexpr std::size_t never = ~std::size_t{0};

/// Fails the call that comes after `until` others, and counts all.
struct fuse {
  std::size_t until = never;
  std::size_t calls = 0;

  void burn() {
    ++calls;
    if (until-- == 0) {
      until = never;
      throw std::runtime_error("the function failed");
    }
  }
};

/// Associative, not commutative.
struct concatenate {
  std::shared_ptr<fuse> burning = std::make_shared<fuse>();

  std::string operator()(const std::string& older, const std::string& newer) const {
    burning->burn();
    return older + newer;
  }
};

/// The inverse of `concatenate` at the old end.
struct cut_front {
  std::shared_ptr<fuse> burning;

  std::string operator()(const std::string& all, const std::string& oldest) const {
    burning->burn();
    if (!all.starts_with(oldest))
      throw std::logic_error("the oldest value is not in front of '" + all + "'");
    return all.substr(oldest.size());
  }
};

using text_values = std::map<std::string, std::string>;
using text_entry = keyed_table<std::string_view, std::string>::entry;

struct text_batch {
  std::int64_t time = 0;
  text_values values;

  std::vector<text_entry> entries(hash_seed seed) const {
    std::vector<text_entry> all;
    for (const auto& [key, value] : values)
      all.push_back({key_hash<std::string_view>{}(key, seed), key, value});
    return all;
  }
};

/// What a window holds after `batches`, the last of which is of `now`.
inline text_values recomputed(const std::vector<text_batch>& batches, std::int64_t now,
                              std::int64_t length) {
  text_values all;
  for (const text_batch& each : batches)
    if (each.time > now - length)
      for (const auto& [key, value] : each.values)
        all[key] += value;
  return all;
}

template <class Window>
text_values shown(Window& window) {
  text_values all;
  window.for_each([&](const std::string& key, const std::string& value) {
    if (!all.emplace(key, value).second)
      throw std::logic_error("'" + key + "' is shown twice");
  });
  return all;
}

inline text_batch random_batch(std::mt19937_64& random, std::int64_t time, std::size_t keys) {
  text_batch batch{time, {}};
  if (random() % 5 == 0)
    return batch;
  const std::size_t share = random() % 100;
  for (std::size_t i = 0; i < keys; ++i)
    if (random() % 100 < share)
      batch.values["key number " + std::to_string(i)] =
          std::string(1, static_cast<char>('a' + random() % 26));
  return batch;
}

struct history_options {
  std::int64_t length;
  std::size_t keys;
  int slides;
  bool keeps_idle_keys = false; ///< keys that left stay, with an empty value
};

/// Slides of one to three batches, sometimes of more, with gaps and batches without data, failures
/// at random calls, rollbacks with and without failure, and retries of the same batches or of
/// others; after each step the window must show what recomputing shows.
template <class Window>
void check_random_history(Window window, fuse& burning, history_options options, hash_seed seed,
                          std::uint64_t random_seed) {
  std::mt19937_64 random(random_seed);
  std::vector<text_batch> done;
  text_values idle;
  std::int64_t now = static_cast<std::int64_t>(random() % 2'000) - 1'000;
  const auto expected = [&](const std::vector<text_batch>& batches, std::int64_t at) {
    text_values all = recomputed(batches, at, options.length);
    if (options.keeps_idle_keys)
      for (const text_batch& each : batches)
        for (const auto& [key, value] : each.values)
          all.try_emplace(key);
    return all;
  };
  for (int slide = 0; slide < options.slides; ++slide) {
    const std::int64_t before = now;
    const std::size_t first = done.size();
    std::vector<text_batch> next;
    const auto draw = [&] {
      now = before;
      next = done;
      for (std::size_t n = random() % 8 == 0 ? 1 + random() % 30 : 1 + random() % 3; n > 0; --n) {
        now += static_cast<std::int64_t>(random() % 10 == 0 ? 1 + random() % 300 : 10);
        next.push_back(random_batch(random, now, options.keys));
      }
    };
    draw();
    for (;;) {
      burning.until = random() % 2 == 0 ? random() % (4 * options.keys + 1) : never;
      bool failed = false;
      try {
        for (std::size_t i = first; i < next.size(); ++i) {
          const auto entries = next[i].entries(seed);
          if (entries.empty() && random() % 2 == 0)
            window.advance(batch_time{next[i].time});
          else
            window.push(batch_time{next[i].time}, std::span<const text_entry>{entries});
          if (random() % 4 == 0) {
            const auto all = shown(window);
            REQUIRE((all == expected({next.begin(), next.begin() + i + 1}, next[i].time)));
          }
        }
        const auto all = shown(window);
        REQUIRE((all == expected(next, now)));
      } catch (const std::runtime_error&) {
        failed = true;
      }
      burning.until = never;
      if (!failed && random() % 8 != 0)
        break;
      window.rollback();
      if (random() % 3 == 0) {
        REQUIRE((shown(window) == expected(done, before)));
        REQUIRE(window.size() == expected(done, before).size());
      }
      if (random() % 3 == 0)
        draw();
    }
    window.commit();
    done = next;
    REQUIRE((shown(window) == expected(done, now)));
    REQUIRE(window.size() == expected(done, now).size());
  }
}

} // namespace millrace::test
