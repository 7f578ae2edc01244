/*
 * A pool of particles: malloc() sees a few large chunks, so a report tells who filled the pool
 * only if the pool says whom it serves. Two lines do: libtrace_track() and libtrace_untrack().
 * Without libtrace.so both are a test of a pointer, and nothing is linked for them.
 *
 *     trace-run ./object_pool && trace-report --domain 1 --skip take_particle
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "libtrace.h"

#define POOL_DOMAIN 1 /* any number but 0, which is malloc's */
#define CHUNK_PARTICLES 1024

struct particle {
    double position[3];
    struct particle *next; /* in the free list, or in the list of its owner */
};

static struct particle *free_particles;
static struct particle *smoke; /* lists of particles that are in use */
static struct particle *sparks;

static int add_chunk(void)
{
    struct particle *chunk = malloc(CHUNK_PARTICLES * sizeof(*chunk));
    if (chunk == NULL) {
        return 0;
    }
    for (size_t i = 0; i < CHUNK_PARTICLES; i++) {
        chunk[i].next = free_particles;
        free_particles = &chunk[i];
    }
    return 1;
}

static struct particle *take_particle(struct particle **list)
{
    if (free_particles == NULL && !add_chunk()) {
        return NULL;
    }
    struct particle *particle = free_particles;
    free_particles = particle->next;
    particle->next = *list;
    *list = particle;
    (void)libtrace_track(POOL_DOMAIN, particle, sizeof(*particle));
    return particle;
}

static void return_first(struct particle **list)
{
    struct particle *particle = *list;
    *list = particle->next;
    (void)libtrace_untrack(POOL_DOMAIN, particle);
    particle->next = free_particles;
    free_particles = particle;
}

static void add_smoke(unsigned frame)
{
    for (unsigned i = 0; i < 20; i++) {
        struct particle *particle = take_particle(&smoke);
        if (particle != NULL) {
            particle->position[0] = frame;
        }
    }
}

static void add_sparks(unsigned frame)
{
    for (unsigned i = 0; i < 50; i++) {
        struct particle *particle = take_particle(&sparks);
        if (particle != NULL) {
            particle->position[1] = frame;
        }
    }
}

int main(void)
{
    for (unsigned frame = 0; frame < 100; frame++) {
        add_smoke(frame);
        add_sparks(frame);
        while (sparks != NULL) { /* they go out at once; smoke is forgotten */
            return_first(&sparks);
        }
    }
    printf("100 frames drawn\n");
    return 0;
}
