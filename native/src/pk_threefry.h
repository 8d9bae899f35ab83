/* Constants of Threefry2x32 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as
 * easy as 1, 2, 3", SC'11, table 2). */
#ifndef PK_THREEFRY_H
#define PK_THREEFRY_H

#define PK_THREEFRY_PARITY 0x1BD11BDAu
static const int PK_THREEFRY_TURNS[8] = {13, 15, 26, 6, 17, 29, 16, 24};

#endif
