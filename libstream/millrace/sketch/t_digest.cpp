#include "millrace/sketch/t_digest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>

#include <fmt/format.h>

namespace millrace {

namespace {

unsigned checked_compression(unsigned compression) {
  if (compression < t_digest::min_compression || compression > t_digest::max_compression)
    throw stream_error(errc::invalid_argument,
                       fmt::format("t_digest: a compression of {}; allowed are {} to {}",
                                   compression, t_digest::min_compression,
                                   t_digest::max_compression));
  return compression;
}

void check_quantile(double q) {
  if (!(q >= 0 && q <= 1))
    throw stream_error(errc::invalid_argument,
                       fmt::format("t_digest: quantile {}; allowed are 0 to 1", q));
}

/// The quantile where a cluster that begins at quantile `q` has to end: k1(end) is k1(q) + 1, with
/// k1(q) = compression / pi * asin(2 * q - 1).
double end_of_cluster(double q, unsigned compression) {
  const double scale = compression / std::numbers::pi;
  const double k = std::asin(2 * q - 1) + 1 / scale;
  return k >= std::numbers::pi / 2 ? 1 : (std::sin(k) + 1) / 2;
}

/// The mean of two means in the ratio of their counts, without overflow and never outside of them.
double mean_of(double a, std::uint64_t count_a, double b, std::uint64_t count_b) {
  const double all = static_cast<double>(count_a) + static_cast<double>(count_b);
  const double mean =
      a * (static_cast<double>(count_a) / all) + b * (static_cast<double>(count_b) / all);
  return std::clamp(mean, std::min(a, b), std::max(a, b));
}

} // namespace

t_digest::t_digest(unsigned compression) : compression_{checked_compression(compression)} {}

void t_digest::add(double value) {
  if (!std::isfinite(value))
    throw stream_error(errc::invalid_argument,
                       fmt::format("t_digest: {} cannot be added; filter out what is not a finite "
                                   "number",
                                   value));
  pending_.push_back(value);
  const bool first = count() == 1;
  min_ = first ? value : std::min(min_, value);
  max_ = first ? value : std::max(max_, value);
  if (pending_.size() >= most_pending())
    compress(all_clusters());
}

void t_digest::add(std::span<const double> values) {
  for (const double value : values)
    add(value);
}

void t_digest::merge(const t_digest& other) {
  if (other.compression_ != compression_)
    throw stream_error(errc::invalid_argument,
                       fmt::format("t_digest: digests of compression {} and {} cannot be merged; "
                                   "use one compression",
                                   compression_, other.compression_));
  if (other.count() == 0)
    return;
  std::vector<cluster> all = all_clusters();
  const std::vector<cluster> theirs = other.all_clusters();
  all.insert(all.end(), theirs.begin(), theirs.end());
  const bool first = count() == 0;
  min_ = first ? other.min_ : std::min(min_, other.min_);
  max_ = first ? other.max_ : std::max(max_, other.max_);
  compress(std::move(all));
}

std::vector<t_digest::cluster> t_digest::all_clusters() const {
  std::vector<cluster> all;
  all.reserve(clusters_.size() + pending_.size());
  all = clusters_;
  for (const double value : pending_)
    all.push_back({value, 1});
  return all;
}

/// Gathers neighbours as far as the scale function lets them.
void t_digest::compress(std::vector<cluster> all) {
  std::ranges::sort(all, {}, [](const cluster& c) { return std::tuple{c.mean, c.count}; });
  std::uint64_t total = 0;
  for (const cluster& each : all)
    total += each.count;
  const auto n = static_cast<double>(total);
  std::uint64_t before = 0; // numbers in the clusters that are finished
  double end = end_of_cluster(0, compression_);
  std::size_t last = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (static_cast<double>(before + all[last].count + all[i].count) <= end * n) {
      all[last].mean = mean_of(all[last].mean, all[last].count, all[i].mean, all[i].count);
      all[last].count += all[i].count;
    } else {
      before += all[last].count;
      end = end_of_cluster(static_cast<double>(before) / n, compression_);
      all[++last] = all[i];
    }
  }
  all.resize(std::min(all.size(), last + 1));
  clusters_.assign(all.begin(), all.end());
  merged_ = total;
  pending_.clear();
}

/// A number known by itself is a step one rank wide, a cluster a point at its middle; least and
/// greatest are known by themselves.
std::vector<t_digest::knot> t_digest::knots() const {
  t_digest copy = *this;
  if (!pending_.empty())
    copy.compress(all_clusters());
  std::vector<knot> line;
  line.reserve(2 * copy.clusters_.size() + 4);
  line.push_back({0, min_});
  if (copy.clusters_.front().count > 1)
    line.push_back({1, min_});
  double before = 0;
  for (const cluster& each : copy.clusters_) {
    const auto size = static_cast<double>(each.count);
    if (each.count == 1)
      line.insert(line.end(), {{before, each.mean}, {before + 1, each.mean}});
    else
      line.push_back({before + size / 2, each.mean});
    before += size;
  }
  if (copy.clusters_.back().count > 1)
    line.push_back({before - 1, max_});
  line.push_back({before, max_});
  return line;
}

std::optional<double> t_digest::quantile(double q) const {
  return quantiles(std::span{&q, 1}).front();
}

std::vector<std::optional<double>> t_digest::quantiles(std::span<const double> qs) const {
  for (const double q : qs)
    check_quantile(q);
  std::vector<std::optional<double>> values(qs.size());
  if (count() == 0)
    return values;
  const std::vector<knot> line = knots();
  for (std::size_t i = 0; i < qs.size(); ++i) {
    const double rank = qs[i] * line.back().rank;
    const auto next = std::ranges::lower_bound(line, rank, {}, &knot::rank);
    if (next == line.begin() || next->rank == rank || (next - 1)->value == next->value)
      values[i] = qs[i] == 1 ? max_ : next->value;
    else
      values[i] = std::lerp((next - 1)->value, next->value,
                            (rank - (next - 1)->rank) / (next->rank - (next - 1)->rank));
  }
  return values;
}

std::optional<double> t_digest::cdf(double x) const {
  if (std::isnan(x))
    throw stream_error(errc::invalid_argument, "t_digest: the cdf of NaN; give it a number");
  if (count() == 0)
    return std::nullopt;
  const std::vector<knot> line = knots();
  const auto next = std::ranges::upper_bound(line, x, {}, &knot::value);
  if (next == line.begin())
    return 0;
  if (next == line.end())
    return 1;
  const knot& last = *(next - 1);
  const double way = x / 2 - last.value / 2;
  const double length = next->value / 2 - last.value / 2;
  const double rank = last.rank + (length > 0 ? way / length * (next->rank - last.rank) : 0);
  return rank / line.back().rank;
}

std::optional<double> t_digest::min() const noexcept {
  return count() == 0 ? std::nullopt : std::optional{min_};
}

std::optional<double> t_digest::max() const noexcept {
  return count() == 0 ? std::nullopt : std::optional{max_};
}

std::size_t t_digest::memory_bytes() const noexcept {
  return sizeof(*this) + clusters_.capacity() * sizeof(cluster) +
         pending_.capacity() * sizeof(double);
}

/// [compression, means, counts, pending numbers, least, greatest].
void codec<t_digest>::encode(encoder& out, const t_digest& value) {
  out.begin_array(6);
  out.write_unsigned(value.compression_);
  out.begin_array(value.clusters_.size());
  for (const auto& each : value.clusters_)
    out.write_double(each.mean);
  out.begin_array(value.clusters_.size());
  for (const auto& each : value.clusters_)
    out.write_unsigned(each.count);
  codec<std::vector<double>>::encode(out, value.pending_);
  out.write_double(value.min_);
  out.write_double(value.max_);
}

result<t_digest> codec<t_digest>::decode(decoder& in) {
  using stored = std::tuple<unsigned, std::vector<double>, std::vector<std::uint64_t>,
                            std::vector<double>, double, double>;
  auto read = codec<stored>::decode(in);
  if (!read)
    return tl::make_unexpected(std::move(read).error());
  const auto& [compression, means, counts, pending, least, greatest] = *read;
  if (compression < t_digest::min_compression || compression > t_digest::max_compression)
    return in.corrupt(fmt::format("a t_digest has a compression of {}; allowed are {} to {}",
                                  compression, t_digest::min_compression,
                                  t_digest::max_compression));
  t_digest value(compression);
  if (means.size() != counts.size() || means.size() > 2 * std::size_t{compression} + 1 ||
      pending.size() >= value.most_pending())
    return in.corrupt(fmt::format("a t_digest of compression {} has {} means, {} counts and {} "
                                  "pending numbers",
                                  compression, means.size(), counts.size(), pending.size()));
  const auto outside = [&](double x) { return !(x >= least && x <= greatest); };
  if (!std::isfinite(least) || !std::isfinite(greatest) || std::ranges::any_of(means, outside) ||
      std::ranges::any_of(pending, outside) || !std::ranges::is_sorted(means))
    return in.corrupt("the numbers of a t_digest are out of range or order");
  for (std::size_t i = 0; i < means.size(); ++i) {
    if (counts[i] == 0 || counts[i] > std::numeric_limits<std::int64_t>::max() - value.merged_)
      return in.corrupt(fmt::format("a cluster of a t_digest has {} numbers", counts[i]));
    value.clusters_.push_back({means[i], counts[i]});
    value.merged_ += counts[i];
  }
  value.pending_ = pending;
  value.min_ = least;
  value.max_ = greatest;
  return value;
}

} // namespace millrace
