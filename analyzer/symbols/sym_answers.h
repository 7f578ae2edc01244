/* What is known of the addresses of one module: a hash table. */
#ifndef ANALYZER_SYM_ANSWERS_H
#define ANALYZER_SYM_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbolize.h"

struct sym_answer {
    uint64_t address;
    struct symbol_frames frames;
    bool is_taken; /* the slot is in use */
};

/* Addresses to answers: open addressing, a power of two of slots, at most half
 * of them in use. */
struct sym_answers {
    struct sym_answer *slots;
    size_t slot_count;
    size_t count;
};

void sym_answers_fini(struct sym_answers *answers);

/* Make room for @more answers. Return: false without memory. */
bool sym_answers_reserve(struct sym_answers *answers, size_t more);

/* Set the answer of an address. Room must have been made. */
void sym_answers_put(struct sym_answers *answers, uint64_t address, struct symbol_frames frames);

/* Return: whether there is an answer, if only that nothing is known. */
bool sym_answers_has(const struct sym_answers *answers, uint64_t address);

/* Return: the answer; no frames if there is none. */
struct symbol_frames sym_answers_find(const struct sym_answers *answers, uint64_t address);

#endif
