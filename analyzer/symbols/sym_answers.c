/* Open addressing, a power of two of slots, at most half of them in use. */
#include "sym_answers.h"

#include <stdlib.h>

#include "hash.h"

/* Return: the slot of @address, or the empty one where it belongs; NULL if there are no slots. */
static struct sym_answer *find_slot(const struct sym_answers *answers, uint64_t address)
{
    if (answers->slot_count == 0) {
        return NULL;
    }
    size_t mask = answers->slot_count - 1;
    size_t i = (size_t)hash_number(HASH_START, address) & mask;
    while (answers->slots[i].is_taken && answers->slots[i].address != address) {
        i = (i + 1) & mask;
    }
    return &answers->slots[i];
}

bool sym_answers_reserve(struct sym_answers *answers, size_t more)
{
    size_t wanted = answers->slot_count == 0 ? 64 : answers->slot_count;
    while (wanted / 2 < answers->count + more) {
        wanted *= 2;
    }
    if (wanted == answers->slot_count) {
        return true;
    }
    struct sym_answers larger = {.slots = calloc(wanted, sizeof *larger.slots),
                                 .slot_count = wanted,
                                 .count = answers->count};
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < answers->slot_count; i++) {
        if (answers->slots[i].is_taken) {
            *find_slot(&larger, answers->slots[i].address) = answers->slots[i];
        }
    }
    free(answers->slots);
    *answers = larger;
    return true;
}

bool sym_answers_has(const struct sym_answers *answers, uint64_t address)
{
    const struct sym_answer *answer = find_slot(answers, address);
    return answer != NULL && answer->is_taken;
}

void sym_answers_put(struct sym_answers *answers, uint64_t address, struct symbol_frames frames)
{
    struct sym_answer *answer = find_slot(answers, address);
    answers->count += !answer->is_taken;
    *answer = (struct sym_answer){.address = address, .frames = frames, .is_taken = true};
}

struct symbol_frames sym_answers_find(const struct sym_answers *answers, uint64_t address)
{
    const struct sym_answer *answer = find_slot(answers, address);
    return answer != NULL && answer->is_taken ? answer->frames : (struct symbol_frames){0};
}

void sym_answers_fini(struct sym_answers *answers)
{
    free(answers->slots);
    *answers = (struct sym_answers){0};
}
