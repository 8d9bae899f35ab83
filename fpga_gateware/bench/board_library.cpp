// The simulated board for Python's ctypes.
#include <algorithm>

#include "board.h"

extern "C" {
Board* board_new(unsigned divider) { return new Board(divider); }
void board_free(Board* board) { delete board; }
void board_reset(Board* board) { board->reset(); }
void board_send(Board* board, const uint8_t* bytes, size_t count) { board->send(bytes, count); }
void board_raw(Board* board, int level, unsigned cycles) { board->raw(level != 0, cycles); }
void board_damage(Board* board, double one_in, uint64_t seed) {
  board->damage_one_in(one_in, seed);
}
uint64_t board_cycles(const Board* board) { return board->cycles; }
int board_working(const Board* board) { return board->working(); }

// Runs until a zero byte came, or for so many cycles after the last byte was sent; copies what
// came, and gives its number.
size_t board_answer(Board* board, uint8_t* bytes, size_t room, uint64_t cycles) {
  uint64_t spent = 0;
  const auto ended = [board] {
    const auto& came = board->received;
    return std::find(came.begin(), came.end(), 0) != came.end();
  };
  while (!ended() && spent < cycles) {
    const bool busy = board->sending() || board->listening();
    board->run(64);
    if (!busy) spent += 64;
  }
  const size_t count = std::min(room, board->received.size());
  std::copy_n(board->received.begin(), count, bytes);
  board->received.erase(board->received.begin(), board->received.begin() + count);
  return count;
}

void board_run(Board* board, uint64_t cycles) { board->run(cycles); }
}
