// The simulated board behind a pseudo-terminal, for whoever opens a serial port.
//
//   board_pty DIVIDER [--link PATH] [--damage N] [--seed N] [--speed HZ]
//
// Prints the terminal's path and serves it until it is killed, or its standard input closes.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "board.h"

namespace {

struct Options {
  unsigned divider = 8;
  std::string link;
  double damage = 0;
  uint64_t seed = 1;
};

Options options(int argc, char** argv) {
  Options found;
  if (argc < 2 || argc % 2) {
    std::fprintf(stderr, "usage: board_pty DIVIDER [--link PATH] [--damage N] [--seed N]\n");
    std::exit(2);
  }
  found.divider = static_cast<unsigned>(std::atoi(argv[1]));
  for (int i = 2; i < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--link")
      found.link = argv[i + 1];
    else if (key == "--damage")
      found.damage = std::atof(argv[i + 1]);
    else if (key == "--seed")
      found.seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return found;
}

// The board is done, and nobody asks for anything: the clock may stand still.
bool idle(const Board& board) {
  return !board.working() && !board.sending() && !board.listening() && board.received.empty();
}

// Whether the terminal is still there.
bool pass_on(Board& board, int terminal) {
  uint8_t bytes[4096];
  if (!board.sending()) {
    const ssize_t count = read(terminal, bytes, sizeof bytes);
    if (count > 0) board.send(bytes, static_cast<size_t>(count));
  }
  if (!board.received.empty()) {
    const ssize_t count = write(terminal, board.received.data(), board.received.size());
    if (count > 0) board.received.erase(board.received.begin(), board.received.begin() + count);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const Options wanted = options(argc, argv);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int terminal = -1, other = -1;
  char name[256];
  termios raw{};
  cfmakeraw(&raw);
  if (openpty(&terminal, &other, name, &raw, nullptr)) {
    std::perror("openpty");
    return 1;
  }
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  if (!wanted.link.empty()) {
    // In one step, so that nobody finds half of it.
    const std::string fresh = wanted.link + ".new";
    unlink(fresh.c_str());
    if (symlink(name, fresh.c_str()) || std::rename(fresh.c_str(), wanted.link.c_str())) {
      std::perror(wanted.link.c_str());
      return 1;
    }
  }
  std::printf("%s\n", wanted.link.empty() ? name : wanted.link.c_str());
  std::fflush(stdout);

  Board board(wanted.divider);
  if (wanted.damage > 0) board.damage_one_in(wanted.damage, wanted.seed);
  uint64_t quiet = 0;
  for (;;) {
    board.run(2048);
    pass_on(board, terminal);
    quiet = idle(board) ? quiet + 1 : 0;
    // An answer may still be on its way for some thousand cycles after the last byte came.
    if (quiet > 16) {
      pollfd one{terminal, POLLIN, 0};
      poll(&one, 1, 1000);
      quiet = 0;
    }
  }
}
