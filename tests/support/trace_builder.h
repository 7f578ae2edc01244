/*
 * Writes traces by docs/format.md, for tests of whoever reads them: what a test says happens is in
 * the file, whether it makes sense or not.
 *
 * Written against the document, not against libtrace.so: two readings of it that must agree.
 * Anything that fails (memory, the file) aborts the test.
 */
#ifndef TESTS_TRACE_BUILDER_H
#define TESTS_TRACE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

struct trace_builder;

/* How what was recorded since the last chunk becomes the next one. */
enum builder_chunk {
    BUILDER_PLAIN,
    BUILDER_ZSTD,
    BUILDER_WINDOW,
};

/* A header that is valid, of process 4711. Streams are sealed with zstd when a chunk is full. */
struct trace_builder *builder_new(void);
void builder_free(struct trace_builder *builder);

/* Return: the header, to be changed at will; its check is made when the file is. */
struct trace_file_header *builder_header(struct trace_builder *builder);

/* Definitions; all but threads and sites go into stream 0. */
void builder_process(struct trace_builder *builder, const char *executable, const char *directory);
void builder_module(struct trace_builder *builder, uint32_t id, uint64_t bias, const char *path);
void builder_stack(struct trace_builder *builder, uint32_t id, uint32_t parent, uint32_t module,
                   uint64_t address);
void builder_site(struct trace_builder *builder, uint32_t stream, uint32_t id, uint32_t stack,
                  uint64_t size);
void builder_domain(struct trace_builder *builder, uint32_t stream, uint32_t site, uint32_t domain);
void builder_thread(struct trace_builder *builder, uint32_t stream, uint64_t thread,
                    const char *name);

/* Events. builder_time() says when those after it happen; it may only go forwards. */
void builder_time(struct trace_builder *builder, uint32_t stream, uint32_t tick, uint64_t epoch);
void builder_allocate(struct trace_builder *builder, uint32_t stream, uint32_t site);
void builder_allocate_and_release(struct trace_builder *builder, uint32_t stream, uint32_t site);
void builder_release(struct trace_builder *builder, uint32_t stream, uint32_t site, uint64_t age);
void builder_reallocate(struct trace_builder *builder, uint32_t stream, uint32_t old_site,
                        uint64_t age, uint32_t new_site);
void builder_implied_free(struct trace_builder *builder, uint32_t stream, uint32_t site,
                          uint64_t age);
void builder_inherited_free(struct trace_builder *builder, uint32_t stream, uint64_t size);
void builder_snapshot(struct trace_builder *builder, uint32_t stream, const char *name);

void builder_resident(struct trace_builder *builder, uint32_t stream, uint64_t bytes);
void builder_freer(struct trace_builder *builder, uint32_t stream, uint32_t stack);
void builder_clear(struct trace_builder *builder, uint32_t stream, uint32_t first_site);

/* Put bytes as they are where the next record would go. */
void builder_raw(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                 const void *bytes, size_t length);

/* End the current chunk of a stream, if anything is in it. */
void builder_seal(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                  enum builder_chunk chunk);

/* Put bytes between chunks. */
void builder_gap(struct trace_builder *builder, const void *bytes, size_t length);

/* Seal everything and give the whole file. Return: the builder's bytes. */
const uint8_t *builder_bytes(struct trace_builder *builder, size_t *ret_length);

/* Seal everything and write it to @path. */
void builder_write(struct trace_builder *builder, const char *path);

/* Write any bytes to @path. */
void builder_write_file(const char *path, const void *bytes, size_t length);

#endif
