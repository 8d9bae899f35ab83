/* Drives fuzz_kernel.c where there is no libFuzzer: random bytes for so many seconds, the same
 * ones in every run. Takes libFuzzer's -max_total_time=SECONDS. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pycwt_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 256 };

int main(int argc, char **argv)
{
    static const char OPTION[] = "-max_total_time=";
    long seconds = 60;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], OPTION, sizeof OPTION - 1) == 0)
            seconds = atol(argv[i] + sizeof OPTION - 1);
    time_t end = time(NULL) + seconds;
    uint32_t number = 0;
    for (; time(NULL) < end; number++) {
        uint8_t data[SIZE];
        const uint32_t key[2] = {number, 0};
        for (uint32_t i = 0; i < SIZE / 8; i++) {
            uint32_t words[2];
            pk_threefry(key, (const uint32_t[2]){i, 0}, words);
            memcpy(data + 8 * i, words, sizeof words);
        }
        if (number % 1000 == 0)
            fprintf(stderr, "#%u\n", number);
        LLVMFuzzerTestOneInput(data, SIZE);
    }
    printf("Done %u runs in %ld second(s)\n", number, seconds);
    return 0;
}
