// A simulated board: the whole of top.sv, its serial line bit by bit, and what may befall a line.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

class Board {
 public:
  explicit Board(unsigned divider);

  // Power-on: everything is forgotten.
  void reset();
  // Lets the clock tick; what is to be sent is sent, what comes is kept.
  void run(uint64_t cycles);
  void send(const uint8_t* bytes, size_t count);
  // A bit on the line for some cycles, whatever it is, once everything was sent.
  void raw(bool level, unsigned cycles);

  // Of so many bytes, in either direction, one is damaged on the average; 0: none.
  void damage_one_in(double bytes, uint64_t seed);

  std::vector<uint8_t> received;
  uint64_t cycles = 0;
  bool sending() const { return !queue_.empty() || bit_ >= 0; }
  bool working() const { return !(top_->led_n & 4); }
  bool listening() const { return place_ != 0; }

 private:
  void tick();
  void drive();
  void listen();
  uint8_t damaged(uint8_t byte);

  unsigned divider_;
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vtop> top_;
  std::deque<uint8_t> queue_;
  // Towards the board: which bit is on the line, for how much longer.
  int bit_ = -1;
  unsigned left_ = 0;
  uint8_t out_ = 0;
  // From the board: 0 is idle, 1 to 8 the data bits, 9 the stop bit.
  int place_ = 0;
  unsigned until_ = 0;
  uint8_t in_ = 0;
  double rate_ = 0;
  std::mt19937_64 random_;
};
