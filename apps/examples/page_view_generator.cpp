// Serves page views of a small web site, for page_view_stream: page_view_generator PORT
// VIEWS_PER_SECOND.
#include "arguments.hpp"
#include "example_options.hpp"
#include "millrace/base/random.hpp"
#include "page_view.hpp"
#include "serving/serve.hpp"

using namespace millrace;

namespace {

apps::page_view draw(random_source& random) {
  const auto page = random.below(10);
  return {page < 7   ? "http://foo.com/"
          : page < 9 ? "http://foo.com/news"
                     : "http://foo.com/contact",
          random.below(20) == 0 ? 404 : 200, random.below(2) == 0 ? 94'709 : 94'117,
          static_cast<int>(1 + random.below(100))};
}

apps::record_stream make_views(std::uint64_t views, std::uint64_t seed) {
  constexpr std::size_t fields = 4;
  seeded_random random{seed};
  apps::record_pool pool;
  for (auto left = apps::record_stream::kept(views); left > 0; --left) {
    pool.bytes() += format_page_view(draw(random)) + '\n';
    pool.end_record(fields);
  }
  return {std::move(pool), views};
}

} // namespace

int main(int argc, char** argv) try {
  apps::serve_options serving;
  std::uint64_t views = 0;
  std::uint64_t seed = 1;
  apps::arguments arguments{"page_view_generator",
                            "Serves each client that connects the same page views."};
  arguments.add(
      "PORT", [&](const auto& text) { serving.listen = apps::checked_listen(text); },
      "Where to listen on 127.0.0.1, or HOST:PORT; port 0 is any free port");
  arguments.add(
      "VIEWS_PER_SECOND", [&](const auto& text) { serving.rate = apps::parse_rate(text); },
      "For each client; or max");
  arguments.add("--views", views, "Close the connection after so many views; 0 never");
  arguments.add("--seed", seed, "Equal seeds give equal views", {0, ~std::uint64_t{0}});
  arguments.add("--clients", serving.clients, "End after serving so many clients; 0 never");
  arguments.add_flag("--dump", serving.dump, "Write the views to standard output instead");
  arguments.add_flag("--insecure", serving.insecure,
                     "Allow an address that other machines can reach");
  arguments.read(argc, argv);
  return apps::serve(make_views(views, seed), serving);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
