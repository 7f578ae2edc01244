/*
 * How many events a second are replayed: a trace is made up, written, and replayed.
 *
 *   replay_rate [MILLIONS [STREAMS [SITES]]]
 *
 * Sites are drawn so that few are hot and many are rare; blocks are freed after a while, three in
 * four within their tick; time moves as fast as it would at ten million events a second.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "reader.h"
#include "replay.h"
#include "trace_builder.h"

enum {
    EVENTS_A_TICK = 10000,
    EVENTS_AN_EPOCH = 2048, /* about 4096 bytes of records */
    STACKS = 1000,
};

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* Processor time, so that other work on the machine counts less. */
static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_trace(const char *path, uint64_t events, uint32_t streams, uint32_t sites)
{
    struct trace_builder *builder = builder_new();
    for (uint32_t i = 0; i < STACKS; i++) {
        builder_stack(builder, TRACE_STACK_FIRST + i, i == 0 ? 0 : TRACE_STACK_FIRST + i / 2, 0, i);
    }
    for (uint32_t i = 1; i <= sites; i++) {
        builder_site(builder, i % streams, i, TRACE_STACK_FIRST + (uint32_t)draw(STACKS),
                     16 + draw(2000));
    }
    for (uint64_t done = 0; done < events;) {
        uint32_t stream = (uint32_t)draw(streams);
        builder_time(builder, stream, (uint32_t)(done / EVENTS_A_TICK), done / EVENTS_AN_EPOCH);
        for (int i = 0; i < EVENTS_AN_EPOCH / 2; i++, done += 2) {
            // The product of two draws is small more often than not.
            uint32_t site = 1 + (uint32_t)(draw(sites) * draw(sites) / sites);
            builder_allocate(builder, stream, site);
            builder_release(builder, stream, site, draw(4) > 0 ? 0 : 1 + draw(100));
        }
    }
    builder_write(builder, path);
    builder_free(builder);
}

/* Replay a trace and say how fast. Return: whether it went well. */
static bool replay_once(struct reader *reader, uint64_t events, const char *what,
                        struct replay_watch *watch)
{
    struct moment moment = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error = {0};
    double start = now();
    if (replay_run(reader, &moment, NULL, NULL, watch, NULL, &replay, &error) != TRACE_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    double seconds = now() - start;
    (void)printf("%s: replayed in %.3f s, %.1f million a second\n", what, seconds,
                 (double)events / 1e6 / seconds);
    replay_fini(&replay);
    return true;
}

int main(int argc, char **argv)
{
    uint64_t events = 1000000 * (argc > 1 ? strtoull(argv[1], NULL, 10) : 20);
    uint32_t streams = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 4;
    uint32_t sites = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 20000;
    char path[] = "/tmp/replay_rate.XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || streams == 0 || sites == 0) {
        return EXIT_FAILURE;
    }
    (void)close(fd);
    make_trace(path, events, streams, sites);
    struct reader reader;
    struct trace_error error = {0};
    double start = now();
    if (reader_open(path, &reader, &error) != TRACE_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    double opened = now();
    (void)printf("%.0f million events, %u streams, %u sites: %.2f bytes each, opened in %.3f s\n",
                 (double)events / 1e6, streams, sites, (double)reader.file.size / (double)events,
                 opened - start);
    struct timeline timeline;
    timeline_init(&timeline);
    struct replay_watch watch = {
        .levels = calloc(reader.definitions.site_slots + 1, sizeof *watch.levels),
        .timeline = &timeline,
    };
    struct replay_watch ages = {
        .lifetimes = lifetimes_new(reader.definitions.site_slots, reader.stream_count),
    };
    bool is_good = watch.levels != NULL && ages.lifetimes != NULL &&
                   replay_once(&reader, events, "counters alone", NULL) &&
                   replay_once(&reader, events, "with levels and timeline", &watch) &&
                   replay_once(&reader, events, "with lifetimes", &ages);
    lifetimes_free(ages.lifetimes);
    free(watch.levels);
    reader_close(&reader);
    (void)unlink(path);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
