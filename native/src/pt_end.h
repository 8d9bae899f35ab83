/* Takes back the names of pt_lane.h. */
#undef vec
#undef mask
#undef loose
#undef desk
#undef lanes
#undef short_fft
#undef PAIRS
#undef PT_WITH
