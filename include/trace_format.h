/*
 * The trace file, as written by libtrace.so and read by trace-report. docs/format.md is the
 * specification; the section numbers below are its own, and a test holds the two together.
 *
 * Everything is little-endian. The structures here are the file's own layout: the traced process
 * maps them and writes them with plain stores, so that the file is complete after SIGKILL.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the trace format is little-endian, and so must the machine be"
#endif

/* 2. File header */
#define TRACE_MAGIC "\x89ltrace\n"
#define TRACE_MAGIC_BYTES 8
#define TRACE_VERSION 3
#define TRACE_HEADER_BYTES 4096
#define TRACE_TICKS_PER_SECOND 1000

/* 2.1 How the process ended, as far as it could tell. */
enum trace_end {
    TRACE_END_NONE = 0,  /* still running, or killed, or replaced by exec: nothing was told */
    TRACE_END_EXIT = 1,  /* exit() or a return from main: destructors ran */
    TRACE_END_QUICK = 2, /* _exit(), _Exit() or quick_exit() */
    TRACE_END_EXEC = 4, /* exec(): another program took the process over, with a trace of its own */
    TRACE_END_STOPPED = 3, /* the tracer gave up: disk full, say; the program went on */
};

/* 2.2 What was lost, cut, unknown or put right. Indices into trace_file_header.counters. */
enum trace_counter {
    TRACE_LOST_NESTED = 0,        /* events of handlers inside handlers inside us, or cut by fork */
    TRACE_LOST_MEMORY = 1,        /* events dropped because a table could not grow */
    TRACE_LOST_SPACE = 2,         /* events dropped because the file could not grow */
    TRACE_LOST_ADDRESS = 3,       /* events of addresses outside the live map */
    TRACE_UNKNOWN_FREES = 4,      /* frees of addresses that the live map did not know */
    TRACE_UNWIND_CHECKS = 5,      /* captures repeated in full by the unwinder's self-check */
    TRACE_UNWIND_CORRECTIONS = 6, /* self-checks that found, and put right, a difference */
    TRACE_UNWIND_FULL = 7,        /* captures that needed a full walk by libunwind */
    TRACE_TRACER_BYTES = 8,       /* memory mapped by the tracer itself */
    TRACE_FOREIGN_NEW = 9,        /* 1: the allocator's operator new does not come through malloc */
    TRACE_LOST_CUT_SHORT = 10,    /* events left in the middle: longjmp(), the end of a thread */
    TRACE_LOST_PICTURES = 11,     /* heap pictures that could not be taken, or not to their end */
    TRACE_FOREIGN_MALLOC = 12,    /* 1: a malloc of the program's own comes before the tracer's */
    TRACE_LOST_FREERS = 13,       /* frees of which it could not be kept who made them */
    TRACE_COUNTERS_USED = 14,
};
#define TRACE_COUNTERS 32

struct trace_file_header {
    uint8_t magic[TRACE_MAGIC_BYTES];
    uint16_t version;       /* version of the format that this file follows */
    uint16_t oldest_reader; /* lowest version that a reader must know to read it */
    uint32_t header_bytes;  /* TRACE_HEADER_BYTES: where the first chunk is */
    uint32_t window_bytes;  /* size of every window chunk, its header included */
    uint32_t flags;         /* 0 */
    uint64_t session;       /* same in all files of one process tree */
    uint64_t start_realtime_ns;
    uint64_t start_monotonic_ns; /* tick 0 */
    uint64_t process_start;      /* clock ticks since boot: /proc/PID/stat, field 22 */
    uint64_t parent_start;       /* the same of the parent process */
    uint32_t pid;
    uint32_t parent_pid;
    uint32_t first_stack; /* lowest stack id that this file may define */
    uint32_t first_site;  /* lowest site id that this file may define */
    uint32_t reserved;    /* 0 */
    uint32_t check;       /* trace_check() of all bytes before it */
    /* written while the process runs */
    uint32_t end_state; /* enum trace_end */
    uint32_t end_tick;
    uint64_t counters[TRACE_COUNTERS]; /* enum trace_counter */
    uint64_t tail;                     /* where free space begins; the writers' own affair */
};

/* 3. Chunks */
#define TRACE_WINDOW_MAGIC 0x574e4957u  /* "WINW": a window, being filled */
#define TRACE_SEGMENT_MAGIC 0x4d474553u /* "SEGM": a sealed window, compressed */
#define TRACE_WINDOW_BYTES 65536
#define TRACE_WINDOW_ALIGN 4096
#define TRACE_SEGMENT_ALIGN 64
#define TRACE_CHUNK_BYTES 64 /* of the header */

enum trace_content {
    TRACE_DEFINITIONS = 1,
    TRACE_EVENTS = 2,
    TRACE_PICTURE = 3, /* the stream is the number of the picture, from 1 */
};

enum trace_compression {
    TRACE_PLAIN = 0,
    TRACE_ZSTD = 1,
};

struct trace_chunk {
    uint32_t magic;
    uint8_t content;     /* enum trace_content */
    uint8_t compression; /* enum trace_compression */
    uint16_t reserved0;  /* 0 */
    uint32_t stream;
    uint32_t sequence; /* 0, 1, 2, ... in each (stream, content) */
    uint32_t stored;   /* bytes after this header that belong to the chunk */
    uint32_t first_tick;
    uint64_t first_epoch;
    uint32_t reserved1[5]; /* 0 */
    uint32_t check;        /* trace_check() of all bytes before it */
    uint32_t used;         /* bytes of records, decompressed; last: a window counts it up */
    uint32_t reserved2;    /* 0 */
};

/* 4. Definition records: a tag byte, then fields. */
enum trace_definition {
    TRACE_DEF_PROCESS = 1,
    TRACE_DEF_MODULE = 2,
    TRACE_DEF_STACK = 3,
    TRACE_DEF_SITE = 4,
    TRACE_DEF_THREAD = 5,
    TRACE_DEF_STACK_CALLEE = 6,
    TRACE_DEF_STACK_BRANCH = 7,
    TRACE_DEF_SITE_LATEST = 8,
    TRACE_DEF_SIZED = 64, /* tags from here on carry their length: older readers skip them */
    TRACE_DEF_DOMAIN = 65,
    TRACE_DEF_SYMBOLS = 66,
    TRACE_DEF_CODE_MAP = 67,
};

/* 4.3 Stack ids that need no definition: where a chain of callers ends, and why. */
enum trace_stack_root {
    TRACE_STACK_WHOLE = 0,  /* at the start of the thread: nothing is missing */
    TRACE_STACK_CUT = 1,    /* at the depth limit */
    TRACE_STACK_BROKEN = 2, /* where the unwinder could not go on */
    TRACE_STACK_FIRST = 3,  /* first id for a frame */
};
#define TRACE_SITE_FIRST 1 /* 0 is no site */

/* 5. Event records: a varint whose two lowest bits are the code, or three if both are set. */
enum trace_event_code {
    TRACE_EV_ALLOCATION = 0, /* rest of the varint: site */
    TRACE_EV_PAIR = 1,       /* rest: site; an allocation and a free */
    TRACE_EV_FREE_YOUNG = 2, /* rest: site; born in this tick */
    TRACE_EV_FREE = 3,       /* three bits; rest: site; then the age in ticks */
    TRACE_EV_OTHER = 7,      /* three bits; rest: enum trace_event_other; then its fields */
};

enum trace_event_other {
    TRACE_EV_TIME = 0,
    TRACE_EV_REALLOCATION = 1,
    TRACE_EV_IMPLIED_FREE = 2,
    TRACE_EV_INHERITED_FREE = 3,
    TRACE_EV_SNAPSHOT = 4,
    TRACE_EV_SIZED = 16, /* numbers from here on carry their length: older readers skip them */
    TRACE_EV_CLEAR = 17,
    TRACE_EV_RESIDENT = 18,
    TRACE_EV_FREER = 19,
};

/* 7. Heap pictures: a tag byte, then fields. */
enum trace_picture_record {
    TRACE_PIC_HEAD = 1,
    TRACE_PIC_BLOCK = 2,
    TRACE_PIC_COUNT = 3,
    TRACE_PIC_REGION = 4,
    TRACE_PIC_FROM_BLOCK = 5,
    TRACE_PIC_FROM_ROOT = 6,
    TRACE_PIC_END = 7,
    TRACE_PIC_SIZED = 64, /* tags from here on carry their length: older readers skip them */
    TRACE_PIC_FRAMES = 65,
    TRACE_PIC_TLS = 66,
};
#define TRACE_PIC_FRAMES_MAX 256 /* most frames of one FRAMES record */

/* 7.1 Bits of a picture's flags. */
enum trace_picture_flag {
    TRACE_PICTURE_STILL = 1,   /* other threads stood still, and their registers are in it */
    TRACE_PICTURE_AT_EXIT = 2, /* taken when the process ended */
};

/* 7.3 Where roots are found. */
enum trace_region {
    TRACE_REGION_MODULE = 0,
    TRACE_REGION_STACK = 1,
    TRACE_REGION_TLS = 2,
    TRACE_REGION_REGISTERS = 3,
    TRACE_REGION_MAPPING = 4,
};

/* 7.5 What a pointer into a block looks like, in the lowest bits of where it points. */
enum trace_inside {
    TRACE_INSIDE_OTHER = 0,
    TRACE_INSIDE_STRING = 1,
    TRACE_INSIDE_ARRAY = 2,
    TRACE_INSIDE_BASE = 3,
    TRACE_INSIDE_LENGTH = 4,
};
#define TRACE_INSIDE_BITS 3

/* 6. Limits */
#define TRACE_NAME_BYTES 255     /* longest name of a snapshot or thread */
#define TRACE_PATH_BYTES 4096    /* longest path */
#define TRACE_ARGUMENTS_MAX 4096 /* most arguments kept of a command line */
#define TRACE_BUILD_ID_BYTES 64
#define TRACE_RECORD_BYTES 32768 /* longest record of any kind */

static_assert(offsetof(struct trace_file_header, check) == 84, "format.md, 2");
static_assert(offsetof(struct trace_file_header, counters) == 96, "format.md, 2");
static_assert(sizeof(struct trace_file_header) <= TRACE_HEADER_BYTES, "format.md, 2");
static_assert(sizeof(struct trace_chunk) == TRACE_CHUNK_BYTES, "format.md, 3");
static_assert(offsetof(struct trace_chunk, check) == 52, "format.md, 3");
static_assert(offsetof(struct trace_chunk, used) == 56, "format.md, 3");

#endif
