#include <millrace/millrace.hpp>
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  return millrace::run_program(argc, argv, [](millrace::configuration conf) {
    millrace::stream_context ssc{conf.app_name("network_word_count"), 1s};
    auto lines = ssc.socket_text_stream("localhost", 9999);
    auto counts = lines.flat_map(millrace::split(' '))
                      .map([](auto word) { return std::pair(word, 1L); })
                      .reduce_by_key(std::plus{});
    counts.print();
    ssc.start();
    return ssc.await_termination();
  });
}
