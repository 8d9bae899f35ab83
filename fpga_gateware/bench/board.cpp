#include "board.h"

Board::Board(unsigned divider) : divider_(divider) {
  context_ = std::make_unique<VerilatedContext>();
  top_ = std::make_unique<Vtop>(context_.get(), "top");
  reset();
}

void Board::reset() {
  top_->button_n = 0;
  top_->uart_rxd = 1;
  queue_.clear();
  received.clear();
  bit_ = -1;
  place_ = 0;
  // The memories forget nothing by it, as those of the chip don't.
  for (int i = 0; i < 4; i++) tick();
  top_->button_n = 1;
  for (int i = 0; i < 200; i++) tick();
}

void Board::tick() {
  top_->clk27 = 1;
  top_->eval();
  top_->clk27 = 0;
  top_->eval();
  cycles++;
}

void Board::drive() {
  if (bit_ < 0) {
    if (queue_.empty()) return;
    out_ = damaged(queue_.front());
    queue_.pop_front();
    bit_ = 0;
    left_ = divider_;
    top_->uart_rxd = 0;
  } else if (--left_ == 0) {
    left_ = divider_;
    if (++bit_ <= 8)
      top_->uart_rxd = (out_ >> (bit_ - 1)) & 1;
    else if (bit_ == 9)
      top_->uart_rxd = 1;
    else
      bit_ = -1;
  }
}

void Board::listen() {
  const bool level = top_->uart_txd;
  if (place_ == 0) {
    if (level) return;
    place_ = 1;
    until_ = divider_ + divider_ / 2;
  } else if (--until_ == 0) {
    until_ = divider_;
    if (place_ <= 8) {
      in_ = static_cast<uint8_t>(in_ >> 1 | (level ? 0x80 : 0));
      place_++;
    } else {
      // A byte without its stop bit never leaves a bridge.
      if (level) received.push_back(damaged(in_));
      place_ = 0;
    }
  }
}

void Board::run(uint64_t count) {
  while (count--) {
    drive();
    tick();
    listen();
  }
}

void Board::send(const uint8_t* bytes, size_t count) {
  queue_.insert(queue_.end(), bytes, bytes + count);
}

void Board::raw(bool level, unsigned count) {
  while (sending()) run(1);
  top_->uart_rxd = level;
  while (count--) {
    tick();
    listen();
  }
  top_->uart_rxd = 1;
}

void Board::damage_one_in(double bytes, uint64_t seed) {
  rate_ = bytes > 0 ? 1 / bytes : 0;
  random_.seed(seed);
}

uint8_t Board::damaged(uint8_t byte) {
  if (rate_ <= 0 || std::uniform_real_distribution<>(0, 1)(random_) >= rate_) return byte;
  return byte ^ static_cast<uint8_t>(1 + random_() % 255);
}
