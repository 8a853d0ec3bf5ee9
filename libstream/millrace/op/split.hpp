#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/chunk/tokenize.hpp"
#include "millrace/op/op.hpp"

#include <string_view>

namespace millrace {

/// How text is cut into pieces; make one with `split(separator)`, `words()` or `lines()` and give
/// it to `flat_map`.
struct text_splitter {
  enum class rule { fields, words, lines };
  rule by = rule::fields;
  char separator = ' ';
};

/// The fields between separators, as Java's `String.split`: empty fields are kept, except at the
/// end of the line; an empty line is one empty field. Pieces are views into the record.
constexpr text_splitter split(char separator) { return {text_splitter::rule::fields, separator}; }

/// The maximal runs of bytes above 0x20. Pieces are views into the record; there are no empty ones.
constexpr text_splitter words() { return {text_splitter::rule::words, ' '}; }

/// The lines of a text of several, as Java's `String.lines`: ended by `\n` or `\r\n`, of which no
/// byte belongs to the line; a last line needs no terminator; the empty text has none. Pieces are
/// views into the record.
constexpr text_splitter lines() { return {text_splitter::rule::lines, '\n'}; }

/// `flat_map(split(c))`, `flat_map(words())` and `flat_map(lines())`: cuts a whole chunk of lines
/// with the vector kernel.
class split_op final : public op<std::string_view, std::string_view> {
public:
  split_op(op_info_ptr info, consumer<std::string_view>& down, text_splitter how);
  void begin(const batch_context& context) override;
  void consume(std::span<std::string_view> lines) override;

private:
  void consume_lines(std::span<std::string_view> texts);

  text_splitter how_;
  chunk_buffer<std::string_view> out_;
};

} // namespace millrace
