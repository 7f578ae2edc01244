/* Hashes for the analyzer's tables: quick, good in all bits, not meant to resist an attacker. */
#ifndef ANALYZER_HASH_H
#define ANALYZER_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0x9e3779b97f4a7c15)

/* Mix @value into @hash. Source: the finalizer of MurmurHash3, by Austin Appleby. */
static inline uint64_t hash_number(uint64_t hash, uint64_t value)
{
    hash ^= value;
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *next = (const unsigned char *)bytes;
    hash = hash_number(hash, length);
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), next += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, next, sizeof word);
        hash = hash_number(hash, word);
    }
    uint64_t rest = 0;
    if (length > 0) {
        memcpy(&rest, next, length);
    }
    return hash_number(hash, rest);
}

#endif
