#pragma once

#include "millrace/codec/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace millrace {

/// The distribution of numbers, with the finest view of its ends, in about 110 bytes times
/// `compression` at most.
///
/// The merging t-digest (Dunning and Ertl, "Computing Extremely Accurate Quantiles Using
/// t-Digests", arXiv 1902.04023) with scale function k1: numbers are gathered into at most `2 *
/// compression + 1` clusters of neighbours, and a cluster at quantile q has at most about
/// pi / compression * sqrt(q * (1 - q)) of all numbers: with the default compression 1.6 % at the
/// median and 0.1 % at the 99.9th percentile. What lies between the means of two clusters is
/// interpolated. The rank error of `quantile(q)`, the distance of q from the ranks that the answer
/// really has, is tested to be at most one cluster for smooth distributions (typically a tenth),
/// and five clusters for those with wide gaps or spread over fifty orders of magnitude; also for
/// merged digests. (No t-digest has a bound for every input.) `min`, `max` and `count` are exact,
/// and so is all until as many numbers have come as the compression.
///
/// The same calls in the same order give the same answers, also across encoding. Single owner.
class t_digest {
public:
  static constexpr unsigned min_compression = 20;
  static constexpr unsigned max_compression = 10'000;
  static constexpr unsigned default_compression = 100;

  /// Throws stream_error(invalid_argument) unless `compression` is from 20 to 10,000.
  explicit t_digest(unsigned compression = default_compression);

  /// Throws stream_error(invalid_argument) for a number that is NaN or infinite, which is not
  /// added.
  void add(double value);
  /// Adds the numbers before the first one that cannot be.
  void add(std::span<const double> values);

  /// Takes in what `other` has seen. Throws stream_error(invalid_argument) when it has another
  /// compression, and changes nothing then.
  void merge(const t_digest& other);

  /// The smallest number that about the part `q` of all numbers does not exceed; nothing when there
  /// are none.
  /// Throws stream_error(invalid_argument) unless q is from 0 to 1.
  std::optional<double> quantile(double q) const;
  /// `quantile` for each of `qs`, at the price of about one.
  std::vector<std::optional<double>> quantiles(std::span<const double> qs) const;
  /// About which part of all numbers does not exceed `x`; nothing when there are none. Throws
  /// stream_error(invalid_argument) for NaN.
  std::optional<double> cdf(double x) const;

  std::uint64_t count() const noexcept { return merged_ + pending_.size(); }
  std::optional<double> min() const noexcept;
  std::optional<double> max() const noexcept;

  unsigned compression() const noexcept { return compression_; }
  std::size_t memory_bytes() const noexcept;

  friend bool operator==(const t_digest&, const t_digest&) = default;

private:
  friend struct codec<t_digest>;

  /// Numbers that are known by their mean only.
  struct cluster {
    double mean;
    std::uint64_t count;

    friend bool operator==(const cluster&, const cluster&) = default;
  };

  /// A point of the line from rank to value; neither ever falls.
  struct knot {
    double rank;
    double value;
  };

  std::size_t most_pending() const noexcept { return std::size_t{8} * compression_; }
  std::vector<cluster> all_clusters() const;
  void compress(std::vector<cluster> all);
  std::vector<knot> knots() const;

  unsigned compression_;
  std::vector<cluster> clusters_; // ascending
  std::vector<double> pending_;   // in no cluster yet
  std::uint64_t merged_ = 0;      // numbers in clusters
  double min_ = 0;
  double max_ = 0;
};

template <>
struct codec<t_digest> {
  static void encode(encoder& out, const t_digest& value);
  static result<t_digest> decode(decoder& in);
};

} // namespace millrace
