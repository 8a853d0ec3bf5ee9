#include "millrace/sketch/hyper_log_log.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::size_t smallest_slots = 16;

/// How many used registers the sparse form may have: with two slots of 4 bytes for each it is then
/// as large as the dense one.
std::size_t most_sparse(std::size_t registers) {
  return std::max(smallest_slots / 2, registers / 8);
}

std::uint32_t index_of(std::uint32_t slot) { return slot >> 8U; }
std::uint8_t rank_of(std::uint32_t slot) { return static_cast<std::uint8_t>(slot); }

/// x + the sum over k >= 1 of x^(2^k) * 2^(k-1); Ertl's sigma.
double sigma(double x) {
  if (x == 1)
    return INFINITY;
  double power = 1;
  double sum = x;
  for (double before = -1; sum != before;) {
    x *= x;
    before = sum;
    sum += x * power;
    power += power;
  }
  return sum;
}

/// (1 - x - the sum over k >= 1 of (1 - x^(2^-k))^2 * 2^-k) / 3; Ertl's tau.
double tau(double x) {
  if (x == 0 || x == 1)
    return 0;
  double power = 1;
  double sum = 1 - x;
  for (double before = -1; sum != before;) {
    x = std::sqrt(x);
    before = sum;
    power /= 2;
    sum -= (1 - x) * (1 - x) * power;
  }
  return sum / 3;
}

unsigned checked_precision(unsigned precision) {
  if (precision < hyper_log_log::min_precision || precision > hyper_log_log::max_precision)
    throw stream_error(errc::invalid_argument,
                       fmt::format("hyper_log_log: a precision of {}; allowed are {} to {}",
                                   precision, hyper_log_log::min_precision,
                                   hyper_log_log::max_precision));
  return precision;
}

} // namespace

hyper_log_log::hyper_log_log(unsigned precision) : precision_{checked_precision(precision)} {}

void hyper_log_log::add_hash(std::uint64_t hash) {
  const auto index = static_cast<std::uint32_t>(hash >> (64 - precision_));
  // A bit behind the last one of the hash ends the run of zeros.
  const std::uint64_t rest = hash << precision_ | std::uint64_t{1} << (precision_ - 1);
  raise(index, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
}

void hyper_log_log::raise(std::uint32_t index, std::uint8_t rank) {
  if (sparse())
    raise_sparse(index, rank);
  else if (dense_[index] < rank)
    dense_[index] = rank;
}

void hyper_log_log::raise_sparse(std::uint32_t index, std::uint8_t rank) {
  if (!slots_.empty()) {
    std::uint32_t& slot = *slot_of(index);
    if (slot != 0) {
      slot = std::max(slot, index << 8U | rank);
      return;
    }
  }
  if (2 * (used_ + 1) > slots_.size()) {
    grow();
    raise(index, rank);
    return;
  }
  *slot_of(index) = index << 8U | rank;
  ++used_;
}

/// The slot that has the index, or the free one where it belongs.
std::uint32_t* hyper_log_log::slot_of(std::uint32_t index) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = (index * 0x9e3779b1u >> 12U) & mask;
  while (slots_[at] != 0 && index_of(slots_[at]) != index)
    at = (at + 1) & mask;
  return &slots_[at];
}

/// More slots, or the dense form where that is not larger.
void hyper_log_log::grow() {
  if (used_ >= most_sparse(registers())) {
    std::vector<std::uint8_t> dense(registers());
    for (const std::uint32_t slot : slots_)
      if (slot != 0)
        dense[index_of(slot)] = rank_of(slot);
    dense_ = std::move(dense);
    std::vector<std::uint32_t>().swap(slots_);
    used_ = 0;
    return;
  }
  std::vector<std::uint32_t> larger(std::max(smallest_slots, 2 * slots_.size()));
  slots_.swap(larger);
  for (const std::uint32_t slot : larger)
    if (slot != 0)
      *slot_of(index_of(slot)) = slot;
}

template <class F>
void hyper_log_log::for_each_used(F f) const {
  for (const std::uint32_t slot : slots_)
    if (slot != 0)
      f(index_of(slot), rank_of(slot));
  for (std::size_t i = 0; i < dense_.size(); ++i)
    if (dense_[i] != 0)
      f(static_cast<std::uint32_t>(i), dense_[i]);
}

void hyper_log_log::merge(const hyper_log_log& other) {
  if (other.precision_ != precision_)
    throw stream_error(errc::invalid_argument,
                       fmt::format("hyper_log_log: sketches of precision {} and {} cannot be "
                                   "merged; use one precision",
                                   precision_, other.precision_));
  if (&other != this)
    other.for_each_used([&](std::uint32_t index, std::uint8_t rank) { raise(index, rank); });
}

double hyper_log_log::estimate() const {
  std::array<double, 64> of_rank{};
  std::size_t used = 0;
  for_each_used([&](std::uint32_t, std::uint8_t rank) {
    ++of_rank[rank];
    ++used;
  });
  const auto m = static_cast<double>(registers());
  double z = m * tau(1 - of_rank[largest_rank()] / m);
  for (unsigned rank = largest_rank() - 1; rank >= 1; --rank)
    z = (z + of_rank[rank]) / 2;
  z += m * sigma(static_cast<double>(registers() - used) / m);
  return m * m / (2 * std::log(2.0) * z);
}

std::uint64_t hyper_log_log::count() const {
  return static_cast<std::uint64_t>(std::llround(estimate()));
}

double hyper_log_log::standard_error() const noexcept {
  return 1.04 / std::sqrt(static_cast<double>(registers()));
}

std::size_t hyper_log_log::memory_bytes() const noexcept {
  return sizeof(*this) + dense_.capacity() + slots_.capacity() * sizeof(std::uint32_t);
}

bool operator==(const hyper_log_log& a, const hyper_log_log& b) {
  if (a.precision_ != b.precision_ || a.sparse() != b.sparse() || a.used_ != b.used_ ||
      a.dense_ != b.dense_)
    return false;
  const auto sorted = [](std::vector<std::uint32_t> slots) {
    std::ranges::sort(slots, std::greater{});
    return slots;
  };
  auto left = sorted(a.slots_);
  auto right = sorted(b.slots_);
  left.resize(a.used_);
  right.resize(b.used_);
  return left == right;
}

/// [precision, dense?, the ranks of all registers, or ascending (index << 8 | rank) of the used].
void codec<hyper_log_log>::encode(encoder& out, const hyper_log_log& value) {
  out.begin_array(3);
  out.write_unsigned(value.precision_);
  out.write_bool(!value.sparse());
  if (!value.sparse()) {
    out.write_bytes(value.dense_);
    return;
  }
  std::vector<std::uint32_t> used;
  used.reserve(value.used_);
  value.for_each_used(
      [&](std::uint32_t index, std::uint8_t rank) { used.push_back(index << 8U | rank); });
  std::ranges::sort(used);
  codec<std::vector<std::uint32_t>>::encode(out, used);
}

namespace {

using ranks_of_registers = std::vector<std::pair<std::uint32_t, std::uint8_t>>;

result<ranks_of_registers> read_dense(decoder& in, std::size_t registers) {
  const auto ranks = in.read_bytes();
  if (!ranks)
    return tl::make_unexpected(ranks.error());
  if (ranks->size() != registers)
    return in.corrupt(fmt::format("a hyper_log_log of {} registers has the ranks of {}", registers,
                                  ranks->size()));
  ranks_of_registers all;
  for (std::size_t i = 0; i < registers; ++i)
    if ((*ranks)[i] != 0)
      all.emplace_back(static_cast<std::uint32_t>(i), (*ranks)[i]);
  if (all.size() <= most_sparse(registers))
    return in.corrupt(
        fmt::format("a hyper_log_log with only {} used registers is stored dense", all.size()));
  return all;
}

result<ranks_of_registers> read_sparse(decoder& in, std::size_t registers) {
  const auto used = codec<std::vector<std::uint32_t>>::decode(in);
  if (!used)
    return tl::make_unexpected(used.error());
  if (used->size() > most_sparse(registers))
    return in.corrupt(fmt::format("a hyper_log_log with {} used registers is stored sparse; at "
                                  "most {} are so",
                                  used->size(), most_sparse(registers)));
  ranks_of_registers all;
  for (const std::uint32_t slot : *used) {
    if (index_of(slot) >= registers || rank_of(slot) == 0 ||
        (!all.empty() && all.back().first >= index_of(slot)))
      return in.corrupt(fmt::format("a hyper_log_log of {} registers has {} at rank {}, out of "
                                    "range or order",
                                    registers, index_of(slot), rank_of(slot)));
    all.emplace_back(index_of(slot), rank_of(slot));
  }
  return all;
}

} // namespace

result<hyper_log_log> codec<hyper_log_log>::decode(decoder& in) {
  if (auto entered = in.enter_array_of(3, "a hyper_log_log"); !entered)
    return tl::make_unexpected(std::move(entered).error());
  const auto precision = codec<unsigned>::decode(in);
  if (!precision)
    return tl::make_unexpected(precision.error());
  if (*precision < hyper_log_log::min_precision || *precision > hyper_log_log::max_precision)
    return in.corrupt(fmt::format("a hyper_log_log has a precision of {}; allowed are {} to {}",
                                  *precision, hyper_log_log::min_precision,
                                  hyper_log_log::max_precision));
  hyper_log_log value(*precision);
  const auto dense = in.read_bool();
  if (!dense)
    return tl::make_unexpected(dense.error());
  const auto ranks =
      *dense ? read_dense(in, value.registers()) : read_sparse(in, value.registers());
  if (!ranks)
    return tl::make_unexpected(ranks.error());
  for (const auto& [index, rank] : *ranks) {
    if (rank > value.largest_rank())
      return in.corrupt(fmt::format("a hyper_log_log of precision {} has a rank of {}; at most {} "
                                    "are possible",
                                    *precision, rank, value.largest_rank()));
    value.raise(index, rank);
  }
  in.leave();
  return value;
}

} // namespace millrace
