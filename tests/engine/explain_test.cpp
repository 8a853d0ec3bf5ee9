#include "millrace/engine/explain/explain.hpp"
#include "plan/plan_harness.hpp"

#include <regex>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using text_pair = std::pair<std::string_view, std::int64_t>;

/// Word counts of each batch, and of all batches, which are kept.
void write_job(basic_stream_context& context) {
  auto counts = context.socket_text_stream("localhost", 9999)
                    .flat_map(split(' '))
                    .map([](std::string_view word) {
                      return text_pair{word, 1};
                    })
                    .reduce_by_key(std::plus{});
  counts.print();
  auto add = [](std::vector<std::int64_t> values, std::optional<std::int64_t> old) {
    return std::optional{static_cast<std::int64_t>(values.size()) + old.value_or(0)};
  };
  auto totals = counts.update_state_by_key<std::int64_t>(add).name("totals \"all\"");
  totals.persist(storage_levels::memory_only);
  totals.count().for_each_batch([](const batch<std::int64_t>&) {}).name("report");
}

/// The plan with N for the numbers of lines of this file.
std::string explained(explain_format format) {
  const auto plan = make_plan(graph_of(write_job), 2);
  const auto text = explain({plan, "words", seconds(1), 2, 2}, format);
  return std::regex_replace(text, std::regex{"explain_test\\.cpp:[0-9]+"}, "explain_test.cpp:N");
}

constexpr const char* as_text =
    R"plan(job "words" in batches of 1s, fingerprint 4153196e7d51748e

stage 0: 2 partitions
  socket_text_stream#ea4a6554 -> text at explain_test.cpp:N
    flat_map -> text at explain_test.cpp:N
      map -> (text,i64) at explain_test.cpp:N
        => stage 1, each partition to 2 partitions
stage 1: 2 partitions
  reduce_by_key#4a238026 -> (text,i64) at explain_test.cpp:N
    => output 0
    => stage 2, each partition to that of its number
stage 2: 2 partitions
  update_state_by_key "totals "all"" -> (text,i64) at explain_test.cpp:N
    | state update_state_by_key (text,i64) v1
    | checkpoint every 10s
    | stored MEMORY_ONLY
    | remembered for 20s
    => stage 3, each partition to 1 partition
    => output 2
stage 3: 1 partition
  count#b8ce9108 -> i64 at explain_test.cpp:N
    => output 1

sources
  0: socket_text_stream#ea4a6554 at explain_test.cpp:N, socket localhost:9999

outputs, in the order in which they run
  0: print#753daf4a <- (text,i64) at explain_test.cpp:N
  1: for_each_batch "report" <- i64 at explain_test.cpp:N
  2: persist#28420483 <- (text,i64) at explain_test.cpp:N

tasks, each for one partition of a batch
  stage 0
  stage 1, then stage 2
  stage 3
)plan";

constexpr const char* as_json =
    R"plan({
  "job": "words",
  "batch_interval_ms": 1000,
  "fingerprint": "4153196e7d51748e",
  "stages": [
    {
      "stage": 0,
      "partitions": 2,
      "root": {
        "operation": "socket_text_stream",
        "uid": "socket_text_stream#ea4a6554",
        "elements": "text",
        "place": "explain_test.cpp:N",
        "slide_ms": 1000,
        "stream": 0,
        "source": "socket localhost:9999"
      },
      "steps": [
        {
          "operation": "flat_map",
          "elements": "text",
          "place": "explain_test.cpp:N",
          "slide_ms": 1000,
          "steps": [
            {
              "operation": "map",
              "elements": "(text,i64)",
              "place": "explain_test.cpp:N",
              "slide_ms": 1000,
              "steps": [
                {
                  "ends_at": "reduce_by_key#4a238026"
                }
              ]
            }
          ]
        }
      ],
      "edges": [
        {
          "to": "reduce_by_key#4a238026",
          "stage": 1,
          "partitions": 2,
          "aligned": false
        }
      ]
    },
    {
      "stage": 1,
      "partitions": 2,
      "root": {
        "operation": "reduce_by_key",
        "uid": "reduce_by_key#4a238026",
        "elements": "(text,i64)",
        "place": "explain_test.cpp:N",
        "slide_ms": 1000
      },
      "steps": [
        {
          "ends_at": "print#753daf4a"
        },
        {
          "ends_at": "totals \"all\""
        }
      ],
      "edges": [
        {
          "to": "print#753daf4a",
          "output": 0
        },
        {
          "to": "totals \"all\"",
          "stage": 2,
          "partitions": 2,
          "aligned": true
        }
      ]
    },
    {
      "stage": 2,
      "partitions": 2,
      "root": {
        "operation": "update_state_by_key",
        "name": "totals \"all\"",
        "uid": "totals \"all\"",
        "elements": "(text,i64)",
        "place": "explain_test.cpp:N",
        "slide_ms": 1000,
        "state": "update_state_by_key (text,i64) v1",
        "checkpoint_ms": 10000,
        "storage": "MEMORY_ONLY",
        "remember_ms": 20000
      },
      "steps": [
        {
          "ends_at": "count#b8ce9108"
        },
        {
          "ends_at": "persist#28420483"
        }
      ],
      "edges": [
        {
          "to": "count#b8ce9108",
          "stage": 3,
          "partitions": 1,
          "aligned": false
        },
        {
          "to": "persist#28420483",
          "output": 2
        }
      ]
    },
    {
      "stage": 3,
      "partitions": 1,
      "root": {
        "operation": "count",
        "uid": "count#b8ce9108",
        "elements": "i64",
        "place": "explain_test.cpp:N",
        "slide_ms": 1000
      },
      "steps": [
        {
          "ends_at": "report"
        }
      ],
      "edges": [
        {
          "to": "report",
          "output": 1
        }
      ]
    }
  ],
  "outputs": [
    {
      "output": 0,
      "operation": "print",
      "uid": "print#753daf4a",
      "elements": "(text,i64)",
      "place": "explain_test.cpp:N",
      "slide_ms": 1000
    },
    {
      "output": 1,
      "operation": "for_each_batch",
      "name": "report",
      "uid": "report",
      "elements": "i64",
      "place": "explain_test.cpp:N",
      "slide_ms": 1000
    },
    {
      "output": 2,
      "operation": "persist",
      "uid": "persist#28420483",
      "elements": "(text,i64)",
      "place": "explain_test.cpp:N",
      "slide_ms": 1000
    }
  ],
  "tasks": [
    [
      0
    ],
    [
      1,
      2
    ],
    [
      3
    ]
  ]
}
)plan";

constexpr const char* as_dot =
    R"plan(digraph "words" {
  graph [rankdir=TB, fontname="Helvetica", labeljust=l];
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11];
  edge [fontname="Helvetica", fontsize=10];
  subgraph cluster_stage_0 {
    label="stage 0, 2 partitions"; style=filled; fillcolor=gray95;
    s0 [label="socket_text_stream#ea4a6554\ntext\nexplain_test.cpp:N", fillcolor=lightblue];
    s0_1 [label="flat_map\ntext\nexplain_test.cpp:N"];
    s0 -> s0_1;
    s0_2 [label="map\n(text,i64)\nexplain_test.cpp:N"];
    s0_1 -> s0_2;
  }
  subgraph cluster_task_1 {
    label="one task"; style=dashed;
    subgraph cluster_stage_1 {
      label="stage 1, 2 partitions"; style=filled; fillcolor=gray95;
      s1 [label="reduce_by_key#4a238026\n(text,i64)\nexplain_test.cpp:N", fillcolor=white];
    }
    subgraph cluster_stage_2 {
      label="stage 2, 2 partitions"; style=filled; fillcolor=gray95;
      s2 [label="update_state_by_key \"totals \"all\"\"\n(text,i64)\nstate v1\nstored MEMORY_ONLY\nexplain_test.cpp:N", fillcolor=palegreen];
    }
  }
  subgraph cluster_stage_3 {
    label="stage 3, 1 partition"; style=filled; fillcolor=gray95;
    s3 [label="count#b8ce9108\ni64\nexplain_test.cpp:N", fillcolor=white];
  }
  o0 [label="print#753daf4a\n(text,i64)\nexplain_test.cpp:N", fillcolor=lightyellow];
  o1 [label="for_each_batch \"report\"\ni64\nexplain_test.cpp:N", fillcolor=lightyellow];
  o2 [label="persist#28420483\n(text,i64)\nexplain_test.cpp:N", fillcolor=lightyellow];
  s0_2 -> s1 [label="2 to 2", style=bold];
  s1 -> o0;
  s1 -> s2 [label="same partition", style=bold];
  s2 -> s3 [label="2 to 1", style=bold];
  s2 -> o2;
  s3 -> o1;
}
)plan";

} // namespace

TEST_CASE("a plan as text") { CHECK(explained(explain_format::text) == as_text); }

TEST_CASE("a plan as JSON") { CHECK(explained(explain_format::json) == as_json); }

TEST_CASE("a plan as Graphviz source") { CHECK(explained(explain_format::dot) == as_dot); }

TEST_CASE("partitions that stay where they are, windows and unions") {
  auto graph = graph_of([](auto& c) {
    auto left = any_input<std::pair<int, int>>(c).name("left");
    auto right = any_input<std::pair<int, int>>(c).name("right");
    left.union_with(right)
        .partition_by(3)
        .name("by key")
        .reduce_by_key_and_window(std::plus{}, seconds(4), seconds(2), 3)
        .name("sums")
        .print()
        .name("out");
  });
  const auto plan = make_plan(graph, 1);
  const auto text = explain({plan, "windows", seconds(1), 1, 1}, explain_format::text);
  CHECK(std::regex_replace(text.substr(text.find("stage 0")),
                           std::regex{" at [a-z_]+\\.[ch]pp:[0-9]+"},
                           "") == R"plan(stage 0: 1 partition
  input_stream "left" -> (i32,i32)
    union -> (i32,i32)
      => stage 2, each partition to 3 partitions
stage 1: 1 partition
  input_stream "right" -> (i32,i32)
    union -> (i32,i32)
      => stage 2, each partition to 3 partitions
stage 2: 3 partitions
  partition_by "by key" -> (i32,i32)
    => stage 3, each partition to that of its number
stage 3: 3 partitions
  reduce_by_key_and_window "sums" -> (i32,i32)
    | state reduce_by_key_and_window (i32,i32) v1
    | every 2s
    => output 0

sources
  0: input_stream "left", made for each batch, recoverable by time
  1: input_stream "right", made for each batch, recoverable by time

outputs, in the order in which they run
  0: print "out" <- (i32,i32)

tasks, each for one partition of a batch
  stage 0
  stage 1
  stage 2, then stage 3
)plan");
}

TEST_CASE("forms of an explained plan") {
  CHECK(parse_explain_format("off").value() == std::nullopt);
  CHECK(parse_explain_format("text").value() == explain_format::text);
  CHECK(parse_explain_format("json").value() == explain_format::json);
  CHECK(parse_explain_format("dot").value() == explain_format::dot);
  CHECK(parse_explain_format("svg").error().message ==
        "app.explain is \"svg\"; allowed are off, text, json and dot");
}
