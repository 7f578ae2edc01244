/* A word of a stack, with what is known of the frame that it is in. */
#ifndef ANALYZER_STACK_WORD_H
#define ANALYZER_STACK_WORD_H

#include <stdint.h>

struct stack_word {
    uint64_t pc; /* in the call that the frame has made, as in the module's file */
    uint64_t address;
    uint64_t cfa; /* canonical frame address */
    uint64_t sp;
    uint64_t bp;
};

#endif
