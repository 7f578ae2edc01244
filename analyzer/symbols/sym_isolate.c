/*
 * The child writes its answers to a memory file; the parent waits for its end and reads them, as
 * untrusted as any input. A pipe would need the parent to read while the child works, for nothing.
 *
 *     answer: ANSWER address frames { flags function file line column function_addr } ...
 *     end:    END status text
 *
 * Numbers are varints. A string is its number from 1 on, in the order in which strings first come,
 * where 0 stands for none; a number that is new is followed by the string, its zero byte included.
 */
#include "sym_isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grow.h"
#include "strings.h"
#include "sym_declared.h"
#include "trace_codec.h"

enum { ANSWER = 1, END = 2 };
enum { FLAG_LINKER_NAME = 1, FLAG_INLINED = 2 };

/* What a child may use: far more than any real file needs, far less than would hurt. */
#define CPU_SECONDS_LEAST 5
// python3.11's are read at 60 MB a second
#define FILE_BYTES_PER_CPU_SECOND (UINT64_C(8) << 20)
#define OUTPUT_BYTES_MAX (UINT64_C(4) << 30)
#define MEMORY_BYTES_LEAST (UINT64_C(1) << 30)
#define MEMORY_PER_FILE_BYTE 64

/* The child's side. */
struct writer {
    FILE *stream;
    struct strings *strings;
    uint32_t string_count;
    bool is_good;
};

static void put(struct writer *writer, uint64_t value)
{
    uint8_t bytes[TRACE_VARINT_BYTES];
    size_t length = (size_t)(trace_put_varint(bytes, value) - bytes);
    writer->is_good = writer->is_good && fwrite(bytes, 1, length, writer->stream) == length;
}

static void put_string(struct writer *writer, const char *text)
{
    uint32_t number = 0;
    if (text == NULL) {
        put(writer, 0);
        return;
    }
    size_t length = strlen(text);
    if (strings_intern(writer->strings, text, length, &number) == NULL) {
        writer->is_good = false;
        return;
    }
    put(writer, (uint64_t)number + 1);
    if (number == writer->string_count) {
        writer->string_count++;
        put(writer, length + 1);
        writer->is_good =
            writer->is_good && fwrite(text, 1, length + 1, writer->stream) == length + 1;
    }
}

/* A sym_debug_sink. */
static bool write_answer(void *context, uint64_t address, const struct sym_debug_frame *frames,
                         size_t count)
{
    struct writer *writer = context;
    put(writer, ANSWER);
    put(writer, address);
    put(writer, count);
    for (size_t i = 0; i < count; i++) {
        put(writer, (frames[i].is_linker_name ? FLAG_LINKER_NAME : 0U) |
                        (frames[i].is_inlined ? FLAG_INLINED : 0U));
        put_string(writer, frames[i].function);
        put_string(writer, frames[i].file);
        put(writer, frames[i].line);
        put(writer, frames[i].column);
        put(writer, frames[i].function_addr);
    }
    return writer->is_good;
}

static void limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit current;
    if (getrlimit(resource, &current) == 0 && value < current.rlim_max) {
        (void)setrlimit(resource, &(struct rlimit){.rlim_cur = value, .rlim_max = value});
    }
}

#ifndef __SANITIZE_ADDRESS__
/* Return: what this process has mapped, the parent's traces and tables included. */
static uint64_t address_space_bytes(void)
{
    unsigned long long pages = 0;
    FILE *stream = fopen("/proc/self/statm", "re");
    if (stream != NULL) {
        char text[128] = "";
        if (fgets(text, sizeof text, stream) != NULL) {
            pages = strtoull(text, NULL, 10);
        }
        (void)fclose(stream);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif

/* Make the child quiet and bounded. */
static void confine(const struct elf_file *file)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDERR_FILENO); // libc tells of a corrupt heap there
    }
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, OUTPUT_BYTES_MAX);
    struct stat status = {0};
    (void)fstat(elf_file_descriptor(file), &status); // packed, if it is: its copy is its own claim
    uint64_t file_bytes = (uint64_t)status.st_size;
    limit(RLIMIT_CPU, CPU_SECONDS_LEAST + file_bytes / FILE_BYTES_PER_CPU_SECOND);
#ifndef __SANITIZE_ADDRESS__ // its shadow takes terabytes of addresses
    limit(RLIMIT_AS,
          address_space_bytes() + MEMORY_BYTES_LEAST + file_bytes * MEMORY_PER_FILE_BYTE);
#endif
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody else would read the answers
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL); // the parent's handlers are not meant for us
    }
}

/* What a child is to do. */
struct question {
    const struct sym_debug_files *files;
    const uint64_t *addresses;
    size_t count;
    enum { ASK_POSITIONS, ASK_GLOBALS, ASK_THREAD_LOCALS, ASK_LOCALS } kind;
    const struct stack_word *words; /* instead of addresses, with ASK_LOCALS */
};

static enum trace_status answer(const struct question *question, struct writer *writer,
                                struct trace_error *error)
{
    struct sym_debug *debug = NULL;
    if (question->kind == ASK_GLOBALS || question->kind == ASK_THREAD_LOCALS) {
        return sym_declared_find(question->files, question->kind == ASK_THREAD_LOCALS,
                                 question->addresses, question->count, write_answer, writer, error);
    }
    enum trace_status status = sym_debug_open(question->files, &debug, error);
    if (status == TRACE_OK && question->kind == ASK_LOCALS) {
        status =
            sym_debug_locals(debug, question->words, question->count, write_answer, writer, error);
    } else if (status == TRACE_OK) {
        status = sym_debug_resolve(debug, question->addresses, question->count, write_answer,
                                   writer, error);
    }
    return status; // nothing is freed: the process ends, and a damaged heap is best left alone
}

/* Answer, write, and end the process. */
static _Noreturn void run_child(int output, const struct question *question)
{
    struct trace_error error = {0};
    confine(question->files->file);
    struct writer writer = {
        .stream = fdopen(output, "wb"), .strings = strings_new(), .is_good = true};
    if (writer.stream == NULL || writer.strings == NULL) {
        _exit(EXIT_FAILURE);
    }
    enum trace_status status = answer(question, &writer, &error);
    put(&writer, END);
    put(&writer, status);
    put_string(&writer, error.text);
    _exit(writer.is_good && fflush(writer.stream) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The parent's side. */
struct reader {
    struct trace_cursor cursor;
    const char **strings;
    size_t count;
    size_t capacity;
    bool has_memory;
};

static const char *get_string(struct reader *reader)
{
    uint64_t number = trace_get_varint(&reader->cursor);
    size_t length = 0;
    if (number == 0 || number > reader->count + 1) {
        reader->cursor.is_bad |= number != 0;
        return NULL;
    }
    if (number <= reader->count) {
        return reader->strings[number - 1];
    }
    const uint8_t *bytes = trace_get_bytes(&reader->cursor, SIZE_MAX, &length);
    if (length == 0 || bytes[length - 1] != '\0') {
        reader->cursor.is_bad = true;
        return NULL;
    }
    const char **moved =
        grow_array(reader->strings, reader->count, &reader->capacity, sizeof *moved);
    if (moved == NULL) {
        reader->has_memory = false;
        return NULL;
    }
    reader->strings = moved;
    reader->strings[reader->count++] = (const char *)bytes;
    return (const char *)bytes;
}

/* Read one answer and hand it on, if it is whole. Return: false without memory. */
static bool read_answer(struct reader *reader, sym_debug_sink sink, void *context)
{
    struct trace_cursor *cursor = &reader->cursor;
    uint64_t address = trace_get_varint(cursor);
    uint64_t count = trace_get_varint(cursor);
    if (cursor->is_bad || count == 0 || count > (uint64_t)(cursor->end - cursor->next)) {
        cursor->is_bad = true;
        return true;
    }
    struct sym_debug_frame *frames = calloc(count, sizeof *frames);
    bool has_memory = frames != NULL;
    for (uint64_t i = 0; i < count && has_memory && !cursor->is_bad; i++) {
        uint64_t flags = trace_get_varint(cursor);
        frames[i].is_linker_name = (flags & FLAG_LINKER_NAME) != 0;
        frames[i].is_inlined = (flags & FLAG_INLINED) != 0;
        frames[i].function = get_string(reader);
        frames[i].file = get_string(reader);
        frames[i].line = (uint32_t)trace_get_varint(cursor);
        frames[i].column = (uint32_t)trace_get_varint(cursor);
        frames[i].function_addr = trace_get_varint(cursor);
        has_memory = reader->has_memory;
    }
    if (has_memory && !cursor->is_bad) {
        has_memory = sink(context, address, frames, count);
    }
    free(frames);
    return has_memory;
}

/* Read how the child ended. Return: false if the record is broken. */
static bool read_end(struct reader *reader, enum trace_status *ret_status,
                     struct trace_error *error)
{
    uint64_t code = trace_get_varint(&reader->cursor);
    const char *text = get_string(reader);
    if (reader->cursor.is_bad || code > TRACE_NOMEM) {
        return false;
    }
    *ret_status = trace_fail(error, (enum trace_status)code, 0, "%s", text != NULL ? text : "");
    if (code == TRACE_NOMEM) { // the child's limit: the report goes on
        *ret_status = trace_fail(error, TRACE_CORRUPT, 0,
                                 "debug information: it takes too much memory to read");
    }
    return true;
}

enum trace_status sym_isolate_read(const uint8_t *bytes, size_t size, sym_debug_sink sink,
                                   void *context, struct trace_error *error)
{
    struct reader reader = {.cursor = trace_cursor_over(bytes, size), .has_memory = true};
    enum trace_status status = TRACE_TRUNCATED;
    bool is_finished = false;
    while (!is_finished && !reader.cursor.is_bad) {
        uint64_t tag = trace_get_varint(&reader.cursor);
        if (tag == ANSWER && !read_answer(&reader, sink, context)) {
            status = trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
            is_finished = true;
        } else if (tag == END) {
            is_finished = read_end(&reader, &status, error);
        } else if (tag != ANSWER) {
            reader.cursor.is_bad = true;
        }
    }
    free(reader.strings);
    return is_finished ? status
                       : trace_fail(error, TRACE_TRUNCATED, 0, "debug information: cut off");
}

/* Read what a child wrote. @ended: how it ended, for the case that it did not finish. */
static enum trace_status read_output(int output, const char *ended, sym_debug_sink sink,
                                     sym_isolate_keeper keeper, void *context,
                                     struct trace_error *error)
{
    struct stat status;
    void *bytes = NULL;
    if (fstat(output, &status) != 0) {
        return trace_fail(error, TRACE_IO, 0, "debug information: %s", strerror(errno));
    }
    size_t size = (size_t)status.st_size;
    if (size > 0) {
        bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, output, 0);
        if (bytes == MAP_FAILED) {
            return trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
        }
    }
    const struct sym_isolate_output written = {.bytes = bytes != NULL ? bytes : (const void *)"",
                                               .size = size};
    enum trace_status result = sym_isolate_read(written.bytes, size, sink, context, error);
    if (result == TRACE_TRUNCATED) {
        result = trace_fail(error, TRACE_CORRUPT, 0,
                            "debug information: libdwarf failed on it (%s)", ended);
    }
    if (result == TRACE_OK && keeper != NULL) {
        keeper(context, &written);
    }
    if (bytes != NULL) {
        (void)munmap(bytes, size);
    }
    return result;
}

static void describe_end(pid_t child, char *text, size_t bytes)
{
    int status = 0;
    pid_t waited = 0;
    do {
        waited = waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    if (waited == child && WIFSIGNALED(status)) {
        (void)snprintf(text, bytes, "signal %d", WTERMSIG(status));
    } else {
        (void)snprintf(text, bytes, "status %d", waited == child ? WEXITSTATUS(status) : 0);
    }
}

static enum trace_status start(const struct question *question, struct sym_isolate_child *ret_child,
                               struct trace_error *error)
{
    int output = memfd_create("trace-report symbols", MFD_CLOEXEC);
    pid_t pid = output >= 0 ? fork() : -1;
    if (pid < 0) {
        enum trace_status status = trace_fail(
            error, TRACE_IO, 0, "debug information: no process to read it in: %s", strerror(errno));
        if (output >= 0) {
            (void)close(output);
        }
        return status;
    }
    if (pid == 0) {
        run_child(output, question);
    }
    *ret_child = (struct sym_isolate_child){.pid = pid, .output = output};
    return TRACE_OK;
}

enum trace_status sym_isolate_start(const struct sym_debug_files *files, const uint64_t *addresses,
                                    size_t count, struct sym_isolate_child *ret_child,
                                    struct trace_error *error)
{
    return start(&(struct question){files, addresses, count, ASK_POSITIONS, NULL}, ret_child,
                 error);
}

enum trace_status sym_isolate_start_declared(const struct sym_debug_files *files, bool is_local,
                                             const uint64_t *places, size_t count,
                                             struct sym_isolate_child *ret_child,
                                             struct trace_error *error)
{
    return start(
        &(struct question){files, places, count, is_local ? ASK_THREAD_LOCALS : ASK_GLOBALS, NULL},
        ret_child, error);
}

enum trace_status sym_isolate_start_locals(const struct sym_debug_files *files,
                                           const struct stack_word *words, size_t count,
                                           struct sym_isolate_child *ret_child,
                                           struct trace_error *error)
{
    return start(&(struct question){files, NULL, count, ASK_LOCALS, words}, ret_child, error);
}

bool sym_isolate_wait(const struct sym_isolate_child *child, int milliseconds)
{
    struct pollfd end = {.fd = pidfd_open(child->pid, 0), .events = POLLIN};
    if (end.fd < 0) {
        return true;
    }
    int ready = poll(&end, 1, milliseconds);
    (void)close(end.fd);
    return ready != 0;
}

enum trace_status sym_isolate_finish(const struct sym_isolate_child *child, sym_debug_sink sink,
                                     sym_isolate_keeper keeper, void *context,
                                     struct trace_error *error)
{
    char ended[32];
    describe_end(child->pid, ended, sizeof ended);
    enum trace_status status = read_output(child->output, ended, sink, keeper, context, error);
    (void)close(child->output);
    return status;
}

void sym_isolate_abandon(const struct sym_isolate_child *child)
{
    char ended[32];
    (void)kill(child->pid, SIGKILL);
    describe_end(child->pid, ended, sizeof ended);
    (void)close(child->output);
}
