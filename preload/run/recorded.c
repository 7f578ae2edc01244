/*
 * The output pattern and the session number come in, three lines go out.
 *
 * The launcher is not told which files were written: it looks for files that the pattern can have
 * given rise to and reads their headers. Only those with its own session number count, so that old
 * traces, other runs and anything else that lies there are passed over.
 */
#include "recorded.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "trace_format.h"

#define FILES_NAMED_MAX 6 /* more of them are not spelled out in the command to type next */

struct recorded {
    size_t file_count;
    uint64_t bytes;
    bool has_main;            /* a trace of the program itself, not only of its children */
    bool is_incomplete;       /* a tracer gave up before its process ended */
    char main_path[PATH_MAX]; /* the program's own trace, else the first one found */
    char named[FILES_NAMED_MAX][PATH_MAX];
};

/*
 * Turn an output pattern into one for glob(): a conversion (%p) becomes a star, everything else
 * stands for itself. The tracer overwrites no file: it puts a number before the extension, or at
 * the end. Return: whether it fits.
 */
static bool fill_glob(const char *pattern, char *ret_glob, size_t room)
{
    const char *slash = strrchr(pattern, '/');
    const char *extension = strrchr(slash != NULL ? slash : pattern, '.');
    size_t length = 0;
    for (; *pattern != '\0'; pattern++) {
        if (length + 5 > room) {
            return false;
        }
        if (pattern == extension) {
            ret_glob[length++] = '*';
        }
        if (pattern[0] == '%' && pattern[1] != '\0') {
            pattern++;
            ret_glob[length++] = *pattern == '%' ? '%' : '*';
        } else {
            if (strchr("*?[]\\", *pattern) != NULL) {
                ret_glob[length++] = '\\';
            }
            ret_glob[length++] = *pattern;
        }
    }
    ret_glob[length++] = '*';
    ret_glob[length] = '\0';
    return true;
}

/* Return: whether @path is a trace of @session; only then are the others written. */
static bool read_trace(const char *path, uint64_t session, struct trace_file_header *ret_header,
                       uint64_t *ret_bytes)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return false;
    }
    bool is_ours =
        fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        pread(file, ret_header, sizeof(*ret_header), 0) == (ssize_t)sizeof(*ret_header) &&
        memcmp(ret_header->magic, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0 &&
        ret_header->session == session;
    close(file);
    if (is_ours) {
        *ret_bytes = (uint64_t)status.st_size;
    }
    return is_ours;
}

/* A path as one would type it: relative when it lies in the working directory. */
static const char *typed(const char *path)
{
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof(directory)) == NULL) {
        return path;
    }
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

static void add_trace(struct recorded *recorded, const char *path,
                      const struct trace_file_header *header, uint64_t bytes, pid_t pid)
{
    const char *name = typed(path);
    /* exec keeps the process id, so several traces may be the program's: the last one counts. */
    bool is_main = header->pid == (uint32_t)pid;
    if (is_main || recorded->file_count == 0) {
        snprintf(recorded->main_path, sizeof(recorded->main_path), "%s", name);
    }
    if (recorded->file_count < FILES_NAMED_MAX) {
        snprintf(recorded->named[recorded->file_count], PATH_MAX, "%s", name);
    }
    recorded->has_main = recorded->has_main || is_main;
    recorded->is_incomplete = recorded->is_incomplete || header->end_state == TRACE_END_STOPPED;
    recorded->file_count++;
    recorded->bytes += bytes;
}

/* Add the traces that a pattern gave rise to. */
static void find_traces(const char *pattern, uint64_t session, pid_t pid, struct recorded *recorded)
{
    char pattern_to_match[2 * PATH_MAX];
    glob_t matches = {0};
    if (!fill_glob(pattern, pattern_to_match, sizeof(pattern_to_match)) ||
        glob(pattern_to_match, GLOB_PERIOD, NULL, &matches) != 0) {
        return;
    }
    for (size_t i = 0; i < matches.gl_pathc; i++) {
        struct trace_file_header header;
        uint64_t bytes;
        if (read_trace(matches.gl_pathv[i], session, &header, &bytes)) {
            add_trace(recorded, matches.gl_pathv[i], &header, bytes, pid);
        }
    }
    globfree(&matches);
}

/* Where a directory is named, traces have their default name in it. */
static void find_traces_inside(const char *pattern, uint64_t session, pid_t pid,
                               struct recorded *recorded)
{
    char inside[PATH_MAX];
    size_t length = strlen(pattern);
    const char *separator = length > 0 && pattern[length - 1] == '/' ? "" : "/";
    int written = snprintf(inside, sizeof(inside), "%s%s%s", pattern, separator, CONFIG_OUTPUT);
    if (written > 0 && (size_t)written < sizeof(inside)) {
        find_traces(inside, session, pid, recorded);
    }
}

/* Sizes as the report writes them. */
static void format_size(uint64_t bytes, char *ret_text, size_t room)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 10 * 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
        value /= 1024;
        unit++;
    }
    snprintf(ret_text, room, value < 100 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void print_end(const char *program, const struct child *child,
                      const struct recorded *recorded)
{
    char end[128];
    int status = child->wait_status;
    if (WIFSIGNALED(status)) {
        snprintf(end, sizeof(end), "was killed by signal %d (%s)%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
    } else {
        snprintf(end, sizeof(end), "exited with status %d", WEXITSTATUS(status));
    }
    const char *remark = "";
    if (recorded->is_incomplete) {
        remark = "; the tracer had to give up before that, the trace ends there";
    } else if (WIFSIGNALED(status) && recorded->has_main) {
        remark = "; the trace is complete up to that moment";
    }
    dprintf(STDERR_FILENO, "trace-run: %s %s after %.2f s%s\n", program, end, child->seconds,
            remark);
}

static void print_next(const struct recorded *recorded, bool has_picture)
{
    const char *command = has_picture ? "trace-report --leaks" : "trace-report";
    if (recorded->file_count > FILES_NAMED_MAX) {
        dprintf(STDERR_FILENO, "trace-run: next: %s %s (or several of them at once)\n", command,
                recorded->main_path);
        return;
    }
    dprintf(STDERR_FILENO, "trace-run: next: %s", command);
    for (size_t i = 0; i < recorded->file_count; i++) {
        /* Quoted for the shell if it needs to be; a quote within a quote is beyond a hint. */
        const char *name = recorded->named[i];
        bool is_plain = strpbrk(name, " \t\n'\"\\$`*?[]&;<>()|!#~") == NULL;
        dprintf(STDERR_FILENO, is_plain ? " %s" : " '%s'", name);
    }
    dprintf(STDERR_FILENO, "\n");
}

void recorded_print(const char *program, const char *pattern, uint64_t session,
                    const struct child *child, bool has_picture)
{
    struct recorded recorded = {.file_count = 0};
    char size[32];
    find_traces(pattern, session, child->pid, &recorded);
    find_traces_inside(pattern, session, child->pid, &recorded);
    if (recorded.file_count == 0) {
        dprintf(STDERR_FILENO, "trace-run: nothing was recorded: no trace at %s\n", pattern);
        print_end(program, child, &recorded);
        dprintf(STDERR_FILENO, "trace-run: next: trace-run --verbose %s, to see why\n", program);
        return;
    }
    format_size(recorded.bytes, size, sizeof(size));
    if (recorded.file_count == 1) {
        dprintf(STDERR_FILENO, "trace-run: recorded %s, %s\n", recorded.main_path, size);
    } else {
        dprintf(STDERR_FILENO, "trace-run: recorded %zu processes, %s, in %s and %zu more\n",
                recorded.file_count, size, recorded.main_path, recorded.file_count - 1);
    }
    print_end(program, child, &recorded);
    print_next(&recorded, has_picture);
}
