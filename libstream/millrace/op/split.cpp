#include "millrace/op/split.hpp"

namespace millrace {

split_op::split_op(op_info_ptr info, consumer<std::string_view>& down, text_splitter how)
    : op{std::move(info), down}, how_{how} {}

void split_op::begin(const batch_context& context) {
  out_.begin_batch();
  op::begin(context);
}

void split_op::consume(std::span<std::string_view> lines) {
  if (how_.by == text_splitter::rule::lines) {
    consume_lines(lines);
    return;
  }
  line_cursor cursor;
  while (cursor.line < lines.size()) {
    std::span<std::string_view> room{out_.raw(), out_.capacity};
    std::size_t n = how_.by == text_splitter::rule::fields
                        ? split_fields(lines, how_.separator, cursor, room)
                        : split_words(lines, cursor, room);
    if (n == 0)
      continue;
    out_.set_size(n);
    down().consume(out_.records());
    out_.clear();
  }
}

void split_op::consume_lines(std::span<std::string_view> texts) {
  for (auto text : texts) {
    while (!text.empty()) {
      auto end = text.find('\n');
      auto line = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (end != text.npos && line.ends_with('\r'))
        line.remove_suffix(1);
      if (out_.full()) {
        down().consume(out_.records());
        out_.clear();
      }
      out_.emplace(line);
    }
  }
  if (!out_.empty())
    down().consume(out_.records());
  out_.clear();
}

} // namespace millrace
