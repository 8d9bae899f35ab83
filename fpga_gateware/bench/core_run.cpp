// Runs units of work on the core. Commands on standard input, one a line:
//   c ADDRESS WORD             configuration
//   r SEED FIRST COUNT TRACE   a unit; TRACE 1 prints what passes between the parts
//   a SEED FIRST COUNT CYCLES  a unit that is aborted after so many cycles
//   b ADDRESS                  the bins of a row of the histogram
// Answers: "done SERIES CYCLES OVERFLOW", "aborted CYCLES", "row COUNTS…".
#include <cstdint>
#include <cstdio>
#include <memory>

#include "Vcore_trace.h"
#include "verilated.h"

namespace {

constexpr int kBins = 128;
constexpr uint64_t kTooLong = 2'000'000'000;

class Bench {
 public:
  Bench() : core_(std::make_unique<Vcore_trace>(&context_)) {
    core_->rst = 1;
    for (int i = 0; i < 4; i++) Tick();
    core_->rst = 0;
    Tick();
  }

  void Configure(uint32_t address, uint32_t word) {
    core_->cfg_we = 1;
    core_->cfg_addr = address;
    core_->cfg_data = word;
    Tick();
    core_->cfg_we = 0;
  }

  // Returns the cycles that it took; stops it after so many, if not 0.
  uint64_t Run(uint64_t seed, uint32_t first, uint32_t count, bool trace, uint64_t stop_after) {
    core_->run = 1;
    core_->seed = seed;
    core_->first = first;
    core_->count = count;
    core_->trace = trace;
    Tick();
    core_->run = 0;
    uint64_t cycles = 1;
    while (core_->busy && cycles != stop_after && cycles < kTooLong) Tick(), cycles++;
    if (stop_after) {
      core_->stop = 1;
      Tick();
      core_->stop = 0;
      for (cycles = 1; core_->busy; cycles++) Tick();
    }
    core_->trace = 0;
    return cycles;
  }

  void PrintRow(uint32_t row) {
    std::printf("row");
    for (int bin = 0; bin < kBins; bin++) {
      core_->hist_addr = row * kBins + bin;
      Tick();
      core_->hist_addr = 0;
      Tick();
      std::printf(" %u", core_->hist_data);
    }
    std::printf("\n");
  }

  uint32_t done() const { return core_->done; }
  bool overflow() const { return core_->overflow; }

 private:
  void Tick() {
    core_->clk = 1;
    core_->eval();
    core_->clk = 0;
    core_->eval();
  }

  VerilatedContext context_;
  std::unique_ptr<Vcore_trace> core_;
};

}  // namespace

int main() {
  Bench bench;
  char command;
  unsigned long long a, b, c, d;
  while (std::scanf(" %c %llu", &command, &a) == 2) {
    if (command == 'c' && std::scanf("%llu", &b) == 1) {
      bench.Configure(a, b);
    } else if (command == 'r' && std::scanf("%llu %llu %llu", &b, &c, &d) == 3) {
      const uint64_t cycles = bench.Run(a, b, c, d, 0);
      std::printf("done %u %llu %d\n", bench.done(), (unsigned long long)cycles, bench.overflow());
    } else if (command == 'a' && std::scanf("%llu %llu %llu", &b, &c, &d) == 3) {
      std::printf("aborted %llu\n", (unsigned long long)bench.Run(a, b, c, false, d));
    } else if (command == 'b') {
      bench.PrintRow(a);
    } else {
      return 1;
    }
    std::fflush(stdout);
  }
  return 0;
}
